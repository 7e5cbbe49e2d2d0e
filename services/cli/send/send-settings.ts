import { z } from "zod";
import { secret, url } from "../../../platform/config/settings.ts";

/** The settings of `sluice send`. */
export const sendSettings = z.object({
  apiUrl: url().default("http://127.0.0.1:18080").describe("Address of ingest's HTTP interface"),
  apiKey: secret()
    .optional()
    .describe("The account's API key; it is never given as an argument, which others on the machine can read"),
});
