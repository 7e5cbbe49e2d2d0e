import { parseArgs } from "node:util";
import { ALL_ACCOUNTS, type ConsentState } from "../../../domain/consent/consent-word.ts";
import { parseDestination } from "../../../domain/numbers/destination.ts";
import { readTime, understood } from "../arguments.ts";
import { UsageError } from "../command.ts";

/** What `sluice suppressions` is to do. */
export type SuppressionArguments =
  | {
      readonly action: "import";
      readonly file: string;
      /** `*`: for all accounts; undefined: the file says. */
      readonly account: string | undefined;
      readonly state: ConsentState;
      readonly at: number | undefined;
      readonly validOnly: boolean;
      /** Whether opt-ins take the place of what recipients have said. */
      readonly liftRecipients: boolean;
      readonly dryRun: boolean;
    }
  | { readonly action: "export"; readonly account: string | undefined; readonly everything: boolean }
  | { readonly action: "show"; readonly number: string; readonly json: boolean };

const ACCOUNT = /^[a-z][a-z0-9-]{0,39}$/;

/** @throws UsageError naming the argument */
export function readSuppressionArguments(args: readonly string[]): SuppressionArguments {
  const [action, ...rest] = args;
  if (action === "import") return readImport(rest);
  if (action === "export") return readExport(rest);
  if (action === "show") return readShow(rest);
  throw new UsageError(action === undefined ? "import, export or show?" : `no action ${action}: import, export, show`);
}

function readImport(args: readonly string[]): SuppressionArguments {
  const { values, positionals } = understood(() =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        account: { type: "string" },
        "all-accounts": { type: "boolean", default: false },
        "opted-in": { type: "boolean", default: false },
        at: { type: "string" },
        "valid-only": { type: "boolean", default: false },
        "lift-recipients": { type: "boolean", default: false },
        "dry-run": { type: "boolean", default: false },
      },
    }),
  );
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new UsageError("import needs one file");
  const account = accountOf(values.account);
  if (account !== undefined && values["all-accounts"]) throw new UsageError("--account or --all-accounts, not both");
  return {
    action: "import",
    file,
    account: values["all-accounts"] ? ALL_ACCOUNTS : account,
    state: values["opted-in"] ? "opted_in" : "opted_out",
    at: readTime("--at", values.at),
    validOnly: values["valid-only"],
    liftRecipients: values["lift-recipients"],
    dryRun: values["dry-run"],
  };
}

function readExport(args: readonly string[]): SuppressionArguments {
  const { values } = understood(() =>
    parseArgs({
      args: [...args],
      options: { account: { type: "string" }, everything: { type: "boolean", default: false } },
    }),
  );
  return { action: "export", account: accountOf(values.account), everything: values.everything };
}

function readShow(args: readonly string[]): SuppressionArguments {
  const { values, positionals } = understood(() =>
    parseArgs({ args: [...args], allowPositionals: true, options: { json: { type: "boolean", default: false } } }),
  );
  const [text, ...others] = positionals;
  if (text === undefined || others.length > 0) throw new UsageError("show needs one number");
  const parsed = parseDestination(text);
  if (!parsed.ok) throw new UsageError(`${text}: ${parsed.reason}`);
  return { action: "show", number: parsed.e164, json: values.json };
}

function accountOf(text: string | undefined): string | undefined {
  if (text === undefined || ACCOUNT.test(text)) return text;
  throw new UsageError(`--account ${text}: the id of an account of the catalog is needed`);
}
