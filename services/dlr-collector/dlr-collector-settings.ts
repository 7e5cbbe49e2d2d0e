import { z } from "zod";
import { duration, integer, port, text, url } from "../../platform/config/settings.ts";
import { consumerSettings, kafkaSettings } from "../../platform/kafka/settings.ts";
import { DEFAULT_LIMITS } from "./correlator/correlation-terms.ts";

/** The settings of dlr-collector. */
export const dlrCollectorSettings = z.object({
  ...kafkaSettings,
  ...consumerSettings,
  catalogDir: text().default("infra/local/catalog").describe("Folder with the catalog's files (docs/catalog.md)"),
  httpHost: text().default("127.0.0.1").describe("Address of the server for provider callbacks"),
  httpPort: port({ allowZero: true }).default(18_090).describe("Port of the server for provider callbacks"),
  httpMaxConnections: integer({ min: 1, max: 100_000 })
    .default(1_000)
    .describe("Open connections; further ones are closed at once"),
  webhookPublicUrl: url()
    .optional()
    .describe("Where providers reach this server, as they sign it; default: the origin of each statusCallbackUrl"),
  webhookStoreTimeout: duration({ min: 100, max: 60_000 })
    .default(5_000)
    .describe("How long a callback waits for Kafka before the provider is asked to repeat it"),
  receiptDeadline: duration({ min: 100, max: 30 * 24 * 3_600_000 })
    .optional()
    .describe("Replaces every provider's receiptDeadlineSeconds: after it a message without a receipt is unknown"),
  correlationKeepAfter: duration({ min: 1_000, max: 3_600_000 })
    .default(DEFAULT_LIMITS.keepAfterMs)
    .describe("A message open for longer is kept in sms.correlation, which bounds what a takeover reads back"),
  copyWait: duration({ min: 0, max: 600_000 })
    .default(5_000)
    .describe("How long the copy of a message in doubt waits for an answer or a receipt that comes late"),
  earlyReceipts: integer({ min: 100, max: 1_000_000 })
    .default(DEFAULT_LIMITS.earlyCount)
    .describe("Receipts of one partition that may wait for their submission"),
  inboundPartsTimeout: duration({ min: 1_000, max: 3_600_000 })
    .default(120_000)
    .describe("How long the parts of a long message from a handset are waited for, before it is told without them"),
  receiptIndex: integer({ min: 1_000, max: 10_000_000 })
    .default(20_000)
    .describe("Ids of one partition by which receipts are placed that do not say which number they are of"),
});
