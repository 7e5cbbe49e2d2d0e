/**
 * Reads what handsets send and writes what it says of their consent: sms.inbound -> sms.consent. Nothing is kept between records: of several
 * words the one said last holds, wherever they stand, so that a record which is read again changes nothing.
 */

import type { SnapshotSource } from "../../../domain/catalog/snapshot.ts";
import { consentIn } from "../../../domain/consent/opt-out-of.ts";
import { SaidTo } from "../../../domain/consent/said-to.ts";
import { destinationForms, parseDestination } from "../../../domain/numbers/destination.ts";
import { consentRecord } from "../../../pipeline/follow/consent-copy.ts";
import { WriterSchemaLoader } from "../../../pipeline/follow/writer-schema-loader.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../../pipeline/records/dead-letter.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Outputs, Transform } from "../../../platform/kafka/transform.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Inbound } from "../../../schemas/generated/types.ts";
import type { OptOutMetrics } from "./opt-out-metrics.ts";

export interface OptOutsOptions {
  readonly codecs: SluiceCodecs;
  /** Of the message topics. */
  readonly partitions: number;
  /** Looked at once for each batch. */
  readonly catalog: SnapshotSource;
  readonly metrics: OptOutMetrics;
  readonly log: Log;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** Characters of a fault's message that a dead letter repeats. */
const MAX_DETAIL = 500;
/** When Sluice got the message is told by whoever took it: a clock that is further ahead than this is not gone by, ms. */
const AHEAD_MS = 60_000;

export class OptOuts implements Transform {
  private readonly options: OptOutsOptions;
  private readonly schemas: WriterSchemaLoader;
  private readonly task: Task;
  private of: SnapshotSource["current"] | undefined;
  private saidTo = new SaidTo([]);

  constructor(task: Task, options: OptOutsOptions) {
    this.task = task;
    this.options = options;
    this.schemas = new WriterSchemaLoader(options.codecs, options.log);
  }

  restore(): Promise<void> {
    return Promise.resolve();
  }

  prepare(records: readonly InRecord[]): Promise<void> | undefined {
    const { current } = this.options.catalog;
    if (current !== this.of) this.saidTo = new SaidTo(current.catalog.accounts);
    this.of = current;
    return this.schemas.load(records, this.task);
  }

  process(record: InRecord, _input: number, out: Outputs): void {
    const { codecs, metrics } = this.options;
    const decoded = record.value === null ? undefined : codecs.inbound.decode(record.value);
    if (decoded?.ok !== true) {
      metrics.unreadable.add();
      out.decide(this.deadLetter(record, "undecodable", decoded?.detail ?? "the record has no value"));
      return;
    }
    for (const said of this.wordsOf(decoded.value, record)) out.decide(said);
  }

  refuse(record: InRecord, error: unknown): OutRecord {
    return this.deadLetter(record, "unprocessable", errorMessage(error).slice(0, MAX_DETAIL));
  }

  state(): string {
    return "";
  }

  /** One for each account that it is said to, and for each spelling of the handset's number. */
  private wordsOf(inbound: Inbound, record: InRecord): OutRecord[] {
    const { codecs, partitions, metrics } = this.options;
    const { from, to, provider } = inbound;
    const state = consentIn(inbound);
    // Nothing is sent to what is no number, so nobody there needs to say stop.
    if (state === undefined || !parseDestination(from).ok) return [];
    metrics.words(state).add();
    // Not when it is read here: read again it must say the same, and not be the later one.
    const at = Math.min(inbound.receivedAt, record.timestamp + AHEAD_MS);
    const said = { state, source: "keyword", at, detail: provider } as const;
    return this.saidTo
      .accountsOf(to)
      .flatMap((accountId) =>
        destinationForms(from).map((destination) =>
          consentRecord(codecs.consent, partitions, { accountId, destination, ...said }),
        ),
      );
  }

  private deadLetter(record: InRecord, reason: string, detail: string): OutRecord {
    const { codecs, now } = this.options;
    return deadLetterRecord(codecs.deadLetter, record, {
      reason,
      detail,
      service: "dlr-collector",
      messageId: null,
      now: now(),
    });
  }
}
