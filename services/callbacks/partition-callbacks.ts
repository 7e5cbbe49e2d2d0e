/**
 * Tells customers' addresses what becomes of their messages: sms.events -> HTTP, one partition. What an address takes at once is never written anywhere;
 * what has to wait stands in sms.callbacks, and only then is its event done with. What is told of one message goes in order; an address that
 * is slow or dark costs a few callbacks in memory, and holds up no other one (docs/callbacks.md).
 * Longer than other files because what is in memory, what waits and what is under way change together.
 */
import type { Callbacks } from "../../domain/catalog/callbacks.ts";
import type { Snapshot, SnapshotSource } from "../../domain/catalog/snapshot.ts";
import { callbackUrlProblem } from "../../domain/message/validation.ts";
import { WriterSchemaLoader } from "../../pipeline/follow/writer-schema-loader.ts";
import { callbackKey, ENDPOINT_HEADER, readCallbackKey } from "../../pipeline/records/callback-key.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../pipeline/records/dead-letter.ts";
import { endpointId } from "../../pipeline/records/endpoint-id.ts";
import { implausibleEvent } from "../../pipeline/records/plausible.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import type { PostOutcome, WebhookClient } from "../../platform/http/webhook-client.ts";
import { OffsetTracker } from "../../platform/kafka/offset-tracker.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import type { Task } from "../../platform/kafka/task.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import type { Callback } from "../../schemas/generated/types.ts";
import { CALLBACKS_TOPIC, EVENTS_TOPIC } from "../../schemas/topics.ts";
import { CallbackLane, type Item } from "./callback-lane.ts";
import type { CallbackMetrics } from "./callback-metrics.ts";
import { callbackRequest, isTold } from "./callback-request.ts";
import type { EndpointBoard } from "./endpoint-board.ts";
import { ParkedCallbacks } from "./parked-callbacks.ts";
import { retryDelayMs } from "./retry-delay.ts";
import { chainOf, statusCallback, toldStatus } from "./status-callback.ts";
import { TOLD_SPAN, ToldEvents } from "./told-events.ts";
import type { WaitingCallback, WaitingCallbacks } from "./waiting-callbacks.ts";

export interface PartitionCallbacksOptions {
  readonly codecs: SluiceCodecs;
  readonly catalog: SnapshotSource;
  readonly reader: Pick<TopicReader, "readRange">;
  readonly producer: Pick<RecordProducer, "send">;
  readonly waiting: WaitingCallbacks;
  readonly board: EndpointBoard;
  readonly client: Pick<WebhookClient, "post">;
  readonly metrics: CallbackMetrics;
  readonly log: Log;
  /** How long a callback is tried, ms. */
  readonly giveUpMs: number;
  /** Of all partitions, the share that this process has: of an account's rate it takes as much. */
  readonly share: () => number;
  /** Names this owner of the partition. */
  readonly writer: string;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** Monotonic, ms. */
  readonly clock: () => number;
  readonly random: () => number;
}

/** Callbacks in memory of one endpoint; what comes beyond them waits in sms.callbacks. */
export const LANE_ITEMS = 500;
/** And of all. Above the first number an endpoint has no more than a few, so that the slow ones leave room for the others. */
export const MANY_ITEMS = 2_000;
const MOST_ITEMS = 5_000;
const FEW_ITEMS = 4;
/** What is not told after so long stands in sms.callbacks as well, so that the offset goes on, ms. */
export const PARK_AFTER_MS = 2_000;
/** Callbacks that are looked for at a time, of an endpoint, and with how many in memory more are. */
const LOOKED_FOR = 32;
const LOW_ITEMS = 8;
/** What an endpoint that is dark gives up at a time. */
const GIVEN_UP = 500;
/** Between two looks for one endpoint; for one that is dark, only for what is to be given up, ms. */
const LOOK_EVERY_MS = 100;
const DARK_LOOK_MS = 10_000;
/** Records that are taken in one go, that may be on their way to sms.callbacks, and that may lie above the first which is not done. */
const TAKEN = 500;
const MOST_WRITES = 2_000;
const MOST_SPAN = 50_000;
const COMMIT_MS = 1_000;
const SWEEP_MS = 250;
const OLDEST_MS = 5_000;
const IDLE_MS = 500;
const AGAIN_MS = 500;
/** Requests under way when the service stops are waited for so long, ms; they are made again otherwise. */
const STOP_MS = 3_000;
/** Nobody has had the partition before: what is older than this is not told, ms. */
export const FIRST_LOOK_MS = 3_600_000;

export class PartitionCallbacks {
  private readonly task: Task;
  private readonly options: PartitionCallbacksOptions;
  private readonly schemas: WriterSchemaLoader;
  private readonly tracker: OffsetTracker;
  private readonly parked: ParkedCallbacks;
  private readonly told = new ToldEvents();
  private readonly lanes = new Map<string, CallbackLane>();
  /** In memory, and those of each message in their order. */
  private readonly items = new Map<string, Item>();
  private readonly chains = new Map<string, Item[]>();
  /** What cannot be read, on its way to the dead letters. */
  private readonly unreadable = new Set<string>();
  private failure: unknown;
  private snapshot: Snapshot | undefined;
  private anybody = false;
  private underWay = 0;
  /** On their way to the dead letters. */
  private givingUp = 0;
  /** What happened before is not told, epoch ms. It is committed beside the offset: the first owner says it for all who come after it. */
  private tellsFrom = 0;
  private committed = "";
  private committedAt = Number.NEGATIVE_INFINITY;
  private sweptAt = Number.NEGATIVE_INFINITY;
  private askedOldest = Number.NEGATIVE_INFINITY;
  private oldestWaiting: number | undefined;

  constructor(task: Task, options: PartitionCallbacksOptions) {
    this.task = task;
    this.options = options;
    this.schemas = new WriterSchemaLoader(options.codecs, options.log);
    this.tracker = new OffsetTracker(task.restored.offsets[0]!);
    const { waiting, producer, codecs, metrics, writer } = options;
    this.parked = new ParkedCallbacks({
      ...{ waiting, producer, codecs, metrics, writer },
      partition: task.partition,
      fence: task,
      onWaits: (endpoint, due) => this.expect(endpoint, due),
      onFault: (error) => {
        this.failure ??= error;
        task.wake();
      },
    });
  }

  /** The loop for `TaskGroup.run`. */
  async run(): Promise<void> {
    const { task } = this;
    await this.restore();
    if (!task.alive) return;
    task.begin();
    while (task.taking && this.failure === undefined) {
      await this.take();
      if (!task.alive) return;
      this.sweep();
      for (const lane of this.lanes.values()) {
        this.look(lane);
        this.send(lane);
      }
      if (!(await this.commit(false))) return;
      await task.wait(this.untilNext());
    }
    if (!task.alive) return;
    if (this.failure !== undefined) throw this.failure;
    await this.drain();
  }

  /** Callbacks that wait, in memory and beyond. */
  get waitingCount(): number {
    let inMemory = 0;
    for (const { durable } of this.items.values()) if (!durable) inMemory++;
    return this.options.waiting.countOf(this.task.partition) + inMemory;
  }

  /** Since when the one has been waiting that has waited for longest, epoch ms; undefined when none waits. */
  get oldest(): number | undefined {
    let oldest = this.oldestWaiting;
    for (const { callback } of this.items.values())
      if (oldest === undefined || callback.since < oldest) oldest = callback.since;
    return oldest;
  }

  private async restore(): Promise<void> {
    const { task, options } = this;
    const { partition, restored } = task;
    this.tellsFrom = restored.state === "" ? Math.floor(options.now()) - FIRST_LOOK_MS : Number(restored.state);
    await this.catchUp();
    if (!task.alive) return;
    for (const endpoint of await options.waiting.endpointsOf(partition)) this.expect(endpoint, 0);
    const start = restored.offsets[0]!;
    const note = (record: InRecord) => void this.told.admit(record);
    await options.reader.readRange(EVENTS_TOPIC, partition, Math.max(0, start - TOLD_SPAN), start, note);
  }

  /** Nothing is told before all is known that waits. */
  private async catchUp(): Promise<void> {
    const { task, options } = this;
    while (task.alive)
      try {
        if (await options.waiting.caughtUp(task.partition, task)) return;
      } catch (error) {
        options.log
          .every("callbacks-copy", 5_000)
          .warn(
            { partition: task.partition, cause: errorMessage(error) },
            "waiting for kafka: how far sms.callbacks goes is not known",
          );
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
      }
  }

  private async take(): Promise<void> {
    const { task, parked, tracker } = this;
    if (parked.underWay >= MOST_WRITES || tracker.span >= MOST_SPAN) return;
    const records: InRecord[] = [];
    while (records.length < TAKEN) {
      const record = task.take(task.inputs[0]!);
      if (record === undefined) break;
      records.push(record);
    }
    await this.schemas.load(records, task);
    if (!task.alive) return;
    for (const record of records) {
      tracker.take(record.offset);
      const told = this.callbackOf(record);
      if (told === undefined) tracker.complete(record.offset);
      else this.accept(told.callback, told.chain, record.offset);
    }
    if (records.length === TAKEN) task.wake();
  }

  /** What a record of sms.events gives to tell. One that cannot be read is put aside by those who act on it. */
  private callbackOf(record: InRecord): { readonly callback: Callback; readonly chain: string } | undefined {
    const { codecs, metrics, now } = this.options;
    if (!this.told.admit(record) || record.timestamp < this.tellsFrom || record.value === null) return undefined;
    if (!this.tellsAnybody) return undefined;
    const decoded = codecs.event.decode(record.value);
    if (!decoded.ok || implausibleEvent(decoded.value) !== undefined) {
      metrics.unreadable.add();
      return undefined;
    }
    const { facts } = decoded.value;
    const status = toldStatus(decoded.value);
    if (status === undefined || !facts.callbackUrl || callbackUrlProblem(facts.callbackUrl) !== undefined)
      return undefined;
    const settings = this.settingsOf(facts.accountId);
    if (settings === undefined) {
      if (status !== "queued") metrics.unconfigured.add();
      return undefined;
    }
    if (!isTold(status, settings.form)) return undefined;
    const id = headerText(record, "id") ?? `${record.partition}/${record.offset}`;
    const callback = statusCallback(decoded.value, id, now());
    return callback === undefined ? undefined : { callback, chain: chainOf(facts) };
  }

  /** Whether any account is to be told anything. Worked out once for each catalog. */
  private get tellsAnybody(): boolean {
    const { current } = this.options.catalog;
    if (current !== this.snapshot) {
      this.snapshot = current;
      this.anybody = [...current.accounts.values()].some(({ callbacks }) => callbacks !== undefined);
    }
    return this.anybody;
  }

  private accept(callback: Callback, chain: string, source: number): void {
    const { parked, tracker } = this;
    const key = callbackKey({ chain, place: source });
    if (parked.has(key, chain)) {
      tracker.complete(source);
      return;
    }
    const item = this.itemOf(key, chain, callback, source);
    const lane = this.laneOf(item.endpoint);
    if (parked.chainWaits(chain) || !this.hasRoom(lane)) this.park(item, this.options.now());
    else this.remember(lane, item);
  }

  private itemOf(key: string, chain: string, callback: Callback, source?: number): Item {
    const endpoint = endpointId(callback.accountId, callback.url);
    const durable = source === undefined;
    const { place } = readCallbackKey(key)!;
    return { key, chain, place, endpoint, callback, source, durable, since: this.options.clock(), sending: false };
  }

  private hasRoom(lane: CallbackLane): boolean {
    const { board, clock } = this.options;
    if (lane.length >= LANE_ITEMS || this.items.size >= MOST_ITEMS) return false;
    if (this.items.size >= MANY_ITEMS && lane.length >= FEW_ITEMS) return false;
    return !board.of(lane.endpoint).isDark(clock());
  }

  private remember(lane: CallbackLane | undefined, item: Item): void {
    this.items.set(item.key, item);
    const chain = this.chains.get(item.chain);
    if (chain === undefined) this.chains.set(item.chain, [item]);
    else chain.push(item);
    lane?.add(item);
  }

  private forget(item: Item): void {
    this.items.delete(item.key);
    const others = (this.chains.get(item.chain) ?? []).filter((other) => other !== item);
    if (others.length > 0) this.chains.set(item.chain, others);
    else this.chains.delete(item.chain);
  }

  /**
   * Lets it wait in sms.callbacks; its event is done with when it stands there. Earlier ones of its message go there in front of it, although they may be
   * under way: the next owner would find it there before it comes to their events.
   */
  private park(item: Item, due: number): void {
    for (const earlier of this.chains.get(item.chain) ?? [])
      if (earlier.place < item.place && !earlier.durable) this.parkOne(earlier, this.options.now());
    this.parkOne(item, due);
  }

  private parkOne(item: Item, due: number): void {
    const { source } = item;
    item.source = undefined;
    this.parked.park(item, due, () => {
      if (source !== undefined) this.tracker.complete(source);
      this.task.wake();
    });
  }

  /** It leaves memory, and waits in sms.callbacks. */
  private setAside(item: Item): void {
    this.forget(item);
    if (item.durable) this.expect(item.endpoint, 0);
    else this.park(item, this.options.now());
  }

  /** Told, or given up. */
  private finish(item: Item): void {
    this.forget(item);
    if (item.durable) this.parked.remove(item.key);
    else this.tracker.complete(item.source!);
  }

  private laneOf(endpoint: string): CallbackLane {
    let lane = this.lanes.get(endpoint);
    if (lane === undefined) {
      lane = new CallbackLane(endpoint);
      this.lanes.set(endpoint, lane);
    }
    return lane;
  }

  private expect(endpoint: string, due: number): void {
    const lane = this.laneOf(endpoint);
    lane.earliest = Math.min(lane.earliest, due);
  }

  /** What is in memory for too long goes to sms.callbacks, as does all of an endpoint that is dark. */
  private sweep(): void {
    const { clock, board, now } = this.options;
    const at = clock();
    if (at - this.sweptAt < SWEEP_MS) return;
    this.sweptAt = at;
    const isOld = ({ since }: Item) => at - since >= PARK_AFTER_MS;
    for (const [endpoint, lane] of this.lanes) {
      const dark = lane.queued > 0 && board.of(endpoint).isDark(at);
      for (const item of lane.takeOut((item) => dark || isOld(item))) this.setAside(item);
      if (lane.length === 0 && !lane.looking && lane.earliest === Number.POSITIVE_INFINITY) this.lanes.delete(endpoint);
    }
    for (const item of this.items.values()) if (item.sending && !item.durable && isOld(item)) this.park(item, now());
    if (at - this.askedOldest >= OLDEST_MS) void this.askOldest(at);
  }

  private async askOldest(at: number): Promise<void> {
    this.askedOldest = at;
    try {
      this.oldestWaiting = await this.options.waiting.oldestOf(this.task.partition);
    } catch {
      // The store tells of its fault itself.
    }
  }

  /** Looks for what waits for an endpoint and is due. */
  private look(lane: CallbackLane): void {
    const { waiting, board, clock, now, log } = this.options;
    const { partition } = this.task;
    const at = clock();
    if (this.lookIn(lane, at) > 0) return;
    const dark = board.of(lane.endpoint).isDark(at);
    if (dark ? this.givingUp > 0 : this.items.size >= MOST_ITEMS) return;
    lane.looking = true;
    lane.lookedAt = at;
    lane.earliest = Number.POSITIVE_INFINITY;
    // Those that are at hand already stand before all others.
    const limit =
      (dark ? GIVEN_UP : LOOKED_FOR) + lane.length + this.parked.unsettled + this.givingUp + this.unreadable.size;
    waiting.dueBy(partition, lane.endpoint, now(), limit).then(
      ({ found, next }) => {
        lane.looking = false;
        lane.earliest = Math.min(lane.earliest, next);
        if (this.task.taking) this.found(lane, found);
        this.task.wake();
      },
      (error: unknown) => {
        lane.looking = false;
        lane.earliest = 0;
        log
          .every("callbacks-look", 5_000)
          .warn({ partition, cause: errorMessage(error) }, "What waits to be told cannot be read");
      },
    );
  }

  /** ms until what waits for an endpoint is looked for; 0 or less: now. Infinite: there is no need, as far as is known. */
  private lookIn(lane: CallbackLane, at: number): number {
    if (lane.looking || lane.queued >= LOW_ITEMS) return Number.POSITIVE_INFINITY;
    const due = lane.earliest - this.options.now();
    // Not asked of the board, which remembers only so many: there may be far more that something waits for.
    if (due > 0) return due;
    const pause = this.options.board.of(lane.endpoint).isDark(at) ? DARK_LOOK_MS : LOOK_EVERY_MS;
    return Math.max(lane.lookedAt + pause - at, due);
  }

  private found(lane: CallbackLane, found: readonly WaitingCallback[]): void {
    const { board, clock, now, giveUpMs } = this.options;
    const dark = board.of(lane.endpoint).isDark(clock());
    const missing = new Set<number>();
    for (const { key, value } of found) {
      const { chain } = readCallbackKey(key)!;
      if (this.unreadable.has(key)) continue;
      const isFree = !this.items.has(key) && !this.chains.has(chain) && this.parked.isSettled(key, chain);
      const hasRoom = dark || lane.length < LOOKED_FOR;
      // It may have gone since it was looked for, or be at hand.
      if (!isFree || !hasRoom) {
        this.expect(lane.endpoint, 0);
        continue;
      }
      const decoded = this.options.codecs.callback.decode(value);
      // Another version of this program has let it wait. No registry gives an id below 1.
      if (!decoded.ok && decoded.code === "unknown-schema" && decoded.schemaId! > 0) {
        missing.add(decoded.schemaId!);
        continue;
      }
      if (!decoded.ok) {
        this.options.metrics.unreadable.add();
        const { endpoint } = lane;
        this.unreadable.add(key);
        this.putAside({ key, endpoint }, value, "undecodable", decoded.detail, null, () => {
          this.unreadable.delete(key);
          this.parked.remove(key);
        });
        continue;
      }
      const item = this.itemOf(key, chain, decoded.value);
      if (!dark) this.remember(lane, item);
      else if (now() - decoded.value.since >= giveUpMs) {
        this.remember(undefined, item);
        this.giveUp(item, "expired");
        // There may be more of them.
        lane.lookedAt = Number.NEGATIVE_INFINITY;
      } else this.expect(lane.endpoint, 0);
    }
    if (missing.size > 0) void this.lookAfter(lane, this.schemas.loadAll(missing, this.task));
  }

  /** What waits for an endpoint is looked for again when the schemas that it was written with are there. */
  private async lookAfter(lane: CallbackLane, loaded: Promise<void>): Promise<void> {
    lane.looking = true;
    await loaded;
    lane.looking = false;
    lane.earliest = 0;
    this.task.wake();
  }

  private send(lane: CallbackLane): void {
    if (lane.queued === 0) return;
    const { board, clock } = this.options;
    const endpoint = board.of(lane.endpoint);
    lane.stuck = !board.hasRoom(endpoint);
    while (lane.queued > 0 && board.hasRoom(endpoint)) {
      const at = clock();
      const { accountId } = lane.items[0]!.callback;
      const perSecond = this.settingsOf(accountId)?.perSecond;
      endpoint.limit(perSecond === undefined ? undefined : perSecond * this.options.share(), at);
      if (endpoint.nextIn(at) > 0) return;
      const item = lane.next((one) => this.chains.get(one.chain)![0] === one);
      if (item === undefined) {
        lane.stuck = true;
        return;
      }
      this.post(lane, item);
    }
  }

  private post(lane: CallbackLane, item: Item): void {
    const { client, board, clock, now, metrics } = this.options;
    const { callback } = item;
    const settings = this.settingsOf(callback.accountId);
    const request = settings === undefined ? undefined : callbackRequest(callback, settings, now());
    if (request === undefined) {
      // Nobody is to be told any more.
      if (settings === undefined) metrics.unconfigured.add();
      lane.ended();
      this.finish(item);
      return;
    }
    const sentAt = clock();
    const endpoint = board.of(item.endpoint);
    endpoint.sent(sentAt);
    board.underWay++;
    this.underWay++;
    client.post(callback.accountId, request.url, request.headers, request.body, request.terms).then((outcome) => {
      board.underWay--;
      this.underWay--;
      endpoint.ended(outcome, sentAt, clock());
      lane.ended();
      metrics.attempts(callback.lane, outcome.taken ? "taken" : outcome.kind).add();
      if (this.task.alive) this.answered(lane, item, outcome);
      this.task.wake();
    });
  }

  private answered(lane: CallbackLane, item: Item, outcome: PostOutcome): void {
    const { now, metrics, random, giveUpMs } = this.options;
    const { callback } = item;
    if (outcome.taken) {
      metrics.seconds(callback.lane).record(Math.max(0, now() - callback.at) / 1_000);
      this.finish(item);
      return;
    }
    const attempts = callback.attempts + 1;
    const failed: Item = { ...item, callback: { ...callback, attempts, failure: outcome.why } };
    this.replace(item, failed);
    if (outcome.kind === "address") {
      this.giveUp(failed, "refused");
      return;
    }
    if (now() - callback.since >= giveUpMs) {
      this.giveUp(failed, "expired");
      return;
    }
    this.forget(failed);
    this.park(failed, now() + retryDelayMs(attempts, random(), outcome.pauseMs));
    // What comes after it must not overtake it.
    for (const later of lane.takeOut(({ chain }) => chain === item.chain)) this.setAside(later);
  }

  private replace(item: Item, other: Item): void {
    this.items.set(item.key, other);
    this.chains.set(
      item.chain,
      this.chains.get(item.chain)!.map((one) => (one === item ? other : one)),
    );
  }

  /** To the dead letters. What comes after it of its message waits until it stands there. */
  private giveUp(item: Item, why: "expired" | "refused"): void {
    const { codecs, metrics, log } = this.options;
    const { attempts, failure, accountId, messageId } = item.callback;
    const reason = `callback-${why}`;
    const detail = `attempts: ${attempts}; the last one: ${failure ?? "none was made, since the address has taken nothing for so long"}`;
    const value = codecs.callback.encode(item.callback);
    log
      .every(`callback ${accountId}`, 60_000)
      .warn(
        { account: accountId, reason, attempts, cause: failure },
        "a callback is given up; it is in the dead letters",
      );
    this.givingUp++;
    this.putAside(item, value, reason, detail, messageId, () => {
      this.givingUp--;
      metrics.givenUp.add();
      this.finish(item);
    });
  }

  private putAside(
    { key, endpoint }: Pick<Item, "key" | "endpoint">,
    value: Buffer,
    reason: string,
    detail: string,
    messageId: string | null,
    stored: () => void,
  ): void {
    const { codecs, now } = this.options;
    const { place } = readCallbackKey(key)!;
    const record: InRecord = {
      ...{ topic: CALLBACKS_TOPIC, partition: this.task.partition, offset: place, timestamp: now() },
      ...{ key: Buffer.from(key), value, headers: { [ENDPOINT_HEADER]: endpoint } },
    };
    const why = { reason, detail, service: "callbacks", messageId, now: now() };
    this.parked.write(deadLetterRecord(codecs.deadLetter, record, why), () => {
      stored();
      this.task.wake();
    });
  }

  private settingsOf(accountId: string): Callbacks | undefined {
    return this.options.catalog.current.accounts.get(accountId)?.callbacks;
  }

  /** False when the partition has been lost. */
  private async commit(atOnce: boolean): Promise<boolean> {
    const at = this.options.clock();
    if (!atOnce && at - this.committedAt < COMMIT_MS) return true;
    const input = this.task.inputs[0]!;
    const { tracker } = this;
    // Behind the last record there may be nothing but marks of transactions.
    const offset = tracker.pending === 0 && input.length === 0 ? input.expected : tracker.committable;
    if (String(offset) === this.committed) return true;
    if (!(await this.task.commit([offset], String(this.tellsFrom)))) return false;
    this.committed = String(offset);
    this.committedAt = at;
    return true;
  }

  /** Of what is in memory nothing is told by this owner any more, but for what is under way. */
  private async drain(): Promise<void> {
    const { task, options } = this;
    for (const lane of this.lanes.values()) for (const item of lane.takeOut(() => true)) this.setAside(item);
    for (const item of this.items.values()) if (!item.durable) this.park(item, options.now());
    const until = options.clock() + STOP_MS;
    while (task.alive && (this.underWay > 0 || this.parked.underWay > 0) && options.clock() < until)
      await task.wait(50);
    await this.commit(true);
  }

  /** ms until something may be done that nothing tells of. */
  private untilNext(): number {
    const { board, clock } = this.options;
    const at = clock();
    let next = IDLE_MS;
    for (const lane of this.lanes.values()) {
      if (lane.queued > 0 && !lane.stuck) next = Math.min(next, board.of(lane.endpoint).nextIn(at));
      next = Math.min(next, this.lookIn(lane, at));
    }
    return Math.max(5, Math.min(next, this.items.size > 0 ? SWEEP_MS : IDLE_MS));
  }
}
