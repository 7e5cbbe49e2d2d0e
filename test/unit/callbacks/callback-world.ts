import { accountSchema } from "../../../domain/catalog/account.ts";
import { callbacksSchema } from "../../../domain/catalog/callbacks.ts";
import type { PostOutcome } from "../../../platform/http/webhook-client.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { Task, type TaskHost } from "../../../platform/kafka/task.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { DeadLetter, Event, MessageFacts } from "../../../schemas/generated/types.ts";
import { CALLBACKS_TOPIC, DEAD_LETTER_TOPIC, EVENTS_TOPIC } from "../../../schemas/topics.ts";
import { callbackMetrics } from "../../../services/callbacks/callback-metrics.ts";
import { EndpointBoard } from "../../../services/callbacks/endpoint-board.ts";
import { PartitionCallbacks } from "../../../services/callbacks/partition-callbacks.ts";
import { WaitingCallbacks } from "../../../services/callbacks/waiting-callbacks.ts";
import { inboundCallback } from "../../../services/dlr-collector/inbound/inbound-callbacks.ts";
import { codecs, NOW } from "../router/router-world.ts";
import { memoryTables } from "../router/scheduled/memory-tables.ts";

export const TAKEN: PostOutcome = { taken: true };
export const FAILED: PostOutcome = { taken: false, kind: "status", status: 500, why: "answered 500" };

export interface Post {
  readonly host: string;
  readonly id: string;
  /** Number of the message, and the status that it was told. */
  readonly message: number;
  readonly status: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function messageId(n: number): string {
  return `018f0000-0000-7000-8000-${String(n).padStart(12, "0")}`;
}

/** An event of a message that names an address. */
export function eventOf(
  n: number,
  url: string | null,
  more: Partial<Event> = {},
  facts: Partial<MessageFacts> = {},
): Event {
  return {
    type: "submitted",
    at: NOW,
    facts: {
      ...{ messageId: messageId(n), accountId: "acme", lane: "otp", to: "4915112345678", from: "Acme", country: "DE" },
      ...{ network: null, encoding: "gsm7", segments: 1, reference: null, callbackUrl: url, metadata: {} },
      ...{
        acceptedAt: NOW - 1_000,
        expiresAt: NOW + 1e6,
        networkSource: null,
        sentAs: null,
        segmentsSaved: 0,
        receiptTo: null,
      },
      ...facts,
    },
    ...{ attempt: 1, provider: "a", route: null, reason: null, price: null, cost: null, currency: null },
    ...{ submittedAt: NOW, providerMessageIds: [], resubmitted: null, errorClass: null, errorCode: null, part: null },
    ...{ state: null, doneAt: null, receiptAt: null, source: null, spendLeft: null, spendCurrency: null, rules: null },
    ...{ counted: [], due: null, onDelivery: false, tariff: null, routedAt: null, verdicts: null, charge: null },
    ...more,
  };
}

interface Owner {
  readonly task: Task;
  readonly host: { leaseValid: boolean };
  readonly callbacks: PartitionCallbacks;
  readonly waiting: WaitingCallbacks;
  readonly ended: Promise<void>;
  /** Records of sms.callbacks that its copy has. */
  applied: number;
}

/** One partition: its events, sms.callbacks, what its group has committed, and the customers' addresses. */
export class CallbackWorld {
  readonly events: InRecord[] = [];
  readonly callbacks: InRecord[] = [];
  readonly letters: DeadLetter[] = [];
  readonly posts: Post[] = [];
  /** Requests that were made, answered or not. */
  asked = 0;
  committed: { offsets: number[]; state: string } = { offsets: [0], state: "1" };
  /** What an address answers; it may take its time. */
  answer: (post: Post) => PostOutcome | Promise<PostOutcome> = () => TAKEN;
  now = NOW;
  clock = 0;
  /** While true nothing that is written is stored. */
  kafkaDown = false;
  /** While true no events are read. */
  eventsStand = false;
  /** While true the copy of sms.callbacks stands still. */
  copyStands = false;
  settings: Record<string, unknown> = { secrets: ["geheim"] };
  /** Endpoints that are remembered. */
  mostEndpoints: number | undefined;
  owner: Owner | undefined;
  private handsetRecords = 0;
  private readonly held: (() => void)[] = [];

  append(event: Event, { id, timestamp = this.now }: { id?: string; timestamp?: number } = {}): void {
    const { messageId, to } = event.facts;
    const kind = event.type === "final" ? "final" : `${event.attempt}/${event.type}`;
    const headers = { id: Buffer.from(id ?? `${messageId}/${kind}`) };
    const value = codecs.event.encode(event);
    const place = { topic: EVENTS_TOPIC, partition: 0, offset: this.events.length };
    this.events.push({ ...place, key: Buffer.from(to), value, headers, timestamp });
    this.give();
  }

  /** What another service has written to sms.callbacks: a message from a handset. */
  received(n: number, host: string, handset = "4915112345678"): void {
    const account = { id: "acme", inboundUrl: `https://${host}/in`, callbacks: callbacksSchema.parse(this.settings) };
    const [data, now] = [{ id: messageId(n), text: "hi" }, this.now];
    const told = { type: "message.received", name: messageId(n), data, at: now, now } as const;
    const place = { account, from: handset, to: "12345", partition: 0, place: 2 * this.handsetRecords++ };
    this.write(inboundCallback(codecs.callback, { ...told, ...place })!);
  }

  /** What happens to a message whose customer is at this host. */
  sent(n: number, host: string): void {
    this.append(eventOf(n, `https://${host}/cb`));
  }

  delivered(n: number, host: string): void {
    this.append(eventOf(n, `https://${host}/cb`, { type: "final", state: "delivered", doneAt: this.now }));
  }

  /** Another owner, from what is committed; the one before is gone without a word, and what it had not stored is lost. */
  takeOver(): void {
    this.leave();
    const mine = { leaseValid: true };
    const host: TaskHost = {
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
    const task = new Task(host, 0, [EVENTS_TOPIC], { offsets, state }, 100);
    const waiting = new WaitingCallbacks(memoryTables() as never);
    const owner = { task, host: mine, waiting, applied: 0 };
    waiting.follow({
      caughtUp: async () => {
        this.copy(owner);
        return true;
      },
    });
    const clock = () => this.clock;
    const account = accountSchema.parse({ id: "acme", name: "Acme", callbacks: this.settings });
    const callbacks = new PartitionCallbacks(task, {
      ...{ codecs, waiting, clock, log: silentLog, metrics: callbackMetrics(new MetricRegistry()) },
      catalog: { current: { accounts: new Map([["acme", account]]) } as never },
      reader: {
        readRange: async (_, __, from, to, onRecord) => {
          for (const record of this.events.slice(from, to)) onRecord(record);
        },
      },
      producer: { send: (records, fence) => this.store(records, () => fence?.alive ?? true) },
      board: new EndpointBoard(clock, this.mostEndpoints),
      client: { post: (_, url, headers, body) => this.post(url, headers, body) },
      giveUpMs: 24 * 3_600_000,
      share: () => 1,
      writer: `owner-${Math.random()}`,
      now: () => this.now,
      random: () => 0.5,
    });
    const ended = callbacks.run();
    ended.catch(() => {});
    this.owner = Object.assign(owner, { callbacks, ended });
    this.give();
  }

  leave(): void {
    if (this.owner === undefined) return;
    this.owner.host.leaseValid = false;
    this.owner.task.revoke();
    this.held.length = 0;
  }

  /** Ends as a service that is stopped does. */
  async stop(): Promise<void> {
    const { task, ended } = this.owner!;
    task.draining = true;
    task.wake();
    let over = false;
    ended.then(
      () => (over = true),
      () => (over = true),
    );
    await this.until(() => over, 50);
    await ended;
  }

  /** Lets it work until this holds; its clocks go on by so much each time. */
  async until(holds: () => boolean, stepMs = 0, turns = 3_000): Promise<void> {
    for (let i = 0; i < turns; i++) {
      if (holds()) return;
      await this.turn(stepMs);
    }
    throw new Error(`it does not come to that: ${JSON.stringify(this.told())}`);
  }

  /** Lets it work for a moment, which lasts so long by its clocks. */
  async turn(ms = 0): Promise<void> {
    this.clock += ms;
    this.now += ms;
    if (!this.kafkaDown) for (const store of this.held.splice(0)) store();
    if (!this.copyStands && this.owner !== undefined) this.copy(this.owner);
    this.give();
    this.owner?.task.wake();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async for(ms: number, stepMs = 250): Promise<void> {
    for (let i = 0; i < ms; i += stepMs) await this.turn(stepMs);
  }

  /** What has been taken, as `host message status`, in order. */
  told(host?: string): string[] {
    return this.posts
      .filter((post) => host === undefined || post.host === host)
      .map((post) => `${host === undefined ? `${post.host} ` : ""}${post.message} ${post.status}`);
  }

  /** What stands in sms.callbacks, after compaction. */
  get waiting(): string[] {
    const last = new Map(this.callbacks.map((record) => [record.key!.toString(), record.value]));
    return [...last].filter(([, value]) => value !== null).map(([key]) => key);
  }

  private async post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<PostOutcome> {
    const { id, status } = readBody(headers, body);
    const post = { host: new URL(url).hostname, id, message: Number(id.slice(-12)), status, headers, body };
    this.asked++;
    const outcome = await this.answer(post);
    if (outcome.taken) this.posts.push(post);
    return outcome;
  }

  private store(records: readonly OutRecord[], alive: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.held.push(() => {
        if (!alive()) return reject(new Error("fenced"));
        for (const record of records) this.write(record);
        resolve();
      });
    });
  }

  private write({ topic, partition, key, value, headers = {} }: OutRecord): void {
    if (topic === DEAD_LETTER_TOPIC) {
      const decoded = codecs.deadLetter.decode(value!);
      if (decoded.ok) this.letters.push(decoded.value);
      return;
    }
    const offset = this.callbacks.length;
    const octets = key === null ? null : Buffer.from(key);
    this.callbacks.push({
      topic: CALLBACKS_TOPIC,
      partition,
      offset,
      key: octets,
      value,
      headers,
      timestamp: this.now,
    });
  }

  private copy(owner: Pick<Owner, "waiting" | "applied">): void {
    while (owner.applied < this.callbacks.length) owner.waiting.apply(this.callbacks[owner.applied++]!);
  }

  private give(): void {
    const input = this.owner?.task.inputs[0];
    if (input === undefined || this.eventsStand) return;
    for (const record of this.events.slice(input.expected)) input.push(record);
    input.expected = input.end = this.events.length;
    this.owner!.task.wake();
  }
}

function readBody(headers: Readonly<Record<string, string>>, body: string): { id: string; status: string } {
  if (headers["content-type"] === "application/json") {
    const { type, data } = JSON.parse(body) as { type: string; data: { id: string; status?: string } };
    return { id: data.id, status: data.status ?? type };
  }
  const form = new URLSearchParams(body);
  return { id: form.get("MessageSid")!, status: form.get("MessageStatus")! };
}
