import { Agent } from "node:https";
import type { ClickHouseClientConfigOptions } from "@clickhouse/client";
import type { Secret } from "../config/secret.ts";
import { secret, text, url } from "../config/settings.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { connectionHint } from "../tls/connection-hint.ts";
import { readTls } from "../tls/tls-files.ts";

/** The settings of every program that talks to ClickHouse: `z.object({ ...clickhouseSettings, … })`. */
export const clickhouseSettings = {
  clickhouseUrl: url().default("http://127.0.0.1:18123").describe("ClickHouse: its HTTP interface"),
  clickhouseUser: text().default("default").describe("ClickHouse user"),
  clickhousePassword: secret().optional().describe("Password of the ClickHouse user; none when not set"),
  clickhouseDatabase: text({ pattern: /^[A-Za-z_]\w*$/, allowed: "a database name: letters, digits and _" })
    .default("sluice")
    .describe("ClickHouse database"),
  clickhouseTlsCa: text()
    .optional()
    .describe(
      "File with the certificates of the authorities that ClickHouse's may be of, PEM, for an https: URL; those that Node.js knows when not set",
    ),
  clickhouseTlsCert: text()
    .optional()
    .describe("File with our own certificate and its chain, PEM, for a ClickHouse that asks for one"),
  clickhouseTlsKey: text().optional().describe("File with the key of that certificate, PEM without a passphrase"),
};

/** The parsed `clickhouseSettings`. */
export interface ClickhouseConfig {
  readonly clickhouseUrl: string;
  readonly clickhouseUser: string;
  readonly clickhousePassword?: Secret | undefined;
  readonly clickhouseDatabase: string;
  readonly clickhouseTlsCa?: string | undefined;
  readonly clickhouseTlsCert?: string | undefined;
  readonly clickhouseTlsKey?: string | undefined;
}

/** What the client is given beside an address: nothing where Node.js's own authorities are enough. */
export type ClickhouseTransport = Pick<ClickHouseClientConfigOptions, "http_agent" | "tls">;

const TLS = "SLUICE_CLICKHOUSE_TLS";
const SETTINGS = {
  address: "SLUICE_CLICKHOUSE_URL",
  tls: TLS,
  login: "SLUICE_CLICKHOUSE_USER and _PASSWORD",
};

/** What to look at when ClickHouse does not let in, in words, after a colon; nothing where the fault does not tell. */
export function clickhouseHint(error: unknown): string {
  const hint = connectionHint(error, SETTINGS);
  return hint === undefined ? "" : `: ${hint}`;
}

/** Where a client connects, and as whom. @throws SluiceError `CONFIG_INVALID`, `TLS_INVALID` (permanent) naming the setting */
export function clientAddress(config: ClickhouseConfig) {
  return {
    ...transportOf(config),
    url: config.clickhouseUrl,
    username: config.clickhouseUser,
    password: config.clickhousePassword?.reveal() ?? "",
    database: config.clickhouseDatabase,
  };
}

/** As many as the client itself opens; whoever asks bounds how much is asked at once. */
const MOST_CONNECTIONS = 10;

/**
 * How it is connected to. Without a password a certificate of ours is the login (ClickHouse's ssl_certificate users), which the client then says; with one the
 * certificate is for the connection alone, since ClickHouse takes no two logins.
 */
function transportOf(config: ClickhouseConfig): ClickhouseTransport {
  const {
    clickhouseUrl,
    clickhousePassword,
    clickhouseTlsCa: ca,
    clickhouseTlsCert: cert,
    clickhouseTlsKey: key,
  } = config;
  if ((ca ?? cert ?? key) === undefined) return {};
  if (!clickhouseUrl.startsWith("https:"))
    throw new SluiceError(`${TLS}_… are given, and SLUICE_CLICKHOUSE_URL is not https:`, { code: "CONFIG_INVALID" });
  const files = readTls({ ca, cert, key }, TLS);
  if (files.cert === undefined && files.ca !== undefined) return { tls: { ca_cert: Buffer.from(files.ca) } };
  if (clickhousePassword !== undefined)
    return { http_agent: new Agent({ ...files, keepAlive: true, maxSockets: MOST_CONNECTIONS }) };
  if (files.ca === undefined)
    throw new SluiceError(`${TLS}_CERT without a password needs ${TLS}_CA beside it`, { code: "CONFIG_INVALID" });
  const own = { cert: Buffer.from(files.cert!), key: Buffer.from(files.key!) };
  return { tls: { ca_cert: Buffer.from(files.ca), ...own } };
}
