/** Writes batches of 500 entries into the store of a folder until that fails; prints how many were written, and the fault. */
import { PartitionStore } from "../../../../platform/store/partition-store.ts";

const folder = process.argv[2]!;
let fault: (Error & { code?: string }) | undefined;
const store = await PartitionStore.open({
  folder,
  setting: "STATE_DIR",
  tables: ["a"],
  log: { warn() {} },
  onFault: (error) => {
    fault = error;
  },
  flushMs: 1 << 30,
});
const table = store.table("a");
let written = 0;
while (fault === undefined && written < 1_000) {
  for (let i = 0; i < 500; i++) table.put(0, Buffer.from(`${written}/${i}`), Buffer.alloc(200, i));
  store.setPosition("log", 0, { next: written + 1, since: 1, newest: 1 });
  await store.flush().then(
    () => written++,
    () => {},
  );
}
console.log(JSON.stringify({ written, code: fault?.code, message: fault?.message }));
process.exit(0);
