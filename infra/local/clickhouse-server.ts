/**
 * ClickHouse as a process of its own, from the engine inside the npm package @chdb/lib-linux-x64-gnu:
 * `node clickhouse-server.ts --path=… --http_port=… --tcp_port=… [--config-file=…]`, arguments as for `clickhouse local`.
 * The one call below blocks this process for its whole life; it reads standard input, whose end is a clean stop.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DataType, load, open } from "ffi-rs";

const LIBRARY = "chdb";
const SERVE = [
  "SYSTEM START LISTEN HTTP",
  "SYSTEM START LISTEN TCP",
  // Holds the server until standard input ends.
  "SELECT count() FROM file('stdin', LineAsString, 'l String') FORMAT Null",
].join("; ");

const packageJson = createRequire(import.meta.url).resolve("@chdb/lib-linux-x64-gnu/package.json");
const args = ["clickhouse", ...process.argv.slice(2), "--query", SERVE];

open({ library: LIBRARY, path: join(dirname(packageJson), "libchdb.so") });
const result = load({
  library: LIBRARY,
  funcName: "chdb_query_cmdline",
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [args.length, args],
});
// A failed start ends here at once; the supervisor sees an end before `ready` and reports it with this log.
console.error("clickhouse ended", result === null ? "with an error" : "");
