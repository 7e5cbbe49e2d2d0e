/**
 * What one partition has written to sms.callbacks, and its copy may not have yet. The copy comes from the log, a moment behind; what is on its way
 * counts as if it were there, so that nothing overtakes it.
 */
import { readCallbackKey, waitingHeaders } from "../../pipeline/records/callback-key.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import type { Fence, OutRecord } from "../../platform/kafka/record.ts";
import { CALLBACKS_TOPIC } from "../../schemas/topics.ts";
import type { Item } from "./callback-lane.ts";
import type { CallbackMetrics } from "./callback-metrics.ts";
import type { WaitingCallbacks, WaitingListener } from "./waiting-callbacks.ts";

export interface ParkedOptions {
  readonly partition: number;
  readonly fence: Fence;
  readonly waiting: Pick<WaitingCallbacks, "keysOf" | "listen">;
  readonly producer: Pick<RecordProducer, "send">;
  readonly codecs: Pick<SluiceCodecs, "callback">;
  readonly metrics: Pick<CallbackMetrics, "parked">;
  /** Names this owner: no other one has the same. */
  readonly writer: string;
  /** Nothing that waits for this endpoint is due before, epoch ms. */
  readonly onWaits: (endpoint: string, due: number) => void;
  /** A write has failed for good. */
  readonly onFault: (error: unknown) => void;
}

export class ParkedCallbacks {
  private readonly options: ParkedOptions;
  /** Written, and not seen in the copy: by which writing. */
  private readonly unseen = new Map<string, string>();
  private readonly unseenChains = new Map<string, number>();
  /** Done, and the copy still has it. */
  private readonly over = new Set<string>();
  private writes = 0;
  /** Writes that are not stored yet. */
  underWay = 0;

  constructor(options: ParkedOptions) {
    this.options = options;
    const listener: WaitingListener = {
      waits: (key, endpoint, due, write) => {
        if (write !== undefined && this.unseen.get(key) === write) this.seen(key);
        options.onWaits(endpoint, due);
      },
      gone: (key) => {
        this.seen(key);
        this.over.delete(key);
      },
    };
    options.waiting.listen(options.partition, listener);
  }

  /** Records that the copy does not have right: so many more are to be asked for. */
  get unsettled(): number {
    return this.unseen.size + this.over.size;
  }

  /** Whether something of this message waits, as far as nobody has decided otherwise. */
  chainWaits(chain: string): boolean {
    if (this.unseenChains.has(chain)) return true;
    return this.options.waiting.keysOf(this.options.partition, chain).some((key) => !this.over.has(key));
  }

  /** Whether the copy may be believed about the first that waits of a message: nothing of it is on its way. */
  isSettled(key: string, chain: string): boolean {
    return !this.over.has(key) && !this.unseenChains.has(chain);
  }

  /** Whether this very callback waits already: its event comes again after a crash. */
  has(key: string, chain: string): boolean {
    if (this.over.has(key)) return false;
    return this.unseen.has(key) || this.options.waiting.keysOf(this.options.partition, chain).includes(key);
  }

  /** Lets it wait in sms.callbacks until `due`, epoch ms. `stored`: told when it stands there. */
  park(item: Item, due: number, stored: () => void): void {
    const { codecs, metrics, writer } = this.options;
    const { key, chain, endpoint, callback } = item;
    item.durable = true;
    const write = `${writer}/${++this.writes}`;
    if (!this.unseen.has(key)) this.unseenChains.set(chain, (this.unseenChains.get(chain) ?? 0) + 1);
    this.unseen.set(key, write);
    metrics.parked.add();
    const headers = waitingHeaders({ endpoint, due, since: callback.since, write });
    this.write({ ...this.place, key, value: codecs.callback.encode(callback), headers }, stored);
  }

  /** It is done: it waits no more. */
  remove(key: string): void {
    this.over.add(key);
    this.write({ ...this.place, key, value: null }, () => {});
  }

  /** Writes something else, in the same order. */
  write(record: OutRecord, stored: () => void): void {
    const { producer, fence, onFault } = this.options;
    this.underWay++;
    producer.send([record], fence).then(() => {
      this.underWay--;
      stored();
    }, onFault);
  }

  private get place() {
    return { topic: CALLBACKS_TOPIC, partition: this.options.partition };
  }

  private seen(key: string): void {
    if (!this.unseen.delete(key)) return;
    const { chain } = readCallbackKey(key)!;
    const left = this.unseenChains.get(chain)! - 1;
    if (left > 0) this.unseenChains.set(chain, left);
    else this.unseenChains.delete(chain);
  }
}
