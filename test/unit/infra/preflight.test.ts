import { createServer } from "node:net";
import { expect, it } from "vitest";
import { isPortFree, listeningInodes, portHolder } from "../../../infra/local/port-holder.ts";
import { javaMajor } from "../../../infra/local/preflight.ts";

it.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_392"', 8],
  ['openjdk version "21" 2023-09-19', 21],
  ["command not found", undefined],
])("reads the Java version in %j", (output, major) => expect(javaMajor(output)).toBe(major));

it("finds the listening sockets of a port in /proc/net/tcp", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:4A94 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0",
    "   1: 0100007F:4A94 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1",
    "   2: 0100007F:4A95 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0",
  ].join("\n");
  expect(listeningInodes(table, 0x4a94)).toEqual(["4711"]);
});

it("says which process holds a busy port", async () => {
  const server = createServer();
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const { port } = server.address() as { port: number };
  expect(await isPortFree(port)).toBe(false);
  expect(portHolder(port)?.pid).toBe(process.pid);
  await new Promise((settle) => server.close(settle));
  expect(await isPortFree(port)).toBe(true);
  expect(portHolder(port)).toBeUndefined();
});
