import type { OutRecord } from "../../../../platform/kafka/record.ts";
import type { RequestKeys as KeysRecord } from "../../../../schemas/generated/types.ts";
import { REQUEST_KEYS_TOPIC } from "../../../../schemas/topics.ts";
import { partitionOfName } from "./key-name.ts";

/** Keys are gathered for so long, ms: many go in one record. */
const GATHER_MS = 50;
/** Keys that wait or are under way. What is more is not told: a repeat of such a message is looked for. */
const MOST_WAITING = 200_000;
/** Keys of one record: 280,000 octets. */
const MOST_IN_RECORD = 10_000;

export interface StoredKeysOptions {
  readonly partitions: number;
  readonly encode: (record: KeysRecord) => Buffer;
  /** Rejects where the records are not stored. */
  readonly send: (records: readonly OutRecord[]) => Promise<void>;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
}

interface Gathered {
  readonly names: Buffer[];
  readonly fingerprints: Buffer[];
}

/** Tells all instances, a moment later, under which keys messages stand in the log. No answer waits for it. */
export class StoredKeys {
  private readonly options: StoredKeysOptions;
  private gathered = new Map<number, Gathered>();
  private waiting = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly sending = new Set<Promise<void>>();

  constructor(options: StoredKeysOptions) {
    this.options = options;
  }

  /** @param fingerprint base64. */
  add(name: Buffer, fingerprint: string): void {
    if (this.waiting >= MOST_WAITING) return;
    this.waiting++;
    const partition = partitionOfName(name, this.options.partitions);
    let gathered = this.gathered.get(partition);
    if (gathered === undefined) {
      gathered = { names: [], fingerprints: [] };
      this.gathered.set(partition, gathered);
    }
    gathered.names.push(name);
    gathered.fingerprints.push(Buffer.from(fingerprint, "base64"));
    if (gathered.names.length === MOST_IN_RECORD) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  /** Resolves when all that was added has been written, or could not be. */
  async close(): Promise<void> {
    this.flush();
    await Promise.all(this.sending);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.gathered.size === 0) return;
    const { encode, send, now, onFault } = this.options;
    const at = now();
    let count = 0;
    const records = [...this.gathered].map(([partition, { names, fingerprints }]): OutRecord => {
      count += names.length;
      const lists = { names: Buffer.concat(names), fingerprints: Buffer.concat(fingerprints) };
      const value = encode({ stored: true, at, ...lists, rejected: Buffer.alloc(0) });
      return { topic: REQUEST_KEYS_TOPIC, partition, key: null, value };
    });
    this.gathered = new Map();
    const sent: Promise<void> = send(records)
      .catch(onFault)
      .then(() => {
        this.waiting -= count;
        this.sending.delete(sent);
      });
    this.sending.add(sent);
  }
}
