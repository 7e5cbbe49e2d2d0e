import type { RangeBounds, Table } from "../../../../platform/store/partition-store.ts";

/** Tables in memory, in place of a store's. */
export function memoryTables(): { table(name: string): Table } {
  const tables = new Map<string, Table>();
  return {
    table: (name) => {
      const table = tables.get(name) ?? memoryTable(name);
      tables.set(name, table);
      return table;
    },
  };
}

function memoryTable(name: string): Table {
  const rows = new Map<string, Buffer>();
  const keyOf = (partition: number, key: Buffer) => `${partition}/${key.toString("latin1")}`;
  return {
    name,
    get: (partition, key) => rows.get(keyOf(partition, key)),
    put: (partition, key, value) => void rows.set(keyOf(partition, key), value),
    delete: (partition, key) => void rows.delete(keyOf(partition, key)),
    range: async (partition, { from, below, limit }: RangeBounds) =>
      [...rows]
        .filter(([key]) => key.startsWith(`${partition}/`))
        .map(([key, value]) => [Buffer.from(key.slice(key.indexOf("/") + 1), "latin1"), value] as const)
        .filter(([key]) => (from === undefined || key.compare(from) >= 0) && (!below || key.compare(below) < 0))
        .sort(([a], [b]) => a.compare(b))
        .slice(0, limit),
  };
}
