import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

/** Where the cluster keeps what is its own. */
interface State {
  readonly stateDir: string;
}

/**
 * Who may ask the local cluster's ClickHouse. `sluice`: the services and the migration. `reader`: people and their tools, who read
 * the analytics and nothing else. Each has a password of its own, made at the first start and kept in the state folder.
 */
export type ClickhouseUser = "sluice" | "reader";

export interface ClickhouseLogin {
  readonly username: string;
  readonly password: string;
}

const SECRETS = "secrets";
/** 192 bits. */
const PASSWORD_BYTES = 24;

export const secretsDir = (config: State): string => resolve(config.stateDir, SECRETS);

/** Holds the password and nothing else. */
export const passwordFile = (config: State, user: ClickhouseUser): string =>
  resolve(secretsDir(config), `clickhouse-${user}`);

/** For `curl --netrc-file`, so that a password stands in no command line. */
export const netrcFile = (config: State, user: ClickhouseUser): string =>
  resolve(secretsDir(config), `clickhouse-${user}.netrc`);

/** Makes the passwords that are not there yet. Readable for this user alone, whoever made the folder. */
export function ensurePasswords(config: State): void {
  mkdirSync(secretsDir(config), { recursive: true, mode: 0o700 });
  chmodSync(secretsDir(config), 0o700);
  for (const user of ["sluice", "reader"] as const) {
    const file = passwordFile(config, user);
    if (!existsSync(file)) writePrivate(file, randomBytes(PASSWORD_BYTES).toString("base64url"));
    const { password } = clickhouseLogin(config, user);
    writePrivate(netrcFile(config, user), `machine 127.0.0.1 login ${user} password ${password}\n`);
  }
}

/** The password is there once the cluster has started. */
export function clickhouseLogin(config: State, user: ClickhouseUser): ClickhouseLogin {
  return { username: user, password: readFileSync(passwordFile(config, user), "utf8").trim() };
}

/** As headers of ClickHouse's HTTP interface. */
export const loginHeaders = ({ username, password }: ClickhouseLogin): Record<string, string> => ({
  "X-ClickHouse-User": username,
  "X-ClickHouse-Key": password,
});

/** How people reach the analytics, for the end of `up` and `status`. */
export const howToAsk = (config: State, url: string): string =>
  [
    `SQL: curl --netrc-file ${netrcFile(config, "reader")} '${url}/?database=sluice' --data-binary 'SELECT count() FROM events'`,
    `     ${url}/play, user reader, password in ${passwordFile(config, "reader")}`,
  ].join("\n");

/** Whole or not at all, and never readable for others in between. */
function writePrivate(file: string, text: string): void {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
