import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import type { BodyBudget } from "../../../platform/http/body-budget.ts";
import type { Fence } from "../../../platform/kafka/record.ts";
import type { Counter, MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { Acceptor } from "../acceptance/acceptor.ts";
import type { Account } from "../access/api-keys.ts";
import { KnownLines } from "./known-lines.ts";
import { GONE_MS, type OtherSession, type UploadLog, type UploadName } from "./upload-log.ts";
import { UploadSession } from "./upload-session.ts";

/** Uploads of one account at once, in this instance. */
const MOST_OF_ACCOUNT = 8;
/** Kafka's word that an upload has begun is waited for so long, and what is known of it is read for so long, ms. */
const WRITE_MS = 10_000;
const READ_MS = 60_000;
/** What an upload holds: blocks of lines as they were read, as they are written and as they are answered, octets. */
const HELD_OCTETS = 2 * 1024 * 1024;

/**
 * - `begun`: `end` of it is to be called, whatever comes;
 * - `running`: another request is at work on the same upload, or has died at it a moment ago;
 * - `too-many`: the account has as many uploads under way as it may have;
 * - `no-room`: bodies of others fill the memory.
 */
export type BeginOutcome =
  | { readonly outcome: "begun"; readonly upload: BegunUpload }
  | { readonly outcome: "running"; readonly waitSeconds: number }
  | { readonly outcome: "too-many" | "no-room" };

export interface BegunUpload {
  readonly session: UploadSession;
  /** Never rejects. */
  end(): Promise<void>;
}

export interface UploadMetrics {
  readonly lines: Readonly<Record<"accepted" | "repeated" | "rejected", Counter>>;
}

export interface UploadsOptions {
  readonly log: UploadLog;
  readonly bodies: BodyBudget;
  readonly acceptor: (fence: Fence) => Acceptor;
  readonly metrics: MetricRegistry;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** At its abort uploads come to their end where they are. */
  readonly signal: AbortSignal;
  /** How long the client may send no line, ms. */
  readonly idleMs: number;
}

interface Running {
  readonly accountId: string;
  session: UploadSession | undefined;
  /** Another request for the same upload waits for its end. */
  isSuperseded: boolean;
  readonly ended: Promise<void>;
}

/** Uploads of this instance: each has one request that works on it, here or elsewhere. */
export class Uploads {
  readonly idleMs: number;
  readonly metrics: UploadMetrics;
  readonly #options: UploadsOptions;
  readonly #running = new Map<string, Running>();

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.idleMs = options.idleMs;
    const lines = options.metrics.counter("ingest_upload_lines_total", {
      help: "Lines of uploads by what became of them",
    });
    this.metrics = {
      lines: {
        accepted: lines.with({ outcome: "accepted" }),
        repeated: lines.with({ outcome: "repeated" }),
        rejected: lines.with({ outcome: "rejected" }),
      },
    };
    options.metrics.observe("ingest_uploads", "gauge", "Uploads under way", () => this.#running.size);
    options.signal.addEventListener("abort", () => {
      for (const { session } of this.#running.values()) session?.stop();
    });
  }

  /**
   * Takes an upload up, where it was left or from its begin. One of the same name that is under way here is stopped first: its client has come anew.
   * @param uploadKey what the client calls it. @throws SluiceError transient, or what Kafka's client throws
   */
  async begin(
    account: Account,
    uploadKey: string,
    country: string | undefined,
    signal: AbortSignal,
  ): Promise<BeginOutcome> {
    const { log, bodies } = this.#options;
    const name = log.name(account.id, uploadKey);
    for (let before = this.#running.get(name.key); before !== undefined; before = this.#running.get(name.key)) {
      before.isSuperseded = true;
      before.session?.stop();
      await before.ended;
    }
    if ([...this.#running.values()].filter(({ accountId }) => accountId === account.id).length >= MOST_OF_ACCOUNT)
      return { outcome: "too-many" };
    if (!bodies.take(HELD_OCTETS)) return { outcome: "no-room" };
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const running: Running = { accountId: account.id, session: undefined, isSuperseded: false, ended };
    this.#running.set(name.key, running);
    const lines = new KnownLines((octets) => bodies.take(octets));
    const done = () => {
      bodies.give(HELD_OCTETS + lines.octets);
      this.#running.delete(name.key);
      resolve();
    };
    try {
      const begun = await this.#begin(account, uploadKey, name, lines, country, signal);
      if (!("session" in begun)) {
        done();
        return begun;
      }
      const { session } = begun;
      running.session = session;
      if (running.isSuperseded || this.#options.signal.aborted) session.stop();
      const end = () => session.end().finally(done);
      return { outcome: "begun", upload: { session, end } };
    } catch (error) {
      done();
      throw error;
    }
  }

  async #begin(
    account: Account,
    uploadKey: string,
    name: UploadName,
    lines: KnownLines,
    country: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly session: UploadSession } | Extract<BeginOutcome, { readonly outcome: "running" }>> {
    const { log, now, acceptor } = this.#options;
    const session = randomUUID();
    const saidAt = performance.now();
    const word = { session, first: 0, fingerprints: Buffer.alloc(0), pendingSince: now(), at: now() };
    // What stands before it in the log has come before it: of two that begin at once one sees the other.
    await inTime(log.write(name, { ...word, ended: false }));
    const ending = AbortSignal.any([signal, AbortSignal.timeout(READ_MS)]);
    const sessions = await log.read(name, lines, ending);
    const own = sessions.find((one) => one.session === session);
    const others = sessions.filter(({ offset, ended }) => !ended && offset < (own?.offset ?? 0));
    const running = others.filter((one) => this.#mayWrite(one));
    if (own === undefined || running.length > 0) {
      await inTime(log.write(name, { ...word, ended: true }));
      const until = Math.max(now(), ...running.map(({ lastAt }) => lastAt + GONE_MS));
      return { outcome: "running", waitSeconds: Math.max(1, Math.ceil((until - now()) / 1_000)) };
    }
    const hasDoubts = others.length > 0;
    const begun = new UploadSession({
      ...{ account, uploadKey, name, session, log, lines, country, acceptor, now, saidAt, hasDoubts },
    });
    try {
      for (const other of others) await log.readDoubts(name, other, lines, ending);
      return { session: begun };
    } catch (error) {
      await begun.end();
      throw error;
    }
  }

  #mayWrite({ lastAt }: OtherSession): boolean {
    return this.#options.now() - lastAt < GONE_MS;
  }
}

/** Kafka's word is waited for so long. @throws SluiceError transient */
async function inTime(written: Promise<void>): Promise<void> {
  const late = new AbortController();
  const timer = sleep(WRITE_MS, undefined, { signal: late.signal }).then(
    () => {
      throw new SluiceError("waiting for kafka: the upload could not be begun", {
        code: "UNAVAILABLE",
        class: "transient",
      });
    },
    () => {},
  );
  try {
    await Promise.race([written, timer]);
  } finally {
    late.abort();
  }
}
