import type { Snapshot } from "../../../../domain/catalog/snapshot.ts";
import { consentRecord } from "../../../../pipeline/follow/consent-copy.ts";
import { WEBHOOK_ID } from "../../../../platform/http/signed-webhook.ts";
import type { InRecord } from "../../../../platform/kafka/record.ts";
import { Task, type TaskHost } from "../../../../platform/kafka/task.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";
import { CONSENT_TOPIC } from "../../../../schemas/topics.ts";
import type { ConsentEvent } from "../../../../services/dlr-collector/consent/consent-event.ts";
import { consentWebhookMetrics } from "../../../../services/dlr-collector/consent/consent-webhook-metrics.ts";
import { ConsentWebhooks } from "../../../../services/dlr-collector/consent/consent-webhooks.ts";
import { codecs, NOW } from "../../router/router-world.ts";

/** Of a version that this process did not know at its start. */
export const OTHER_SCHEMA = 4_711;

export interface Post {
  readonly account: string;
  readonly id: string;
  readonly events: readonly ConsentEvent[];
}

/** One partition of sms.consent, what its group has committed, and the accounts' addresses. */
export class WebhookWorld {
  readonly log: InRecord[] = [];
  readonly posts: Post[] = [];
  committed: { offsets: number[]; state: string } = { offsets: [0], state: "" };
  accounts = ["acme", "beta"];
  /** Answers a post: undefined: taken. */
  answer: (post: Post) => Promise<string | undefined> | string | undefined = () => undefined;
  now = NOW;
  clock = 0;
  readsAgain = 0;
  /** Schemas that it has asked for. */
  readonly asked: number[] = [];
  readonly metrics = consentWebhookMetrics(new MetricRegistry());
  private owner:
    | { task: Task; host: { leaseValid: boolean }; ended: Promise<void>; webhooks: ConsentWebhooks }
    | undefined;

  say(accountId: string, number: number, suppressed = true, at = this.now++, schema?: number): void {
    const destination = `49151${String(number).padStart(7, "0")}`;
    const state = suppressed ? "opted_out" : "opted_in";
    const { key, value } = consentRecord(codecs.consent, 1, { accountId, destination, state, source: "api", at });
    if (schema !== undefined) value.writeUInt32BE(schema, 1);
    this.append({ key: Buffer.from(key), value });
  }

  append({ key, value }: Pick<InRecord, "key" | "value">): void {
    const offset = this.log.length;
    this.log.push({ topic: CONSENT_TOPIC, partition: 0, offset, key, value, headers: {}, timestamp: this.now });
    this.give();
  }

  /** Another owner, from what is committed; the one before is gone without a word. */
  takeOver(): void {
    if (this.owner !== undefined) this.owner.host.leaseValid = false;
    this.owner?.task.revoke();
    const mine = { leaseValid: true };
    const host: TaskHost = {
      ...mine,
      get leaseValid() {
        return mine.leaseValid;
      },
      resume: () => {},
      commit: async (_, offsets, state) => {
        if (mine.leaseValid) this.committed = { offsets: [...offsets], state };
        return mine.leaseValid;
      },
    };
    const { offsets, state } = this.committed;
    const task = new Task(host, 0, [CONSENT_TOPIC], { offsets, state }, 100);
    const webhooks = new ConsentWebhooks(task, {
      ...{ partitions: 1, metrics: this.metrics, log: silentLog },
      codecs: { ...codecs, consent: this.codec, loadSchema: async (id) => this.load(id) },
      reader: {
        watermarks: async () => [{ low: 0, high: this.log.length }],
        readRange: async (_, __, from, to, onRecord) => {
          this.readsAgain++;
          await Promise.resolve();
          for (const record of this.log.slice(from, to)) onRecord(record);
        },
      },
      catalog: { current: this.snapshot() } as never,
      client: {
        post: async (account, _, headers, body) => {
          const post = { account, id: headers[WEBHOOK_ID]!, events: (JSON.parse(body) as Post).events };
          const failed = await this.answer(post);
          if (failed !== undefined) return { taken: false, kind: "status", why: failed };
          this.posts.push(post);
          return { taken: true };
        },
      },
      now: () => this.now,
      clock: () => this.clock,
      random: () => 0.5,
    });
    this.owner = { task, host: mine, webhooks, ended: webhooks.run() };
    this.owner.ended.catch(() => {});
    this.give();
  }

  /** Ends as a service that is stopped does. */
  async stop(): Promise<void> {
    const { task, ended } = this.owner!;
    task.draining = true;
    task.wake();
    await ended;
  }

  get behind(): number {
    return this.owner!.webhooks.behind;
  }

  get queued(): number {
    return this.owner!.webhooks.queued;
  }

  /** Lets it work until this holds; `clock` goes on by so much each time. */
  async until(holds: () => boolean, stepMs = 0): Promise<void> {
    for (let i = 0; i < 5_000; i++) {
      if (holds()) return;
      await this.turn(stepMs);
    }
    throw new Error("it does not come to that");
  }

  /** Lets it work for a moment, which lasts so long by its clock. */
  async turn(ms: number): Promise<void> {
    this.clock += ms;
    this.owner?.task.wake();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** What an account was told: number and state, in order. */
  toldTo(account: string): string[] {
    return this.posts
      .filter((post) => post.account === account)
      .flatMap(({ events }) =>
        events.map(({ number, suppressed }) => `${Number(number.slice(-7))}${suppressed ? "-" : "+"}`),
      );
  }

  /** Reads what was written with a schema of another version once that is loaded. */
  private readonly codec: typeof codecs.consent = {
    encode: (value) => codecs.consent.encode(value),
    decode: (octets) => {
      if (octets.length < 5 || octets.readUInt32BE(1) !== OTHER_SCHEMA) return codecs.consent.decode(octets);
      if (!this.asked.includes(OTHER_SCHEMA))
        return { ok: false, code: "unknown-schema", detail: "not loaded", schemaId: OTHER_SCHEMA };
      return codecs.consent.decode(Buffer.concat([this.ownHead, octets.subarray(5)]));
    },
  };

  private get ownHead(): Buffer {
    const own = { accountId: "a", destination: "1", state: "opted_in", source: "api", at: 1, detail: null } as const;
    return codecs.consent.encode(own).subarray(0, 5);
  }

  private load(id: number): "loaded" | "missing" {
    this.asked.push(id);
    return id === OTHER_SCHEMA ? "loaded" : "missing";
  }

  private snapshot(): Snapshot {
    const accounts = this.accounts.map((id) => ({
      id,
      consentWebhook: { url: `https://${id}.example/`, secret: "s" },
    }));
    return { catalog: { accounts: [...accounts, { id: "silent" }] } } as unknown as Snapshot;
  }

  private give(): void {
    const input = this.owner?.task.inputs[0];
    if (input === undefined) return;
    for (const record of this.log.slice(input.expected)) input.push(record);
    input.expected = input.end = this.log.length;
    this.owner!.task.wake();
  }
}
