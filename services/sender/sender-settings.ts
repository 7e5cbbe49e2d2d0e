import { z } from "zod";
import { consentSettings } from "../../pipeline/boot/open-consent.ts";
import { list, text } from "../../platform/config/settings.ts";
import { consumerSettings, kafkaSettings } from "../../platform/kafka/settings.ts";

/** The settings of sender. */
export const senderSettings = z.object({
  ...kafkaSettings,
  ...consumerSettings,
  ...consentSettings,
  catalogDir: text().default("infra/local/catalog").describe("Folder with the catalog's files (docs/catalog.md)"),
  senderJournalDir: text()
    .optional()
    .describe(
      "Folder on this machine in which senders note what they hand over, so that one that is killed and comes back here sends less a second time. Local disk or memory; without it nothing is noted",
    ),
  providers: list().optional().describe("Providers that this process sends to; by default all of the catalog"),
});
