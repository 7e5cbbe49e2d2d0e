/**
 * Takes from this process, before it hands itself over to a library, whatever that library has no need of: files outside
 * a few folders, and connections to anywhere. Landlock (Linux 5.13 and later, the network since 6.7) needs no rights for that.
 * Kernel documentation: "Landlock: unprivileged access control". It holds for this thread and for those that it starts.
 */
import { closeSync, constants, existsSync, openSync, statSync } from "node:fs";
import { DataType, load, open } from "ffi-rs";

export interface Confinement {
  /** Files and folders that may be read, with all that they hold. */
  readonly read: readonly string[];
  /** Folders in which everything may be done. */
  readonly write: readonly string[];
  /** TCP ports that may be listened on; connecting is not allowed at all. */
  readonly listen: readonly number[];
}

/** Numbers of system calls on x86-64, for which alone the engine comes. */
const CALL = { prctl: 157, createRuleset: 444, addRule: 445, restrictSelf: 446 };
const [PATH_BENEATH, NET_PORT] = [1, 2];
const PR_SET_NO_NEW_PRIVS = 38;
const CREATE_RULESET_VERSION = 1;

const [EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REFER, TRUNCATE] = [1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 13, 1 << 14];
/** Reading, writing, making and removing of all kinds: the thirteen rights of the first version. */
const FIRST_RIGHTS = (1 << 13) - 1;
const BIND_TCP = 1;
const CONNECT_TCP = 2;

/** From which version of Landlock on a right exists. */
const SINCE = { refer: 2, truncate: 3, network: 4 };

const LIBC = "libc";

function systemCall(number: number, ...given: readonly (number | Buffer)[]): number {
  const values = Array.from({ length: 5 }, (_, i) => given[i] ?? 0);
  return load({
    library: LIBC,
    funcName: "syscall",
    retType: DataType.I64,
    paramsType: [DataType.I64, ...values.map((value) => (typeof value === "number" ? DataType.I64 : DataType.U8Array))],
    paramsValue: [number, ...values],
  }) as number;
}

/** Confines this thread and all that it starts, for good. False: this kernel cannot, and nothing has changed. */
export function confine({ read, write, listen }: Confinement): boolean {
  open({ library: LIBC, path: "libc.so.6" });
  const version = systemCall(CALL.createRuleset, 0, 0, CREATE_RULESET_VERSION);
  if (version < 1) return false;
  const rights = FIRST_RIGHTS | (version >= SINCE.refer ? REFER : 0) | (version >= SINCE.truncate ? TRUNCATE : 0);
  const network = version >= SINCE.network;
  const ruleset = systemCall(
    CALL.createRuleset,
    ruleset64(rights, network ? BIND_TCP | CONNECT_TCP : 0),
    network ? 16 : 8,
  );
  if (ruleset < 0) return false;
  for (const path of read) allowPath(ruleset, path, rights & (EXECUTE | READ_FILE | READ_DIR));
  for (const path of write) allowPath(ruleset, path, rights);
  if (network)
    for (const port of listen)
      must(systemCall(CALL.addRule, ruleset, NET_PORT, ruleset64(BIND_TCP, port)), `port ${port}`);
  must(systemCall(CALL.prctl, PR_SET_NO_NEW_PRIVS, 1), "no new privileges");
  must(systemCall(CALL.restrictSelf, ruleset), "the restriction");
  closeSync(ruleset);
  return true;
}

/** What is not there need not be allowed. */
function allowPath(ruleset: number, path: string, rights: number): void {
  if (!existsSync(path)) return;
  const O_PATH = 0o10_000_000;
  const descriptor = openSync(path, O_PATH | constants.O_RDONLY);
  try {
    const rule = Buffer.alloc(12);
    const allowed = statSync(path).isDirectory() ? rights : rights & (EXECUTE | READ_FILE | WRITE_FILE | TRUNCATE);
    rule.writeBigUInt64LE(BigInt(allowed), 0);
    rule.writeInt32LE(descriptor, 8);
    must(systemCall(CALL.addRule, ruleset, PATH_BENEATH, rule), path);
  } finally {
    closeSync(descriptor);
  }
}

/** Two 64-bit numbers in a row, as the kernel reads them. */
function ruleset64(first: number, second: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(BigInt(first), 0);
  bytes.writeBigUInt64LE(BigInt(second), 8);
  return bytes;
}

function must(result: number, what: string): void {
  if (result < 0) throw new Error(`Landlock refuses ${what}`);
}
