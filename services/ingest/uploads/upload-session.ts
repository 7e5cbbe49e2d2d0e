import { hash } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { messageIdFromKey } from "../../../domain/message/message-id.ts";
import type { FieldProblem } from "../../../domain/message/validation.ts";
import { parseDestination } from "../../../domain/numbers/destination.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import type { Results } from "../acceptance/accept-outcome.ts";
import type { Acceptor } from "../acceptance/acceptor.ts";
import { jsonOf } from "../acceptance/idempotency/fingerprint.ts";
import type { AcceptedMessage, Offer } from "../acceptance/intake.ts";
import type { Account } from "../access/api-keys.ts";
import type { KnownLines } from "./known-lines.ts";
import { ALIVE_MS, type UploadLog, type UploadName, uploadHeader } from "./upload-log.ts";

/** A key that is at work for another line is waited for so long, ms, so often: as long as its write may take. */
const WAIT_MS = 200;
const MOST_WAITS = 100;

/** A line of an upload as it was read: a message, whatever that is, or why it is none. */
export type UploadLine =
  | { readonly line: number; readonly message: unknown }
  | { readonly line: number; readonly problems: readonly FieldProblem[] };

/** What came of a line. `repeated`: it was accepted before, and not written again. */
export type LineResult =
  | ({ readonly line: number; readonly repeated?: true } & (AcceptedMessage | AcceptedBefore))
  | { readonly line: number; readonly status: "rejected"; readonly errors: readonly FieldProblem[] };

/** A line that was accepted before and would not be accepted now, such as one whose time has passed. */
interface AcceptedBefore {
  readonly id: string;
  readonly status: "accepted";
  readonly to: string;
}

/**
 * Why an upload goes no further:
 * - `unavailable`: Kafka takes nothing; what was answered stands, and of the rest nothing was written;
 * - `unknown`: Kafka has not answered in time: lines without an answer may have been accepted;
 * - `stopped`: the instance stops, or another request has taken the upload up.
 */
export class UploadBrokenError extends SluiceError {
  readonly why: "unavailable" | "unknown" | "stopped";

  constructor(why: UploadBrokenError["why"]) {
    super(`the upload has not come to its end: ${why}`, { code: "UPLOAD_BROKEN", class: "transient" });
    this.why = why;
  }
}

/** So often a session says that it is there, ms. */
const SIGN_MS = 3_000;
/** Blocks of which the log has not confirmed its word; a further one waits. */
const MOST_UNSAID = 8;
/** Kafka is waited for so long, ms; meanwhile nothing is read from the client. */
const STALLED_MS = 60_000;
const AGAIN_MS = 50;
/** Lines of a block at the most: fewer than the acceptor prepares in one go, so that blocks are queued in the order in which they were given. */
const BLOCK_LINES = 480;
/** Lines of the file that a block may reach over. */
export const BLOCK_SPAN = 4_096;

export interface UploadSessionOptions {
  readonly account: Account;
  readonly uploadKey: string;
  readonly name: UploadName;
  readonly session: string;
  readonly log: UploadLog;
  /** What was accepted by earlier requests. */
  readonly lines: KnownLines;
  /** ISO 3166-1 alpha-2: numbers are read as dialled there. */
  readonly country: string | undefined;
  /** Writes only while `fence` stands. */
  readonly acceptor: (fence: { readonly alive: boolean }) => Acceptor;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** Monotonic ms at which the first word of the session was sent, which Kafka has confirmed. */
  readonly saidAt: number;
  /** Whether some of the lines are known from the requests alone, so that the log is to be told of them. */
  readonly hasDoubts: boolean;
}

/** One request that uploads a file: takes blocks of lines, each in any order with others, and says in the log what it has done. */
export class UploadSession {
  readonly #options: UploadSessionOptions;
  readonly #acceptor: Acceptor;
  /** When blocks were begun that the log does not have yet, epoch ms. */
  readonly #pending = new Map<object, number>();
  readonly #saying = new Set<Promise<void>>();
  readonly #signs: NodeJS.Timeout;
  readonly #stopping = new AbortController();
  #turn: Promise<void> = Promise.resolve();
  #saidAt: number;
  #isBroken = false;

  constructor(options: UploadSessionOptions) {
    this.#options = options;
    this.#saidAt = options.saidAt;
    this.#acceptor = options.acceptor(this);
    this.#signs = setInterval(() => void this.#say(0, Buffer.alloc(0)), SIGN_MS);
  }

  /** Whether it may still write: others take the upload up when they have not heard of it for long enough. */
  get alive(): boolean {
    return !this.#isBroken && performance.now() - this.#saidAt < ALIVE_MS;
  }

  /** Aborted when the upload is to come to its end before the file does. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Lines of one block: of an account with a rate what it may hand in within a second, so that its other requests wait no longer. */
  get blockLines(): number {
    return Math.max(1, Math.min(BLOCK_LINES, Math.floor(this.#options.account.maxPerSecond ?? BLOCK_LINES)));
  }

  /**
   * Writes the lines that are valid and were not accepted before. Waits while the account has used up its rate, or Kafka takes nothing. At most `BLOCK_LINES`
   * lines, in the order of the file, that reach over `BLOCK_SPAN` of it.
   * @throws UploadBrokenError
   */
  async accept(block: readonly UploadLine[]): Promise<LineResult[]> {
    const judged = block.map((line) => this.#judge(line));
    const fresh = judged.filter((one) => one.kind === "new");
    while (this.#saying.size >= MOST_UNSAID) await Promise.race(this.#saying);
    const begun = {};
    const offers = fresh.map(({ offer }) => offer);
    const accept = () => this.#acceptor.accept(this.#options.account, offers);
    const { outcome } = await this.#inTurn(async () => {
      if (fresh.length > 0) await this.#admit(fresh.length);
      this.#requireAlive();
      this.#pending.set(begun, this.#options.now());
      // Not waited for here: the next block's turn comes as soon as this one is queued.
      return { accepting: accept() };
    }).then(async ({ accepting }) => {
      let accepted = await accepting;
      // The key of a line is at work for an earlier line, or elsewhere, and nothing was written.
      for (let i = 0; i < MOST_WAITS && accepted.outcome === "in-progress" && this.alive; i++) {
        await sleep(WAIT_MS);
        accepted = await accept();
      }
      return { outcome: accepted };
    });
    if (outcome.outcome !== "accepted") {
      // What was queued, and may be stored, stays in doubt. Else nothing was: Kafka closed since it was asked, or the key of a line may be at work elsewhere.
      const inDoubt = outcome.outcome === "unknown";
      if (inDoubt) this.#isBroken = true;
      else this.#pending.delete(begun);
      throw new UploadBrokenError(inDoubt ? "unknown" : "unavailable");
    }
    this.#pending.delete(begun);
    let next = 0;
    const results = judged.map((one) =>
      one.kind === "new" ? resultOf(one.line, outcome.results[next++]!) : one.result,
    );
    if (fresh.length > 0 || this.#options.hasDoubts) this.#sayBlock(judged, results);
    return results;
  }

  /** Says in the log that nothing is under way any more, if that is certain. Never rejects. */
  async end(): Promise<void> {
    clearInterval(this.#signs);
    await Promise.all(this.#saying);
    if (this.alive && this.#pending.size === 0) await this.#say(0, Buffer.alloc(0), true);
    this.#isBroken = true;
  }

  /** One after the other, in the order of the calls. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.then(
      () => {},
      () => {},
    );
    return turn;
  }

  #judge(given: UploadLine): Judged {
    const { line } = given;
    if ("problems" in given) return told({ line, status: "rejected", errors: given.problems }, 0);
    const message = given.message as Record<string, unknown> | null;
    const isObject = typeof message === "object" && message !== null && !Array.isArray(message);
    const to =
      isObject && typeof message.to === "string" ? parseDestination(message.to, this.#options.country) : undefined;
    const read = to?.ok ? { ...message, to: `+${to.e164}` } : given.message;
    const fingerprint = fingerprintOf(read);
    const known = this.#options.lines.get(line);
    if (known !== 0 && known !== fingerprint) return told({ line, status: "rejected", errors: [CHANGED] }, known);
    const { account, uploadKey, name } = this.#options;
    const named = isObject && (has(message.id) || has(message.idempotencyKey));
    const destination = to?.ok ? to.e164 : undefined;
    const id =
      destination === undefined || named
        ? undefined
        : messageIdFromKey(account.id, `${uploadKey}\nline\n${line}\n${destination}`);
    const offer: Offer = {
      message: read,
      door: { id, receiptTo: null, headers: { upload: uploadHeader(name.tag, line, fingerprint) } },
    };
    if (known !== 0) return told(this.#repeated(line, offer, destination), known);
    return { kind: "new", line, fingerprint, offer };
  }

  #repeated(line: number, offer: Offer, destination: string | undefined): LineResult {
    const { id: given, idempotencyKey, ...message } = offer.message as Record<string, unknown>;
    // It was accepted, so it had a destination; of a line with a name of its own, its id.
    const named =
      typeof idempotencyKey === "string"
        ? messageIdFromKey(this.#options.account.id, `${idempotencyKey}\n${destination}`)
        : (given as string | undefined);
    const id = offer.door?.id ?? named ?? "";
    const judged = this.#acceptor.judge(this.#options.account, { message, door: { id, receiptTo: null } });
    if (judged.status === "prepared") return { line, ...judged.answer, repeated: true };
    return { line, id, status: "accepted", to: `+${destination}`, repeated: true };
  }

  async #admit(messages: number): Promise<void> {
    const { account } = this.#options;
    const since = performance.now();
    for (;;) {
      this.#requireAlive();
      if (this.stopping.aborted) throw new UploadBrokenError("stopped");
      const verdict = this.#acceptor.wouldAdmit(account);
      if (verdict === "yes" && this.#acceptor.charge(account, messages).outcome === "admitted") return;
      if (verdict === "closed" && performance.now() - since > STALLED_MS) throw new UploadBrokenError("unavailable");
      await sleep(AGAIN_MS);
    }
  }

  #requireAlive(): void {
    if (!this.alive) throw new UploadBrokenError(this.stopping.aborted ? "stopped" : "unavailable");
  }

  #sayBlock(judged: readonly Judged[], results: readonly LineResult[]): void {
    const first = results[0]!.line;
    const fingerprints = Buffer.alloc(4 * (results.at(-1)!.line - first + 1));
    for (const [index, { kind, fingerprint }] of judged.entries()) {
      const { line, status } = results[index]!;
      if (kind === "told" || status === "accepted") fingerprints.writeUInt32BE(fingerprint, 4 * (line - first));
    }
    void this.#say(first, fingerprints);
  }

  /** Words are stored in the order in which they are said. Never rejects. */
  #say(first: number, fingerprints: Buffer, ended = false): Promise<void> {
    const { name, session, log, now } = this.#options;
    const at = now();
    const pendingSince = Math.min(at, ...this.#pending.values());
    const saidAt = performance.now();
    const saying = log.write(name, { session, first, fingerprints, pendingSince, at, ended }, this).then(
      () => {
        this.#saidAt = Math.max(this.#saidAt, saidAt);
      },
      () => {
        this.#isBroken = true;
      },
    );
    this.#saying.add(saying);
    return saying.finally(() => this.#saying.delete(saying));
  }
}

const CHANGED: FieldProblem = {
  field: "",
  code: "line-changed",
  message:
    "this upload has had another message on this line, and that was accepted; a new file needs a new Idempotency-Key",
};

/** A line that is to be written, or of which all is known; then with what stands for what was accepted of it. */
type Judged =
  | { readonly kind: "new"; readonly line: number; readonly fingerprint: number; readonly offer: Offer }
  | { readonly kind: "told"; readonly result: LineResult; readonly fingerprint: number };

function told(result: LineResult, fingerprint: number): Judged {
  return { kind: "told", result, fingerprint };
}

function resultOf(line: number, result: Results[number]): LineResult {
  if (result.status === "accepted") return { line, ...result };
  return { line, status: "rejected", errors: result.problems };
}

function has(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** 32 bits that stand for a message as it was given; never 0. */
function fingerprintOf(message: unknown): number {
  return hash("sha256", jsonOf(message), "buffer").readUInt32BE(0) || 1;
}
