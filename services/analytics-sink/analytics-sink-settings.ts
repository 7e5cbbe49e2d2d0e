import { z } from "zod";
import { clickhouseSettings } from "../../platform/clickhouse/settings.ts";
import { bool, bytes, duration, integer, text } from "../../platform/config/settings.ts";
import { consumerSettings, kafkaSettings, repeatSettings } from "../../platform/kafka/settings.ts";

/** The settings of analytics-sink. */
export const analyticsSinkSettings = z.object({
  ...kafkaSettings,
  ...consumerSettings,
  ...clickhouseSettings,
  sinkMaxRows: integer({ min: 1, max: 1_000_000 }).default(20_000).describe("Rows of a block at the most"),
  sinkMaxBytes: bytes({ min: 65_536, max: 256 << 20 })
    .default(8 << 20)
    .describe("Size of a block at the most; two for each partition owned can be held at one time"),
  sinkMaxAge: duration({ min: 10, max: 60_000 })
    .default(5_000)
    .describe(
      "Age of a block's first event before it is inserted, twice that where a quarter of its rows are there by then; shorter costs ClickHouse more",
    ),
  ...repeatSettings,
  sinkInsertTimeout: duration({ min: 1_000, max: 600_000 })
    .default(30_000)
    .describe(
      "How long an insert may take before it is repeated; ClickHouse drops the repeat of one that it completes",
    ),
  conversionWait: duration({ min: 1_000, max: 6 * 3_600_000 })
    .default(900_000)
    .describe(
      "How old a message is when what was told of its conversion counts for its provider; longer than applications wait before they tell that it was not done",
    ),
  abnormalTraffic: bool()
    .default(true)
    .describe("Whether one of the instances watches the traffic for what is abnormal: sms.abnormal"),
  abnormalHistory: duration({ min: 3_600_000, max: 90 * 86_400_000 })
    .default(28 * 86_400_000)
    .describe("How far back the watch for abnormal traffic learns from ClickHouse when it begins what is usual"),
  catalogDir: text().default("infra/local/catalog").describe("Folder with the catalog's files (docs/catalog.md)"),
  sinkInserts: integer({ min: 1, max: 64 }).default(4).describe("Inserts at one time at the most"),
});
