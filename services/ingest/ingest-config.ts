import { z } from "zod";
import { consentSettings } from "../../pipeline/boot/open-consent.ts";
import { clickhouseSettings } from "../../platform/clickhouse/settings.ts";
import { bytes, duration, integer, list, port, text } from "../../platform/config/settings.ts";
import { consumerSettings, kafkaSettings } from "../../platform/kafka/settings.ts";
import { isNetwork } from "./access/source-network.ts";
import { smppSettings } from "./doors/smpp/smpp-settings.ts";

/** The settings of ingest. */
export const ingestConfig = z.object({
  ...kafkaSettings,
  ...consumerSettings,
  ...consentSettings,
  ...smppSettings,
  catalogDir: text()
    .default("infra/local/catalog")
    .describe(
      "Folder with accounts.yaml: who may send, and how fast; and, where they are at hand, with providers.yaml and routes.yaml: from which senders",
    ),
  httpHost: text().default("127.0.0.1").describe("Address of the public HTTP server"),
  httpPort: port({ allowZero: true }).default(18_080).describe("Port of the public HTTP server"),
  httpTrustedProxies: list({
    min: 0,
    item: { test: isNetwork },
    allowed: "addresses and networks, such as 10.0.0.7,10.1.0.0/16, separated by commas",
  })
    .default(["127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"])
    .describe(
      "Proxies whose X-Forwarded-For says where a request comes from, for the bound on wrong keys; from others it is the connection's own address. Default: all private networks",
    ),
  httpMaxConnections: integer({ min: 1, max: 100_000 })
    .default(4_000)
    .describe("Open connections; further ones are closed at once"),
  httpRequestTimeout: duration({ min: 1_000, max: 600_000 })
    .default(30_000)
    .describe("Longest time for a request to arrive whole; of uploads see uploadIdle"),
  uploadIdle: duration({ min: 1_000, max: 600_000 })
    .default(60_000)
    .describe(
      "Longest time in which no line of an upload arrives, or none of its answers is read; then it is ended, and can be taken up again",
    ),
  httpBodyMemory: bytes({ min: 16 * 1024 * 1024 })
    .default(256 * 1024 * 1024)
    .describe(
      "Request bodies held at once by all requests, each message of a batch as 1 KiB at least; beyond it requests are answered 503",
    ),
  acceptTimeout: duration({ min: 100, max: 60_000 })
    .default(5_000)
    .describe("How long a request waits for Kafka's acknowledgement before it is answered 503"),
  recentMessages: integer({ min: 1, max: 5_000_000 })
    .default(200_000)
    .describe("Accepted messages remembered for a minute, for status look-ups before analytics has them"),
  idempotencyKeys: integer({ min: 1, max: 5_000_000 })
    .default(200_000)
    .describe(
      "Idempotency keys of the last minute that are remembered in memory, before the copy of all instances' keys on disk has them",
    ),
  ...clickhouseSettings,
});
