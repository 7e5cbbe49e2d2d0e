import { z } from "zod";
import { clickhouseSettings } from "../../platform/clickhouse/settings.ts";
import { bool, duration, integer, list, oneOf, port, secret, text } from "../../platform/config/settings.ts";
import { kafkaSettings, topicSettings } from "../../platform/kafka/settings.ts";
import { PAGE_ENTRY } from "./alerts/metrics-pages.ts";

/** The settings of the console. */
export const consoleSettings = z.object({
  ...kafkaSettings,
  ...topicSettings,
  catalogDir: text()
    .default("infra/local/catalog")
    .describe("Folder with the catalog's files, for as long as no version has been applied"),
  httpHost: text().default("127.0.0.1").describe("Address of the page's server"),
  httpPort: port({ allowZero: true }).default(18_100).describe("Port of the page's server"),
  httpMaxConnections: integer({ min: 10, max: 100_000 })
    .default(1_000)
    .describe("Open connections; further ones are closed at once"),
  consoleUsersFile: text().optional().describe("File with those who may log in by name and password (docs/console.md)"),
  consoleLoginFile: text()
    .default(".sluice/secrets/console-login")
    .describe("File of the one-time login that `make up` prints; it is removed when it is used"),
  consoleSecureCookies: bool()
    .default(false)
    .describe("Whether browsers reach the console by https: the session's cookie is then sent no other way"),
  consoleSession: duration({ min: 60_000, max: 30 * 24 * 3_600_000 })
    .default(12 * 3_600_000)
    .describe("A session that was not used for so long ends; an open page uses it"),
  consoleClients: integer({ min: 1, max: 10_000 })
    .default(200)
    .describe("Open pages that are told of changes at once; further ones ask again"),
  consoleMetrics: list({
    item: PAGE_ENTRY,
    allowed: "entries such as router=http://router:9464/metrics, with commas between",
  })
    .optional()
    .describe(
      "Metrics pages that alert rules are evaluated on, by service; a name that stands for several addresses is each of them. Not set: no alerts",
    ),
  consoleAlertInterval: duration({ min: 1_000, max: 300_000 })
    .default(15_000)
    .describe("How often these pages are read and the rules evaluated"),
  consoleAlertUrl: secret()
    .optional()
    .describe("Address that is called when an alert fires and when it is over; not set: none is"),
  consoleAlertShape: oneOf(["webhook", "slack"])
    .default("webhook")
    .describe("What is sent there: the shape of Alertmanager's webhooks, or a text as Slack takes it"),
  ...clickhouseSettings,
});
