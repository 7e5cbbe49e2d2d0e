import { z } from "zod";
import { consentSettings } from "../../pipeline/boot/open-consent.ts";
import { text } from "../../platform/config/settings.ts";
import { consumerSettings, kafkaSettings } from "../../platform/kafka/settings.ts";

/** The settings of router. */
export const routerSettings = z.object({
  ...kafkaSettings,
  ...consumerSettings,
  ...consentSettings,
  catalogDir: text().default("infra/local/catalog").describe("Folder with the catalog's files (docs/catalog.md)"),
});
