import type { SmppProvider } from "../../domain/catalog/provider.ts";
import { idFormatsOf } from "../../domain/catalog/provider.ts";
import type { SubmittedNumbers } from "../../domain/receipts/handset-address.ts";
import type { IdFormat } from "../../domain/receipts/provider-message-id.ts";
import type { Acknowledge } from "../../domain/smpp/client.ts";
import { commandStatus } from "../../domain/smpp/command-status.ts";
import type { DeliverSmPdu } from "../../domain/smpp/pdu.ts";
import { type DeliveredCodecs, DeliveredRecords, inboundId } from "../../pipeline/records/delivered-records.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import { type Delivered, type DeliverTerms, readDeliverSm } from "./deliver-sm.ts";
import { RecentIds } from "./recent-ids.ts";
import type { SenderMetrics } from "./sender-metrics.ts";

export interface DeliveredWriterOptions {
  readonly provider: SmppProvider;
  readonly codecs: DeliveredCodecs;
  readonly producer: Pick<RecordProducer, "send" | "hasRoom">;
  /** Of the message topics. */
  readonly partitions: number;
  readonly metrics: SenderMetrics;
  readonly now: () => number;
  /** The numbers that the provider was given. */
  readonly known?: SubmittedNumbers;
}

/** What is delivered again comes within some minutes; longer, and a handset may have counted round to the same reference. */
const REPEATED_MS = 300_000;
const REPEATS = 2_000;

/** A record on its way into Kafka, and who waits for it. */
interface Waiting {
  readonly record: OutRecord;
  /** Of an inbound message. */
  readonly id: string | undefined;
  readonly isPart: boolean;
  readonly acknowledges: Acknowledge[];
}

/**
 * Puts receipts and inbound messages into Kafka, those of one turn of the event loop in one write, and acknowledges a
 * deliver_sm when its record is stored. When it cannot be stored the SMSC is asked to send it again later. The status says
 * whether the PDU was taken, not whether its content is liked: nothing is refused.
 */
export class DeliveredWriter {
  private readonly options: DeliveredWriterOptions;
  private readonly idFormat: IdFormat;
  private readonly build: DeliveredRecords;
  private terms: DeliverTerms;
  private batch: Waiting[] = [];
  /** Parts that are being stored, by id. */
  private readonly storing = new Map<string, Waiting>();
  /** Parts that are stored: the handset numbers them, so the same once more is a repeat. */
  private readonly storedParts = new RecentIds(REPEATS, REPEATED_MS);
  /** Whole messages that are stored and whose acknowledgement found no link any more: they come once again. */
  private readonly unacknowledged = new RecentIds(REPEATS, REPEATED_MS);

  constructor(options: DeliveredWriterOptions) {
    this.options = options;
    this.idFormat = idFormatsOf(options.provider).receipt;
    this.build = new DeliveredRecords(options.codecs, options.partitions);
    const { country, defaultAlphabet, networkTlvs } = options.provider.smpp;
    this.terms = {
      country,
      defaultAlphabet,
      networkTlvs,
      ...(options.known === undefined ? {} : { known: options.known }),
    };
  }

  take(pdu: DeliverSmPdu, acknowledge: Acknowledge): void {
    const { provider, producer, metrics, now } = this.options;
    if (!producer.hasRoom) {
      acknowledge(commandStatus.ESME_RX_T_APPN);
      return;
    }
    const delivered = readDeliverSm(pdu, provider.id, this.idFormat, now(), this.terms);
    if (delivered.kind === "receipt") {
      metrics.delivered(delivered.placed ? "receipt" : "unplaced").add();
      this.add({ record: this.receipt(delivered), id: undefined, isPart: false, acknowledges: [acknowledge] });
      return;
    }
    const { inbound } = delivered;
    const id = inboundId(inbound);
    if (this.isRepeat(id, inbound.part !== null, acknowledge)) {
      metrics.delivered("repeat").add();
      return;
    }
    metrics.delivered("inbound").add();
    const record = this.build.inbound(inbound, id);
    this.add({ record, id, isPart: inbound.part !== null, acknowledges: [acknowledge] });
  }

  private receipt({ receipt, placed, stateUnread, handset }: Extract<Delivered, { kind: "receipt" }>): OutRecord {
    if (stateUnread) this.options.metrics.unreadStates.add();
    if (handset !== undefined && handset !== this.terms.usualHandset)
      this.terms = { ...this.terms, usualHandset: handset };
    return placed ? this.build.receipt(receipt) : this.build.unplaced(receipt);
  }

  /** A repeat is acknowledged when the first is stored. */
  private isRepeat(id: string, isPart: boolean, acknowledge: Acknowledge): boolean {
    const now = this.options.now();
    const first = isPart ? this.storing.get(id) : undefined;
    if (first !== undefined) {
      first.acknowledges.push(acknowledge);
      return true;
    }
    const stored = isPart ? this.storedParts.has(id, now) : this.unacknowledged.take(id, now);
    if (stored) acknowledge();
    return stored;
  }

  private add(waiting: Waiting): void {
    this.batch.push(waiting);
    if (waiting.isPart) this.storing.set(waiting.id!, waiting);
    if (this.batch.length === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const { batch } = this;
    this.batch = [];
    this.options.producer.send(batch.map(({ record }) => record)).then(
      () => {
        for (const waiting of batch) this.stored(waiting);
      },
      () => {
        for (const { id, isPart, acknowledges } of batch) {
          if (isPart) this.storing.delete(id!);
          for (const acknowledge of acknowledges) acknowledge(commandStatus.ESME_RX_T_APPN);
        }
      },
    );
  }

  private stored({ id, isPart, acknowledges }: Waiting): void {
    let heard = true;
    for (const acknowledge of acknowledges) heard = acknowledge() && heard;
    if (id === undefined) return;
    const now = this.options.now();
    if (isPart) {
      this.storing.delete(id);
      this.storedParts.note(id, now);
    } else if (!heard) this.unacknowledged.note(id, now);
  }
}
