import type { SmppProvider } from "../../domain/catalog/provider.ts";
import { idFormatsOf } from "../../domain/catalog/provider.ts";
import type { Acknowledge } from "../../domain/smpp/client.ts";
import { commandStatus } from "../../domain/smpp/command-status.ts";
import type { DeliverSmPdu } from "../../domain/smpp/pdu.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import { type DeliveredCodecs, DeliveredRecords } from "../../schemas/delivered-records.ts";
import { readDeliverSm } from "./deliver-sm.ts";
import type { SenderMetrics } from "./sender-metrics.ts";

export interface DeliveredWriterOptions {
  readonly provider: SmppProvider;
  readonly codecs: DeliveredCodecs;
  readonly producer: Pick<RecordProducer, "send" | "hasRoom">;
  /** Of the message topics. */
  readonly partitions: number;
  readonly metrics: SenderMetrics;
  readonly now: () => number;
}

/**
 * Puts receipts and inbound messages into Kafka, those of one turn of the event loop in one write, and acknowledges a
 * deliver_sm when its record is stored. When it cannot be stored the SMSC is asked to send it again later.
 */
export class DeliveredWriter {
  private readonly options: DeliveredWriterOptions;
  private readonly idFormat: "as-is" | "hex" | "decimal";
  private readonly build: DeliveredRecords;
  private records: OutRecord[] = [];
  private acknowledges: Acknowledge[] = [];

  constructor(options: DeliveredWriterOptions) {
    this.options = options;
    this.idFormat = idFormatsOf(options.provider).receipt;
    this.build = new DeliveredRecords(options.codecs, options.partitions);
  }

  take(pdu: DeliverSmPdu, acknowledge: Acknowledge): void {
    const { provider, producer, metrics, now } = this.options;
    if (!producer.hasRoom) {
      acknowledge(commandStatus.ESME_RX_T_APPN);
      return;
    }
    const delivered = readDeliverSm(pdu, provider.id, this.idFormat, now());
    metrics.delivered(delivered.kind).add();
    if (delivered.kind === "unusable") {
      acknowledge(commandStatus.ESME_RX_P_APPN);
      return;
    }
    this.records.push(
      delivered.kind === "receipt"
        ? this.build.receipt(delivered.receipt)
        : this.build.inbound(delivered.inbound, undefined),
    );
    this.acknowledges.push(acknowledge);
    if (this.records.length === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const { records, acknowledges } = this;
    this.records = [];
    this.acknowledges = [];
    this.options.producer.send(records).then(
      () => {
        for (const acknowledge of acknowledges) acknowledge();
      },
      () => {
        for (const acknowledge of acknowledges) acknowledge(commandStatus.ESME_RX_T_APPN);
      },
    );
  }
}
