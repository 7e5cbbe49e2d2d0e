import { z } from "zod";
import { list, text } from "../../platform/config/settings.ts";
import { consumerSettings, kafkaSettings } from "../../platform/kafka/settings.ts";

/** The settings of sender. */
export const senderSettings = z.object({
  ...kafkaSettings,
  ...consumerSettings,
  catalogDir: text()
    .default("infra/local/catalog")
    .describe("Folder with accounts.yaml, providers.yaml and routes.yaml"),
  providers: list().optional().describe("Providers that this process sends to; by default all of the catalog"),
});
