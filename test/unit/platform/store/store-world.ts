import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Database, type DatabaseOptions, openDatabase } from "../../../../platform/store/database.ts";
import { PartitionStore, type StoreOptions } from "../../../../platform/store/partition-store.ts";

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes when the file's tests are over. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-store-"));
  made.push(folder);
  return join(folder, "instance-1");
}

/** A store whose process can be killed: what is not on disk by then is gone. */
export interface KillableStore {
  readonly store: PartitionStore;
  readonly faults: Error[];
  readonly warnings: object[];
  kill(): Promise<void>;
}

export async function openStore(folder: string, more: Partial<StoreOptions> = {}): Promise<KillableStore> {
  const faults: Error[] = [];
  const warnings: object[] = [];
  let database: Database | undefined;
  let killed = false;
  const open = async (options: DatabaseOptions): Promise<Database> => {
    const opened = await (more.open ?? openDatabase)(options);
    database = opened;
    const write: Database["write"] = (changes) => (killed ? new Promise(() => {}) : opened.write(changes));
    return new Proxy(opened, {
      get: (target, name) => (name === "write" ? write : bound(target, name as keyof Database)),
    });
  };
  const store = await PartitionStore.open({
    folder,
    setting: "STATE_DIR",
    tables: ["a", "b"],
    log: { warn: (fields) => void warnings.push(fields) },
    onFault: (error) => faults.push(error),
    // Only the tests flush.
    flushMs: 1 << 30,
    ...more,
    open,
  });
  const kill = async () => {
    killed = true;
    await database!.close();
  };
  return { store, faults, warnings, kill };
}

function bound(target: Database, name: keyof Database): unknown {
  const value = target[name];
  return typeof value === "function" ? value.bind(target) : value;
}

export function text(octets: Buffer | undefined): string | undefined {
  return octets?.toString();
}
