import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { catalogFiles, loadCatalog } from "../../../domain/catalog/load-catalog.ts";
import { type ClickhouseConfig, clientAddress } from "../../../platform/clickhouse/settings.ts";
import { configFolder } from "../../../platform/config/yaml-file.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import { CONTROL_TOPIC } from "../../../schemas/topics.ts";
import type { SinkParts, SinkScope } from "../start-sink.ts";
import { RateLog } from "./rate-log.ts";
import { type RateRow, rateRows } from "./rate-rows.ts";
import { RateWriter } from "./rate-writer.ts";

export interface RatesConfig extends ClickhouseConfig {
  /** Folder with the catalog's files. */
  readonly catalogDir: string;
  readonly partitions: number;
}

const TIMEOUT_MS = 10_000;
const AGAIN_MS = 5_000;
/** All of sms.control is read in one attempt. */
const ATTEMPT_MS = 60_000;

/**
 * Exchange rates of each version of the catalog -> the table `exchange_rates`; before the first version those of its files. Nothing waits for
 * it: without rates, or with older ones, messages and their rows go on.
 */
export async function startRates(scope: SinkScope, config: RatesConfig, { codecs, reader }: SinkParts): Promise<void> {
  const client = createClient({
    ...clientAddress(config),
    request_timeout: TIMEOUT_MS,
    max_open_connections: 1,
    log: { level: ClickHouseLogLevel.OFF },
  });
  const stopping = new AbortController();
  const pause = () => sleep(AGAIN_MS, undefined, { ref: false, signal: stopping.signal });
  const writer = new RateWriter({
    insert: async (rows) => {
      await client.insert({ table: "exchange_rates", values: [...rows], format: "JSONEachRow" });
    },
    log: scope.log,
    pause,
  });
  await scope.add("exchange rates", {
    start: () => client,
    stop: async () => {
      stopping.abort();
      await client.close();
    },
  });
  const rates = new RateLog({ codecs, log: scope.log, onRates: (rows) => writer.add(rows), pause });
  let taken: Promise<void> = Promise.resolve();
  const follow = () =>
    reader.follow(CONTROL_TOPIC, (record) => {
      taken = rates.accept(record);
    });
  await scope.waitFor("exchange rates", follow, { attemptMs: ATTEMPT_MS });
  await taken;
  const rows = rates.hasVersion ? [] : ratesOfFiles(config, scope);
  if (rows.length > 0) writer.add(rows);
}

/** Of the files, which count as long as no version has been applied. */
function ratesOfFiles({ catalogDir, partitions }: RatesConfig, { log }: SinkScope): RateRow[] {
  const file = join(catalogDir, catalogFiles.rates);
  const written = statSync(file, { throwIfNoEntry: false });
  if (written === undefined) return [];
  try {
    const { source } = loadCatalog(configFolder(catalogDir), partitions, { parts: ["rates"] });
    return rateRows({ version: 0, at: Math.floor(written.mtimeMs), source });
  } catch (error) {
    log.warn({ why: errorMessage(error) }, "the exchange rates of the catalog's files cannot be read");
    return [];
  }
}
