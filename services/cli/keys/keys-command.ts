import { parseArgs } from "node:util";
import { z } from "zod";
import { accessKeySchema, SCOPES, type Scope } from "../../../domain/catalog/access-key.ts";
import { kebabId } from "../../../domain/catalog/fields.ts";
import { OpenCatalogTopic } from "../../../pipeline/control/catalog-topic.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { kafkaSettings } from "../../../platform/kafka/settings.ts";
import { understood } from "../arguments.ts";
import { type Command, type CommandHost, UsageError } from "../command.ts";
import { keysOf, keyTable } from "./key-table.ts";
import { type KeyTerms, newKey } from "./new-key.ts";

const HELP = `usage: sluice keys create <account> [options]
       sluice keys list [<account>]
The keys by which accounts are let in (docs/security.md). Only their hashes stand in the catalog.
create  makes a key out of random numbers, and prints it, this once, and the line for accounts.yaml that lets it in. Nothing is
        written and nobody is let in before that line has been applied (sluice apply).
  --name <name>       by which logs tell of it; default key- and the day: lower-case letters and digits in words joined by single hyphens
  --scopes <list>     what it is good for, of ${SCOPES.join(", ")}; default all
  --expires <time>    from when on it lets nobody in: a day (2027-01-31, as it begins in UTC), or a time with its zone
  --smpp              a password of eight characters, for SMPP clients that take no longer ones; it is good for SMPP alone
  --json              both as JSON
list    the keys in the catalog at work, of all accounts or of one: their names, scopes and ends
To replace a key: create one, put its line beside the old one's and apply, have the application use it, take the old one's line out and apply.
Exit code 2 when Kafka or the registry cannot be asked, 64 for arguments that it does not understand.`;

const settings = z.object({ ...kafkaSettings });

/** `sluice keys`. */
export const keysCommand: Command = {
  summary: "keys of accounts: makes one, lists them",
  help: HELP,
  async run(args, host) {
    const { values, positionals } = understood(() => parse(args));
    const [action, account, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`one account, not ${more.length + 1}`);
    if (action === "create") return create(account, values, host);
    if (action === "list") return await list(account, values, host);
    throw new UsageError(action === undefined ? "create or list is needed" : `no action ${action}`);
  },
};

type Values = ReturnType<typeof parse>["values"];

function create(account: string | undefined, values: Values, { print, tell }: CommandHost): number {
  if (account === undefined) throw new UsageError("create needs the account's id");
  if (!kebabId.safeParse(account).success) throw new UsageError(`${account} is no id of an account`);
  const terms = termsOf(values);
  const { secret, entry } = newKey(terms);
  if (values.json) {
    print(JSON.stringify({ account, key: secret, entry }));
    return 0;
  }
  const list = terms.smpp ? "smpp.passwords" : "apiKeys";
  tell(`The ${terms.smpp ? "password" : "key"} of ${account}. It is shown this once, and kept nowhere:`);
  print(secret);
  tell(`Its line for accounts.yaml, under ${list} of ${account}; then: sluice apply`);
  print(entry);
  return 0;
}

/** @throws UsageError naming the option */
function termsOf({ name, scopes, expires, smpp = false }: Values): KeyTerms {
  const terms: KeyTerms = {
    name: name ?? `key-${new Date().toISOString().slice(0, 10).replaceAll("-", "")}`,
    scopes: scopes?.split(",").map((scope) => scope.trim() as Scope),
    expires,
    smpp,
  };
  // As the catalog would read it.
  const read = accessKeySchema("key").safeParse({
    ...{ id: terms.name, sha256: "0".repeat(64) },
    ...(terms.scopes === undefined ? {} : { scopes: terms.scopes }),
    ...(expires === undefined ? {} : { expires }),
  });
  if (read.success) {
    if (read.data.expires !== undefined && read.data.expires <= Date.now())
      throw new UsageError(`--expires ${expires}: lies in the past`);
    return terms;
  }
  const [{ path, message }] = read.error.issues as [z.core.$ZodIssue];
  const option = path[0] === "id" ? "name" : String(path[0]);
  const asked = option === "scopes" ? `${SCOPES.join(", ")}, separated by commas, none twice` : message;
  const given: Readonly<Record<string, string | undefined>> = { name, scopes, expires };
  throw new UsageError(`--${option} ${given[option]}: ${asked}`);
}

async function list(account: string | undefined, given: Values, host: CommandHost): Promise<number> {
  const stray = Object.keys(given)[0];
  if (stray !== undefined) throw new UsageError(`--${stray} means nothing with list`);
  const config = readConfig("sluice", settings, host.env, ["SLUICE_*"]);
  const topic = await OpenCatalogTopic.open(config);
  try {
    const { current } = await topic.read();
    if (current === undefined) {
      host.tell("No version has been applied; the keys are those of each service's own files.");
      return 0;
    }
    const keys = keysOf(current.source.accounts, account);
    if (keys.length === 0)
      host.tell(account === undefined ? "No account has a key." : `No account ${account} with a key.`);
    else host.print(keyTable(keys, Date.now()));
    return 0;
  } finally {
    await topic.close();
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: "string" },
      scopes: { type: "string" },
      expires: { type: "string" },
      smpp: { type: "boolean" },
      json: { type: "boolean" },
    },
  });
}
