/**
 * ClickHouse as a process of its own, from the engine inside the npm package @chdb/lib-linux-x64-gnu:
 * `node clickhouse-server.ts --path=… --http_port=… --tcp_port=… [--config-file=…]`, arguments as for `clickhouse local`. It may
 * read and write its own folder, read that of its settings, and connect to nothing.
 * The one call below blocks this process for its whole life; it reads standard input, whose end is a clean stop.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DataType, load, open } from "ffi-rs";
import { confine } from "./landlock.ts";

const LIBRARY = "chdb";
const SERVE = [
  "SYSTEM START LISTEN HTTP",
  "SYSTEM START LISTEN TCP",
  // Holds the server until standard input ends.
  "SELECT count() FROM file('stdin', LineAsString, 'l String') FORMAT Null",
].join("; ");

/** What the engine looks at of the machine: libraries, time zones, processors, memory, disks. Nothing of it is a person's. */
const SYSTEM_FILES = [
  ...["/usr", "/lib", "/lib64", "/sys", "/etc/localtime", "/etc/timezone", "/etc/ld.so.cache"],
  ...["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"],
  ...["cpuinfo", "meminfo", "stat", "loadavg", "uptime", "diskstats", "filesystems", "pressure"].map(ofMachine),
  ...["stat", "status", "statm", "maps", "smaps", "schedstat", "io", "cgroup", "mountinfo", "limits", "task"].map(
    ofItself,
  ),
  ...["/proc/sys/vm", "/proc/sys/kernel"],
];

function ofMachine(name: string): string {
  return `/proc/${name}`;
}

function ofItself(name: string): string {
  return `/proc/${process.pid}/${name}`;
}

const packageJson = createRequire(import.meta.url).resolve("@chdb/lib-linux-x64-gnu/package.json");
const args = ["clickhouse", ...process.argv.slice(2), "--query", SERVE];

/** The value of `--name=…` among the arguments. */
const given = (name: string): string | undefined =>
  args.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
const present = (values: readonly (string | undefined)[]): string[] => values.filter((value) => value !== undefined);

open({ library: LIBRARY, path: join(dirname(packageJson), "libchdb.so") });
// Grants alone would not do: the SQL function file() reads whatever the process may read, without asking for one.
const confined = confine({
  read: [...SYSTEM_FILES, ...present([given("config-file")]).map(dirname)],
  write: present([given("path")]),
  listen: present([given("http_port"), given("tcp_port")]).map(Number),
});
if (!confined) console.error("this kernel has no Landlock: whoever has a password can read this user's files by SQL");
const result = load({
  library: LIBRARY,
  funcName: "chdb_query_cmdline",
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [args.length, args],
});
// A failed start ends here at once; the supervisor sees an end before `ready` and reports it with this log.
console.error("clickhouse ended", result === null ? "with an error" : "");
