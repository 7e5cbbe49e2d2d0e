import { hash } from "node:crypto";
import type { Codec } from "../../../platform/codec/codec.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { type Fence, headerText, type InRecord, type OutRecord } from "../../../platform/kafka/record.ts";
import { stretchesBetween } from "../../../platform/kafka/stretches.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { UploadBlock } from "../../../schemas/generated/types.ts";
import { LANES, requestTopic, UPLOADS_TOPIC } from "../../../schemas/topics.ts";
import type { KnownLines } from "./known-lines.ts";

/** A session writes for so long after the last word of it that Kafka confirmed, ms. */
export const ALIVE_MS = 12_000;
/** Behind its last word by more than this, ms, none of its writes can come any more: it may write for ALIVE_MS, and a request to Kafka takes 14 s at the most. */
export const GONE_MS = 30_000;
/** Clocks by which times were written differ by this at the most, ms. */
const CLOCKS_MS = 10_000;

/** An upload among those of all accounts. */
export interface UploadName {
  /** Key of its records in sms.uploads. */
  readonly key: string;
  readonly partition: number;
  /** What its messages carry, with their line: header `upload`. */
  readonly tag: string;
}

/** What another request has said last of the same upload. */
export interface OtherSession {
  readonly session: string;
  /** Offset of its first word. */
  readonly offset: number;
  /** When Kafka stored its last word, epoch ms. */
  readonly lastAt: number;
  readonly pendingSince: number;
  readonly ended: boolean;
}

/** Part of the producer. */
export interface UploadWriter {
  send(records: readonly OutRecord[], fence?: Fence): Promise<void>;
}

export interface UploadLogOptions {
  /** Of sms.uploads and the topics of requests. */
  readonly reader: Pick<TopicReader, "watermarks" | "offsetsAt" | "readRange">;
  readonly codec: Codec<UploadBlock>;
  readonly partitions: number;
  readonly producer: UploadWriter;
}

/**
 * How far uploads have come, and what is not certain of them. Lines whose block is in sms.uploads are known; of those behind it the requests themselves tell, which carry their
 * upload and line: only those that were written within the time in doubt are read.
 */
export class UploadLog {
  readonly #options: UploadLogOptions;

  constructor(options: UploadLogOptions) {
    this.#options = options;
  }

  name(account: string, uploadKey: string): UploadName {
    const key = `${account}/${uploadKey}`;
    const tag = hash("sha256", key, "buffer").toString("base64url", 0, 12);
    return { key, partition: partitionFor(key, this.#options.partitions), tag };
  }

  write({ key, partition }: UploadName, block: UploadBlock, fence?: Fence): Promise<void> {
    const value = this.#options.codec.encode(block);
    return this.#options.producer.send([{ topic: UPLOADS_TOPIC, partition, key, value }], fence);
  }

  /** Takes what sessions have said of an upload up to now. @returns its sessions, each once @throws SluiceError transient */
  async read({ key, partition }: UploadName, lines: KnownLines, signal: AbortSignal): Promise<readonly OtherSession[]> {
    const { reader } = this.#options;
    const { low, high } = (await reader.watermarks(UPLOADS_TOPIC))[partition] ?? { low: 0, high: 0 };
    const sessions = new Map<string, OtherSession>();
    let fault: SluiceError | undefined;
    const take = (record: InRecord) => {
      if (fault !== undefined || record.key?.toString() !== key || record.value === null) return;
      fault = this.#take(record, sessions, lines);
    };
    await reader.readRange(UPLOADS_TOPIC, partition, low, high, take, signal);
    if (fault !== undefined) throw fault;
    return [...sessions.values()];
  }

  #take(record: InRecord, sessions: Map<string, OtherSession>, lines: KnownLines): SluiceError | undefined {
    const decoded = this.#options.codec.decode(record.value!);
    if (!decoded.ok)
      return new SluiceError("a record of sms.uploads cannot be read; another version may have written it", {
        code: "UPLOAD_UNREADABLE",
        class: "transient",
      });
    const { session, first, fingerprints, pendingSince, ended } = decoded.value;
    const { offset = record.offset } = sessions.get(session) ?? {};
    sessions.set(session, { session, offset, lastAt: record.timestamp, pendingSince, ended });
    for (let at = 0; at + 4 <= fingerprints.length; at += 4) {
      const fingerprint = fingerprints.readUInt32BE(at);
      if (fingerprint !== 0 && !lines.set(first + at / 4, fingerprint)) return tooLarge();
    }
    return undefined;
  }

  /** Takes the lines that a session has written and said nothing of. @throws SluiceError transient */
  async readDoubts(
    { tag }: UploadName,
    { pendingSince, lastAt }: OtherSession,
    lines: KnownLines,
    signal: AbortSignal,
  ): Promise<void> {
    const { reader } = this.#options;
    let full = false;
    const take = (record: InRecord) => {
      const found = readUploadHeader(headerText(record, "upload"), tag);
      if (found !== undefined && !lines.set(found.line, found.fingerprint)) full = true;
    };
    const [since, until] = [pendingSince - CLOCKS_MS, lastAt + GONE_MS + CLOCKS_MS];
    for (const topic of LANES.map(requestTopic)) {
      const stretches = await stretchesBetween(reader, topic, since, until);
      await Promise.all(
        stretches.map(({ partition, from, to }) => reader.readRange(topic, partition, from, to, take, signal)),
      );
    }
    if (full) throw tooLarge();
  }
}

/** What the message of a line carries, so that the log itself says which lines it has. */
export function uploadHeader(tag: string, line: number, fingerprint: number): string {
  return `${tag}:${line}:${fingerprint}`;
}

function readUploadHeader(text: string | undefined, tag: string) {
  if (text === undefined || !text.startsWith(`${tag}:`)) return undefined;
  const [line, fingerprint] = text
    .slice(tag.length + 1)
    .split(":")
    .map(Number);
  if (!Number.isInteger(line) || !Number.isInteger(fingerprint)) return undefined;
  return { line: line as number, fingerprint: fingerprint as number };
}

function tooLarge(): SluiceError {
  return new SluiceError("what is known of the upload does not fit into the memory for bodies at the moment", {
    code: "UPLOAD_TOO_LARGE",
    class: "transient",
  });
}
