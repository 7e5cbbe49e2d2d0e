import { z } from "zod";
import { CatalogError } from "../../../domain/catalog/load-catalog.ts";
import { concealed } from "../../../domain/catalog/secret-references.ts";
import { type Snapshot, snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { learnedNetwork, portedTo } from "../../../domain/portability/known-networks.ts";
import { DeliveryEstimates } from "../../../domain/quality/delivery-estimates.ts";
import { explain } from "../../../domain/routing/explain.ts";
import { readCatalog } from "../../../pipeline/boot/read-catalog.ts";
import { readVersion } from "../../../pipeline/control/read-version.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { text } from "../../../platform/config/settings.ts";
import { errorMessage, SluiceError } from "../../../platform/errors/sluice-error.ts";
import { kafkaConnection } from "../../../platform/kafka/connection-settings.ts";
import { kafkaSettings } from "../../../platform/kafka/settings.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { type Command, UsageError } from "../command.ts";
import { readExplainArguments } from "./explain-arguments.ts";
import { explainTable } from "./explain-report.ts";
import { healthOf, type LiveState, readLiveState } from "./live-state.ts";

const HELP = `usage: sluice explain --to <number> [options]
Shows what would become of a message: its encoding, segments, country and network, what it would wait for or end by (its time, an opt-out,
quiet hours, a frequency cap), the route that decides and the conditions that hold, and every provider of that route with price, score and
health, and why it was taken or not. Nothing is sent. Exit code 1 when no provider would take it; 2 when the catalog cannot be read, 64 for arguments that it does not understand.
  --to <number>       the destination, as in a request
  --account <id>      the account that sends
  --lane <lane>       otp, transactional or marketing; default transactional
  --from <sender>     the sender id
  --text <text>       the text; without it the message counts as one segment
  --transliterate     plain characters may stand in for what the GSM alphabet lacks, where that saves a segment
  --label <name=value>  metadata of the message; may be given several times
  --send-at <time>    the time for which it is handed in
  --at <time>         handed in at this time instead of now, such as 2026-01-31T12:00:00Z
  --files <folder>    by the catalog's files in this folder instead of the catalog at work: what would be if they were applied
  --json              as JSON
The catalog at work and how the providers are come from Kafka (SLUICE_KAFKA_BROKERS, SLUICE_REGISTRY_URL). Where no catalog was applied the
files of SLUICE_CATALOG_DIR count; so they do when Kafka does not answer within 3 seconds, and all providers count as well then. Where chance
decides, the middle of the draw is shown.`;

const settings = z.object({
  ...kafkaSettings,
  catalogDir: text().default("infra/local/catalog").describe("Folder with the catalog's files (docs/catalog.md)"),
});

/** `sluice explain`. */
export const explainCommand: Command = {
  summary: "why a message would go to which provider: route, conditions, candidates",
  help: HELP,
  async run(args, { env, print, tell }) {
    const { account, at, files, json, request } = readExplainArguments(args);
    const config = readConfig("sluice", settings, env, ["SLUICE_*"]);
    const connection = kafkaConnection(config, `sluice-explain-${process.pid}`, silentLog);
    let live: LiveState = {
      version: undefined,
      words: [],
      delivery: new DeliveryEstimates(),
      learned: undefined,
      recipient: undefined,
    };
    let source = "live, from Kafka";
    try {
      live = await readLiveState(connection, config, config.partitions, request.destination);
    } catch (error) {
      source = `not known, all providers count as well: ${errorMessage(error)}`;
      if (json) tell(`health: ${source}`);
    }
    const { version, words, delivery, recipient } = live;
    const learned = live.learned === "unread" ? undefined : live.learned;
    if (live.learned === "unread") {
      source += "; what receipts say of the number's network could not be read";
      if (json) tell(`health: ${source}`);
    }
    const folder = files ?? (version === undefined ? config.catalogDir : undefined);
    const snapshot =
      folder === undefined
        ? snapshotOf(await readVersion(version!.source, config.partitions, concealed), version!.version)
        : snapshotOfFiles(folder, config.partitions);
    checkAccount(account, snapshot);
    const rateOf = (id: string) => snapshot.known.get(id)?.rate;
    const health = healthOf(words, rateOf, Date.now());
    const { lane } = request;
    const explanation = explain(snapshot, {
      request,
      account,
      at: at ?? Date.now(),
      recipient: recipient?.(account),
      health: (id) => health(id, lane),
      ported: learned && portedTo(learnedNetwork(snapshot.catalog.portability, learned.mccMnc, learned.at, Date.now())),
      delivery,
    });
    const catalog = folder === undefined ? `version ${version!.version}` : `the files of ${folder}`;
    print(json ? JSON.stringify(explanation) : explainTable(explanation, { catalog, health: source }));
    return explanation.provider === null ? 1 : 0;
  },
};

/** @throws SluiceError `CONFIG_INVALID` */
function snapshotOfFiles(catalogDir: string, partitions: number): Snapshot {
  try {
    return snapshotOf(readCatalog({ catalogDir, partitions }));
  } catch (cause) {
    if (!(cause instanceof CatalogError)) throw cause;
    throw new SluiceError(`${catalogDir}: ${cause.message}`, { code: "CONFIG_INVALID", cause });
  }
}

function checkAccount(account: string | undefined, { accounts }: Snapshot): void {
  if (account === undefined || accounts.has(account)) return;
  const known = [...accounts.keys()].slice(0, 10).join(", ");
  throw new UsageError(
    `--account ${account}: no such account in the catalog${known === "" ? "" : `; it has ${known}`}`,
  );
}
