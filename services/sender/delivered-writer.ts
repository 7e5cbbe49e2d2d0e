import type { SmppProvider } from "../../domain/catalog/provider.ts";
import { idFormatsOf } from "../../domain/catalog/provider.ts";
import type { Acknowledge } from "../../domain/smpp/client.ts";
import { commandStatus } from "../../domain/smpp/command-status.ts";
import type { DeliverSmPdu } from "../../domain/smpp/pdu.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import type { SluiceCodecs } from "../../schemas/codecs.ts";
import { INBOUND_TOPIC, RECEIPTS_TOPIC } from "../../schemas/topics.ts";
import { readDeliverSm } from "./deliver-sm.ts";
import type { SenderMetrics } from "./sender-metrics.ts";

export interface DeliveredWriterOptions {
  readonly provider: SmppProvider;
  readonly codecs: Pick<SluiceCodecs, "receipt" | "inbound">;
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
  private records: OutRecord[] = [];
  private acknowledges: Acknowledge[] = [];

  constructor(options: DeliveredWriterOptions) {
    this.options = options;
    this.idFormat = idFormatsOf(options.provider).receipt;
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
    this.records.push(delivered.kind === "receipt" ? this.receipt(delivered) : this.inbound(delivered));
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

  private receipt({ receipt }: Extract<ReturnType<typeof readDeliverSm>, { kind: "receipt" }>): OutRecord {
    const { codecs, partitions } = this.options;
    return {
      topic: RECEIPTS_TOPIC,
      partition: partitionFor(receipt.to, partitions),
      key: receipt.to,
      value: codecs.receipt.encode(receipt),
      headers: { id: `${receipt.provider}/${receipt.providerMessageId}/${receipt.state}` },
    };
  }

  private inbound({ inbound }: Extract<ReturnType<typeof readDeliverSm>, { kind: "inbound" }>): OutRecord {
    const { codecs, partitions } = this.options;
    return {
      topic: INBOUND_TOPIC,
      partition: partitionFor(inbound.from, partitions),
      key: inbound.from,
      value: codecs.inbound.encode(inbound),
    };
  }
}
