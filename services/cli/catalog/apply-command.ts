import { userInfo } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { catalogFiles, type LoadedCatalog, loadCatalog } from "../../../domain/catalog/load-catalog.ts";
import { applyVersion, followingSource, type Made } from "../../../pipeline/control/apply-version.ts";
import { catalogDiff } from "../../../pipeline/control/catalog-diff.ts";
import type { AppliedVersion } from "../../../pipeline/control/catalog-log.ts";
import { type CatalogTopic, OpenCatalogTopic } from "../../../pipeline/control/catalog-topic.ts";
import type { CatalogSource } from "../../../pipeline/control/catalog-version.ts";
import { usedAgain } from "../../../pipeline/control/used-again.ts";
import type { RegistryConfig } from "../../../platform/codec/registry-settings.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { text } from "../../../platform/config/settings.ts";
import { configFolder } from "../../../platform/config/yaml-file.ts";
import type { KafkaConfig } from "../../../platform/kafka/connection-settings.ts";
import { kafkaSettings, topicSettings } from "../../../platform/kafka/settings.ts";
import { understood } from "../arguments.ts";
import { type Command, type CommandHost, UsageError } from "../command.ts";
import { behind, instanceTable } from "./instance-table.ts";

const HELP = `usage: sluice apply [folder] [options]
Checks ${Object.values(catalogFiles).join(", ")} of the folder together, shows what is different from the catalog at work, creates
the topics of new providers, and publishes one version that every instance of every service takes over at once, without a restart.
Files with a problem are refused as a whole, each problem with file and line, and nothing changes. Secrets are named, not written out:
{ file: /path } or { env: NAME }. A provider that is removed takes nothing new, and what it has goes to others.
  --dry-run           show what would change, and change nothing
  --use-again         also where a provider is drained or out of use now, and would be used again
  --note <text>       why, for sluice catalog history
  --wait <seconds>    how long to wait until all instances have it; default 10
The folder is SLUICE_CATALOG_DIR by default. Exit code 1 when the files have problems or --use-again is needed, 2 when it could not be done, 3 when instances do
not have the version in time.`;

const settings = z.object({
  ...kafkaSettings,
  ...topicSettings,
  catalogDir: text().default("infra/local/catalog").describe("Folder with the catalog's files (docs/catalog.md)"),
});

/** What applying works with. */
export interface ApplySettings extends KafkaConfig, RegistryConfig {
  readonly partitions: number;
  readonly topicReplication: number;
  readonly topicRetention: number;
}

const NOT_EVERYWHERE = 3;
const LOOK_EVERY_MS = 250;

/** `sluice apply`. */
export const applyCommand: Command = {
  summary: "checks the catalog's files and puts them to work everywhere, without a restart",
  help: HELP,
  async run(args, host) {
    const options = readArguments(args);
    // A large catalog takes seconds of processor time, which messages must not wait for.
    host.giveWay?.();
    const config = readConfig("sluice", settings, host.env, ["SLUICE_*"]);
    const folder = options.folder ?? config.catalogDir;
    let files: LoadedCatalog;
    try {
      files = loadCatalog(configFolder(folder), config.partitions, { namedSecretsOnly: true, now: Date.now() });
    } catch (error) {
      host.tell(`${(error as Error).message}\nNothing was changed.`);
      return 1;
    }
    for (const warning of files.warnings) host.tell(`warning: ${warning}`);
    const topic = await OpenCatalogTopic.open(config);
    try {
      const { current } = await topic.read();
      const source = await followingSource(topic.reader, files.source, current);
      if (!tellDifference(current, source, host)) return 0;
      const again = tellUsedAgain(current, source, host);
      if (options.dryRun) {
        host.print("Nothing was changed (--dry-run).");
        return 0;
      }
      if (again && !options.useAgain) {
        host.tell(REFUSED);
        return 1;
      }
      const made = { parent: current?.version ?? 0, note: options.note, restored: null };
      return await publish(topic, source, made, options.waitMs, config, host);
    } finally {
      await topic.close();
    }
  },
};

/** Prints the difference; false when there is none. */
export function tellDifference(
  current: AppliedVersion | undefined,
  source: CatalogSource,
  { print }: CommandHost,
): boolean {
  const lines = catalogDiff(current?.source ?? {}, source);
  if (lines.length === 0 && current !== undefined) {
    print(`No difference from version ${current.version}; nothing was changed.`);
    return false;
  }
  print(
    current === undefined
      ? "The first version; until now the services work with their own files."
      : `Different from version ${current.version}:`,
  );
  for (const line of lines) print(line);
  return true;
}

const REFUSED = `It may have been taken out of use on purpose meanwhile. Put its use into the files as well (use: drain, use: none), or say --use-again.
Nothing was changed.`;

/** Warns of each provider that is out of use now and would be used again; false when there is none. */
export function tellUsedAgain(
  current: Pick<AppliedVersion, "version" | "source"> | undefined,
  source: CatalogSource,
  { tell }: Pick<CommandHost, "tell">,
): boolean {
  if (current === undefined) return false;
  const again = usedAgain(current.source, source);
  for (const { id, was } of again)
    tell(`WARNING: provider ${id} is out of use in version ${current.version} (use: ${was}), and would be used again`);
  return again.length > 0;
}

/**
 * Publishes what follows, and waits until it is at work everywhere. @returns the exit code
 * @throws SluiceError `CATALOG_CHANGED` when `parent` is not the version at work any more
 */
export async function publish(
  topic: CatalogTopic,
  source: CatalogSource,
  made: Omit<Made, "by">,
  waitMs: number,
  config: ApplySettings,
  host: CommandHost,
): Promise<number> {
  const by = userInfo().username;
  const { version, created } = await applyVersion(topic, source, { ...made, by }, config);
  if (created.length > 0) host.tell(`topics created: ${created.length}`);
  host.print(`Version ${version} is published.`);
  return (await everywhere(topic, version, waitMs, host)) ? 0 : NOT_EVERYWHERE;
}

async function everywhere(topic: CatalogTopic, version: number, waitMs: number, host: CommandHost): Promise<boolean> {
  const until = performance.now() + waitMs;
  for (;;) {
    const { instances } = await topic.read();
    const late = behind(instances, version, Date.now());
    if (late.length === 0) {
      host.print(instanceTable(instances, Date.now()));
      return true;
    }
    if (performance.now() >= until) {
      host.print(instanceTable(instances, Date.now()));
      host.tell(
        `${late.length} instances do not work with version ${version}; sluice catalog status tells when they do`,
      );
      return false;
    }
    await pause(LOOK_EVERY_MS);
  }
}

function readArguments(args: readonly string[]) {
  const { values, positionals } = understood(() => parse(args));
  if (positionals.length > 1) throw new UsageError(`one folder, not ${positionals.length}`);
  return {
    folder: positionals[0],
    dryRun: values["dry-run"] ?? false,
    useAgain: values["use-again"] ?? false,
    note: readNote(values.note),
    waitMs: readWait(values.wait),
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      "dry-run": { type: "boolean" },
      "use-again": { type: "boolean" },
      note: { type: "string" },
      wait: { type: "string" },
    },
  });
}

/** Characters of a note. */
const LONGEST_NOTE = 500;

/** What the history says of a version, which is a line of it. @throws UsageError */
export function readNote(note: string | undefined): string | null {
  if (note === undefined || note.trim() === "") return null;
  if (/[\p{Cc}\u2028\u2029]/u.test(note) || note.length > LONGEST_NOTE)
    throw new UsageError(`--note: one line of at most ${LONGEST_NOTE} characters is needed`);
  return note;
}

/** Seconds as milliseconds; 10 when nothing is said. @throws UsageError */
export function readWait(wait: string | undefined): number {
  const seconds = Number(wait ?? "10");
  if (wait !== undefined && !(/^\d+(\.\d+)?$/.test(wait) && seconds <= 3_600))
    throw new UsageError(`--wait ${wait}: seconds from 0 to 3600 are needed`);
  return seconds * 1_000;
}
