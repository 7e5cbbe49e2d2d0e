import { parseArgs } from "node:util";
import { z } from "zod";
import { filesOf, followingSource } from "../../../pipeline/control/apply-version.ts";
import { catalogDiff } from "../../../pipeline/control/catalog-diff.ts";
import { type AppliedVersion, type CatalogLog, KEPT_VERSIONS } from "../../../pipeline/control/catalog-log.ts";
import { type CatalogTopic, OpenCatalogTopic } from "../../../pipeline/control/catalog-topic.ts";
import { waitingMessages } from "../../../pipeline/control/provider-topics.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { kafkaSettings, topicSettings } from "../../../platform/kafka/settings.ts";
import { understood } from "../arguments.ts";
import { type Command, type CommandHost, UsageError } from "../command.ts";
import { type ApplySettings, publish, readNote, readWait, tellDifference, tellUsedAgain } from "./apply-command.ts";
import { instanceTable } from "./instance-table.ts";
import { writeCatalogFiles } from "./write-catalog-files.ts";

const HELP = `usage: sluice catalog <action> [options]
  status                       the version at work, which version each instance works with; providers that were removed, are
                               drained or out of use, and what still waits for them
  history                      the last ${KEPT_VERSIONS} versions: when, who, why
  diff <version> [<version>]   what is different between two versions; the second is the newest by default
  rollback <version> [--note <text>] [--wait <seconds>]
                               publishes the content of an earlier version as the newest
  export <folder> [--version <version>]
                               writes a version as the files that sluice apply takes
Exit code 2 when it could not be done, 3 when instances do not have the version in time.`;

const settings = z.object({ ...kafkaSettings, ...topicSettings });

interface Asked {
  readonly topic: CatalogTopic;
  readonly log: CatalogLog;
  readonly args: readonly string[];
  readonly options: { readonly note?: string; readonly wait?: string; readonly version?: string };
  readonly config: ApplySettings;
  readonly host: CommandHost;
}

/** What `sluice catalog` does, by name. */
export const CATALOG_ACTIONS: Readonly<Record<string, (asked: Asked) => Promise<number> | number>> = {
  status,
  history,
  diff,
  rollback,
  export: exportFiles,
};

/** `sluice catalog`. */
export const catalogCommand: Command = {
  summary: "the catalog at work: status, history, differences, roll-back, export",
  help: HELP,
  async run(args, host) {
    const parsed = understood(() => parse(args));
    const [name = "status", ...rest] = parsed.positionals;
    const action = Object.hasOwn(CATALOG_ACTIONS, name) ? CATALOG_ACTIONS[name]! : undefined;
    if (action === undefined) throw new UsageError(`no action ${name}`);
    const config = readConfig("sluice", settings, host.env, ["SLUICE_*"]);
    const topic = await OpenCatalogTopic.open(config);
    try {
      const log = await topic.read();
      return await action({ topic, log, args: rest, options: { ...parsed.values }, config, host });
    } finally {
      await topic.close();
    }
  },
};

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { note: { type: "string" }, wait: { type: "string" }, version: { type: "string" } },
  });
}

async function status({ topic, log, args, host }: Asked): Promise<number> {
  takeNone(args);
  const { current } = log;
  host.print(
    current === undefined ? "No version has been applied; the services work with their own files." : lineOf(current),
  );
  host.print(instanceTable(log.instances, Date.now()));
  for (const { id, said } of leftProviders(current?.source ?? {}))
    host.print(`  provider ${id} ${said}: ${await waitingMessages(topic.reader, id)}`);
  return 0;
}

/** Providers that get nothing new by this version, and what their waiting messages are called. */
export function leftProviders(source: Readonly<Record<string, unknown>>): { id: string; said: string }[] {
  const of = (list: unknown) => (Array.isArray(list) ? (list as { id: string; use?: string }[]) : []);
  const left = of(source.providers).flatMap(({ id, use }) => {
    if (use === "drain") return [{ id, said: "is drained; messages that still wait for it" }];
    return use === "none" ? [{ id, said: "is out of use; messages that still go to others" }] : [];
  });
  const removed = of(source.retired).map(({ id }) => ({ id, said: "was removed; messages that still go to others" }));
  return [...left, ...removed];
}

function history({ log, args, host }: Asked): number {
  takeNone(args);
  if (log.versions.length === 0) host.print("No version has been applied.");
  for (const version of [...log.versions].reverse()) host.print(lineOf(version));
  return 0;
}

function diff({ log, args, host }: Asked): number {
  const [first, second, ...more] = args;
  if (first === undefined || more.length > 0) throw new UsageError("diff needs one version or two");
  const before = versionOf(log, first);
  const after = second === undefined ? newest(log) : versionOf(log, second);
  const lines = catalogDiff(before.source, after.source);
  host.print(
    `From version ${before.version} to version ${after.version}: ${lines.length === 0 ? "no difference" : ""}`.trim(),
  );
  for (const line of lines) host.print(line);
  return 0;
}

async function rollback({ topic, log, args, options, config, host }: Asked): Promise<number> {
  const [wanted, ...more] = args;
  if (wanted === undefined || more.length > 0) throw new UsageError("rollback needs one version");
  const version = versionOf(log, wanted);
  const source = await followingSource(topic.reader, filesOf(version), log.current);
  if (!tellDifference(log.current, source, host)) return 0;
  // The version that is asked for says so: it is told, and not refused.
  tellUsedAgain(log.current, source, host);
  const made = { parent: log.current?.version ?? 0, note: readNote(options.note), restored: version.version };
  return publish(topic, source, made, readWait(options.wait), config, host);
}

function exportFiles({ log, args, options, host }: Asked): number {
  const [folder, ...more] = args;
  if (folder === undefined || more.length > 0) throw new UsageError("export needs one folder");
  const version = options.version === undefined ? newest(log) : versionOf(log, options.version);
  for (const path of writeCatalogFiles(folder, version)) host.print(path);
  return 0;
}

function lineOf({ version, at, by, note, restored }: AppliedVersion): string {
  const why = [restored === null ? "" : `the content of version ${restored}`, note ?? ""].filter((part) => part !== "");
  // A version that another program has published may have anything as its note.
  return [`version ${version}`, new Date(at).toISOString(), by, ...why].join("  ").replaceAll(/[\r\n]+/g, " ");
}

function versionOf(log: CatalogLog, text: string): AppliedVersion {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${text} is no version; a whole number is needed`);
  const found = log.versions.find(({ version }) => version === Number(text));
  if (found !== undefined) return found;
  const known = log.versions.map(({ version }) => version).join(", ");
  throw new SluiceError(`there is no version ${text}; there are: ${known === "" ? "none" : known}`, {
    code: "NO_VERSION",
  });
}

function newest(log: CatalogLog): AppliedVersion {
  if (log.current !== undefined) return log.current;
  throw new SluiceError("no version has been applied", { code: "NO_VERSION" });
}

function takeNone(args: readonly string[]): void {
  if (args.length > 0) throw new UsageError(`nothing goes with ${args[0]}`);
}
