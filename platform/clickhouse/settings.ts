import type { Secret } from "../config/secret.ts";
import { secret, text, url } from "../config/settings.ts";

/** The settings of every program that talks to ClickHouse: `z.object({ ...clickhouseSettings, … })`. */
export const clickhouseSettings = {
  clickhouseUrl: url().default("http://127.0.0.1:18123").describe("ClickHouse: its HTTP interface"),
  clickhouseUser: text().default("default").describe("ClickHouse user"),
  clickhousePassword: secret().optional().describe("Password of the ClickHouse user; none when not set"),
  clickhouseDatabase: text({ pattern: /^[A-Za-z_]\w*$/, allowed: "a database name: letters, digits and _" })
    .default("sluice")
    .describe("ClickHouse database"),
};

/** The parsed `clickhouseSettings`. */
export interface ClickhouseConfig {
  readonly clickhouseUrl: string;
  readonly clickhouseUser: string;
  readonly clickhousePassword?: Secret | undefined;
  readonly clickhouseDatabase: string;
}

/** Where a client connects, and as whom. */
export function clientAddress(config: ClickhouseConfig) {
  return {
    url: config.clickhouseUrl,
    username: config.clickhouseUser,
    password: config.clickhousePassword?.reveal() ?? "",
    database: config.clickhouseDatabase,
  };
}
