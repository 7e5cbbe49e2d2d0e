import type { InRecord, OutRecord } from "../../../../platform/kafka/record.ts";
import type { UploadLogOptions } from "../../../../services/ingest/uploads/upload-log.ts";

/** Topics as a reader sees them, of what was appended. */
export class MemoryTopics {
  /** Epoch ms at which records are appended. */
  now: () => number = Date.now;
  readonly #partitions = new Map<string, InRecord[]>();
  readonly #count: number;

  constructor(partitions: number) {
    this.#count = partitions;
  }

  append(records: readonly OutRecord[]): void {
    for (const { topic, partition, key, value, headers = {} } of records) {
      const log = this.of(topic, partition);
      const place = { topic, partition, offset: log.length, timestamp: this.now() };
      log.push({ ...place, key: typeof key === "string" ? Buffer.from(key) : key, value, headers });
    }
  }

  of(topic: string, partition: number): InRecord[] {
    const name = `${topic}/${partition}`;
    let log = this.#partitions.get(name);
    if (log === undefined) {
      log = [];
      this.#partitions.set(name, log);
    }
    return log;
  }

  get reader(): UploadLogOptions["reader"] {
    const all = (topic: string) => Array.from({ length: this.#count }, (_, partition) => this.of(topic, partition));
    return {
      watermarks: async (topic) => all(topic).map((log) => ({ low: 0, high: log.length })),
      offsetsAt: async (topic, time) =>
        all(topic).map((log) => {
          const at = log.findIndex(({ timestamp }) => timestamp >= time);
          return at < 0 ? log.length : at;
        }),
      readRange: async (topic, partition, from, to, onRecord, signal) => {
        signal?.throwIfAborted();
        for (const record of this.of(topic, partition).slice(from, to)) onRecord(record);
      },
    };
  }
}
