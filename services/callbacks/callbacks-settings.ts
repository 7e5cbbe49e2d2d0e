import { z } from "zod";
import { storeSettings } from "../../pipeline/boot/open-store.ts";
import { duration, list, text } from "../../platform/config/settings.ts";
import { isRange } from "../../platform/http/address-guard.ts";
import { consumerSettings, kafkaSettings } from "../../platform/kafka/settings.ts";

/** The settings of callbacks. */
export const callbacksSettings = z.object({
  ...kafkaSettings,
  ...consumerSettings,
  ...storeSettings,
  catalogDir: text().default("infra/local/catalog").describe("Folder with the catalog's files (docs/catalog.md)"),
  callbackAllow: list({
    min: 0,
    item: { test: isRange },
    allowed: "ranges of addresses such as 10.1.0.0/16, separated by commas",
  })
    .default([])
    .describe(
      "Addresses that callbacks may go to although they are not for the public: ranges such as 10.1.0.0/16,fd00::/8. Default: none",
    ),
  callbackGiveUp: duration({ min: 60_000, max: 7 * 24 * 3_600_000 })
    .default(24 * 3_600_000)
    .describe("How long a callback is tried before it goes to the dead letters"),
});
