import { setTimeout as sleep } from "node:timers/promises";
import { messageIdOfRequest } from "../../../domain/message/message-id.ts";
import { inFewerSegments } from "../../../domain/text/fewer-segments.ts";
import type { WriterSchemaLoader } from "../../../pipeline/follow/writer-schema-loader.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { implausibleRetry } from "../../../pipeline/records/plausible.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Attempt, Event } from "../../../schemas/generated/types.ts";
import { DUE_TOPIC, LANES, RETRY_DELAYS, requestTopic, retryTopic } from "../../../schemas/topics.ts";

/** What only the record of a request or retry says. */
export interface RequestText {
  readonly text: string;
  readonly tried: readonly Attempt[];
}

export interface RequestTextsOptions {
  readonly reader: Pick<TopicReader, "readRange">;
  readonly codecs: Pick<SluiceCodecs, "request" | "retry">;
  readonly schemas: WriterSchemaLoader;
}

/** Records between two that are wanted which are read along, where asking a second time would cost more. */
const READ_ALONG = 500;
/** A task that was lost is noticed so soon while it reads, ms. */
const ALIVE_MS = 500;

const REQUESTS: ReadonlySet<string> = new Set(LANES.map(requestTopic));
const SOURCES: ReadonlySet<string> = new Set([...REQUESTS, ...RETRY_DELAYS.map(retryTopic), DUE_TOPIC]);

/**
 * Texts of messages that go to another provider, read again where the router read them: events have none, and to hold
 * each until its receipt comes would cost far more than the few that are wanted.
 */
export class RequestTexts {
  private readonly options: RequestTextsOptions;
  /** By the place that a `rerouted` event names; for the batch at hand. */
  private readonly found = new Map<string, InRecord>();

  constructor(options: RequestTextsOptions) {
    this.options = options;
  }

  /** Reads what these `rerouted` events name; what is not in the log any more is not found. */
  async load(events: readonly Event[], task: Task): Promise<void> {
    this.found.clear();
    const wanted = new Map<string, Set<number>>();
    for (const { source } of events) {
      const place = source === null ? undefined : parsePlace(source);
      if (place === undefined || place.partition !== task.partition) continue;
      const offsets = wanted.get(place.topic);
      if (offsets === undefined) wanted.set(place.topic, new Set([place.offset]));
      else offsets.add(place.offset);
    }
    const read = Promise.all([...wanted].map(([topic, offsets]) => this.read(topic, offsets, task.partition)));
    await Promise.race([read, untilLost(task, read)]);
    await this.options.schemas.load([...this.found.values()], task);
  }

  /** Of the last `load`: undefined when the record is gone, or is that of another message. */
  textOf({ source, facts }: Event): RequestText | undefined {
    const record = source === null ? undefined : this.found.get(source);
    if (record === undefined || record.value === null || source === null) return undefined;
    const { codecs } = this.options;
    if (!REQUESTS.has(record.topic)) {
      const retry = codecs.retry.decode(record.value);
      if (!retry.ok || implausibleRetry(retry.value) !== undefined) return undefined;
      const { facts: of, text, tried } = retry.value;
      return of.messageId === facts.messageId && of.to === facts.to ? { text, tried } : undefined;
    }
    const request = codecs.request.decode(record.value);
    if (!request.ok) return undefined;
    // A topic that was created anew has other messages at the same places.
    const { accountId, messageId, text } = request.value;
    const id = messageIdOfRequest({ accountId, messageId, destination: facts.to, place: source });
    if (id !== facts.messageId) return undefined;
    // As the router read it.
    return { text: facts.segmentsSaved > 0 ? inFewerSegments(text).text : text, tried: [] };
  }

  private async read(topic: string, offsets: ReadonlySet<number>, partition: number): Promise<void> {
    for (const [from, to] of stretches(offsets))
      await this.options.reader.readRange(topic, partition, from, to, (record) => {
        if (!offsets.has(record.offset)) return;
        // A copy, so that the whole fetch is not held by one record.
        const value = record.value === null ? null : Buffer.from(record.value);
        this.found.set(`${topic}/${partition}/${record.offset}`, { ...record, value });
      });
  }
}

/** Ranges [from, to) that hold all of these, with not too much between them. */
function stretches(offsets: ReadonlySet<number>): [number, number][] {
  const found: [number, number][] = [];
  for (const offset of [...offsets].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && offset - last[1] <= READ_ALONG) last[1] = offset + 1;
    else found.push([offset, offset + 1]);
  }
  return found;
}

/** Resolves when the task is no longer ours, or the reading has ended. */
async function untilLost(task: Task, read: Promise<unknown>): Promise<void> {
  let reading = true;
  const ended = () => {
    reading = false;
  };
  read.then(ended, ended);
  while (reading && task.alive) await sleep(ALIVE_MS, undefined, { ref: false });
}

function parsePlace(place: string): { topic: string; partition: number; offset: number } | undefined {
  const match = /^(.+)\/(\d{1,6})\/(\d{1,15})$/.exec(place);
  if (match === null || !SOURCES.has(match[1]!)) return undefined;
  return { topic: match[1]!, partition: Number(match[2]), offset: Number(match[3]) };
}
