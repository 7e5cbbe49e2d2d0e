/**
 * Tells accounts' CRMs of each change of a suppression: sms.consent -> HTTP. Words of one account and recipient go in the order of the log, each
 * at least once; an account whose address does not take them holds up no other one (docs/consent.md).
 */
import type { ConsentWebhook } from "../../../domain/catalog/consent-webhook.ts";
import type { Snapshot, SnapshotSource } from "../../../domain/catalog/snapshot.ts";
import { readConsent } from "../../../pipeline/follow/consent-copy.ts";
import { WriterSchemaLoader } from "../../../pipeline/follow/writer-schema-loader.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { signWebhook } from "../../../platform/http/signed-webhook.ts";
import type { WebhookClient } from "../../../platform/http/webhook-client.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Log } from "../../../platform/log/log.ts";
import { CONSENT_TOPIC } from "../../../schemas/topics.ts";
import { AccountLane, type Told } from "./account-lane.ts";
import { consentEvent, requestId } from "./consent-event.ts";
import type { ConsentWebhookMetrics } from "./consent-webhook-metrics.ts";
import { ToldStates } from "./told-states.ts";
import { notePositions, readPositions } from "./webhook-positions.ts";

export interface ConsentWebhooksOptions {
  readonly codecs: SluiceCodecs;
  /** Of the message topics. */
  readonly partitions: number;
  readonly reader: Pick<TopicReader, "readRange" | "watermarks">;
  readonly catalog: SnapshotSource;
  readonly client: Pick<WebhookClient, "post">;
  readonly metrics: ConsentWebhookMetrics;
  readonly log: Log;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** Monotonic, ms. */
  readonly clock: () => number;
  readonly random: () => number;
}

/** Events in memory, of all accounts in the partition. */
export const MOST_EVENTS = 2_000;
/** Offsets that are read again at a time. */
const STRETCH = 2_000;
const COMMIT_MS = 1_000;
const IDLE_MS = 500;
/** What an address has not taken for so long is given up. */
export const GIVE_UP_MS = 3 * 24 * 3_600_000;
/** Requests under way when the service stops are waited for so long, ms; what they brought is told again otherwise. */
const STOP_MS = 1_000;

/** The accounts that want to be told. */
export function webhooksOf({ catalog }: Pick<Snapshot, "catalog">): ReadonlyMap<string, ConsentWebhook> {
  return new Map(
    catalog.accounts.flatMap(({ id, consentWebhook: hook }) => (hook?.url === undefined ? [] : [[id, hook] as const])),
  );
}

/** One partition. */
export class ConsentWebhooks {
  private readonly task: Task;
  private readonly options: ConsentWebhooksOptions;
  private readonly lanes = new Map<string, AccountLane>();
  private readonly told = new ToldStates();
  private readonly schemas: WriterSchemaLoader;
  private readonly underWay = new Set<Promise<void>>();
  private snapshot: Snapshot | undefined;
  private hooks: ReadonlyMap<string, ConsentWebhook> = new Map();
  /** The next offset to be looked at. */
  private head = 0;
  private committed = "";
  private committedAt = Number.NEGATIVE_INFINITY;

  constructor(task: Task, options: ConsentWebhooksOptions) {
    this.task = task;
    this.options = options;
    this.schemas = new WriterSchemaLoader(options.codecs, options.log);
  }

  /** The loop for `TaskGroup.run`. */
  async run(): Promise<void> {
    const { task } = this;
    await this.restore();
    if (!task.alive) return;
    task.begin();
    while (task.taking) {
      this.followCatalog();
      await this.take();
      for (const [account, lane] of this.lanes) {
        await this.readAgain(account, lane);
        this.send(account, lane);
      }
      if (!(await this.commit(false))) return;
      await task.wait(IDLE_MS);
    }
    if (!task.alive) return;
    await Promise.race([Promise.all(this.underWay), new Promise((resolve) => setTimeout(resolve, STOP_MS))]);
    await this.commit(true);
  }

  /** Accounts that are behind, of all there are. */
  get behind(): number {
    return [...this.lanes.values()].filter((lane) => lane.position(this.head) < this.head).length;
  }

  /** Events in memory. */
  get queued(): number {
    let queued = 0;
    for (const lane of this.lanes.values()) queued += lane.queued;
    return queued;
  }

  private async restore(): Promise<void> {
    const { restored, partition } = this.task;
    const positions = readPositions(restored.state);
    this.head = restored.offsets[0]!;
    // What was said before there was anybody to tell of it is looked up, not told.
    if (positions === undefined)
      this.head = (await this.options.reader.watermarks(CONSENT_TOPIC))[partition]?.high ?? this.head;
    for (const [account, position] of positions ?? []) this.lanes.set(account, new AccountLane(position));
    this.followCatalog();
  }

  private followCatalog(): void {
    const { current } = this.options.catalog;
    if (current === this.snapshot) return;
    this.snapshot = current;
    this.hooks = webhooksOf(current);
    for (const account of this.lanes.keys()) if (!this.hooks.has(account)) this.lanes.delete(account);
    for (const account of this.hooks.keys())
      if (!this.lanes.has(account)) this.lanes.set(account, new AccountLane(undefined));
  }

  private async take(): Promise<void> {
    const input = this.task.inputs[0]!;
    const records: InRecord[] = [];
    for (let record = this.task.take(input); record !== undefined; record = this.task.take(input)) records.push(record);
    const upTo = input.expected;
    if (this.lanes.size > 0) await this.schemas.load(records, this.task);
    let { queued } = this;
    for (const record of records) {
      if (record.offset < this.head) continue;
      this.head = record.offset + 1;
      const read = this.lanes.size === 0 ? undefined : this.wordOf(record);
      if (read === undefined) continue;
      const lane = this.lanes.get(read.account)!;
      const before = lane.queued;
      lane.accept(read.told, queued < MOST_EVENTS);
      queued += lane.queued - before;
      // A word that the lane has no room for comes again, and is no repeat then.
      if (lane.queued > before) this.told.note(read.told.event);
    }
    this.head = Math.max(this.head, upTo);
  }

  /** What the record of an account's own word says, unless its CRM knows that already. */
  private wordOf(record: InRecord): { account: string; told: Told } | undefined {
    const { codecs, partitions } = this.options;
    const said = readConsent(record, { codec: codecs.consent, partitions });
    if (said?.word == null || !this.lanes.has(said.accountId)) return undefined;
    const event = consentEvent(said.accountId, said.destination, said.word);
    if (!this.told.isNew(event)) return undefined;
    return { account: said.accountId, told: { offset: record.offset, event } };
  }

  private async readAgain(account: string, lane: AccountLane): Promise<void> {
    const { reader, now, metrics } = this.options;
    const from = lane.missed(this.options.clock());
    const room = Math.min(lane.room, MOST_EVENTS - this.queued);
    if (from === undefined || room <= 0 || !this.task.alive) return;
    const upTo = Math.min(from + STRETCH, this.head);
    const records: InRecord[] = [];
    await reader.readRange(CONSENT_TOPIC, this.task.partition, from, upTo, (record) => records.push(record));
    await this.schemas.load(records, this.task);
    const read: Told[] = [];
    let next = upTo < this.head ? upTo : undefined;
    const givenUp = lane.failed ? now() - GIVE_UP_MS : 0;
    for (const record of records) {
      if (record.offset < from || record.offset >= upTo) continue;
      if (read.length >= room) {
        next = record.offset;
        break;
      }
      const word = this.wordOf(record);
      if (word?.account !== account) continue;
      if (record.timestamp < givenUp) {
        metrics.lost.add();
        continue;
      }
      read.push(word.told);
      this.told.note(word.told.event);
    }
    lane.refill(read, next);
    if (next !== undefined) this.task.wake();
  }

  private send(account: string, lane: AccountLane): void {
    const { client, clock, metrics, random, log, now } = this.options;
    const hook = this.hooks.get(account);
    const events = hook === undefined ? undefined : lane.next(clock());
    if (hook?.url === undefined || events === undefined) return;
    const body = JSON.stringify({ events });
    const headers = {
      "content-type": "application/json",
      ...signWebhook(hook.secret, requestId(events), now(), body),
    };
    const done = client.post(account, hook.url, headers, body).then((outcome) => {
      this.underWay.delete(done);
      if (outcome.taken) {
        lane.taken();
        metrics.told.add(events.length);
      } else {
        for (const { event } of lane.refused(clock(), random())) this.told.forget(event);
        metrics.failed.add();
        log
          .every(`consent-webhook ${account}`, 60_000)
          .warn(
            { account, cause: outcome.why },
            "an account's consentWebhook does not take what it is told; it is tried again",
          );
      }
      this.task.wake();
    });
    this.underWay.add(done);
  }

  /** False when the partition has been lost. */
  private async commit(atOnce: boolean): Promise<boolean> {
    const at = this.options.clock();
    if (!atOnce && at - this.committedAt < COMMIT_MS) return true;
    const behind = new Map<string, number>();
    for (const [account, lane] of this.lanes) {
      const position = lane.position(this.head);
      if (position < this.head) behind.set(account, position);
    }
    const { offset, text } = notePositions(this.head, behind);
    const noted = `${offset} ${text}`;
    this.committedAt = at;
    if (noted === this.committed) return true;
    if (!(await this.task.commit([offset], text))) return false;
    this.committed = noted;
    return true;
  }
}
