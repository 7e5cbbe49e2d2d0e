import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BlockInserter } from "../../../../platform/clickhouse/block-inserter.ts";

/** Takes inserts, and answers when it is told to. */
let server: Server;
let open: ServerResponse[];
let inserter: BlockInserter;

beforeEach(async () => {
  open = [];
  server = createServer((request, response) => {
    request.resume().on("end", () => open.push(response));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const clickhouse = {
    ...{ clickhouseUrl: `http://127.0.0.1:${port}`, clickhouseUser: "default", clickhouseDatabase: "sluice" },
    clickhousePassword: undefined,
  };
  const options = { table: "events", columns: ["at"], connections: 2, timeoutMs: 10_000 };
  inserter = new BlockInserter(clickhouse, options);
});
afterEach(async () => {
  await inserter.close();
  server.closeAllConnections();
  server.close();
});

const answer = (status = 200) => open.shift()!.writeHead(status).end();
const underWay = (count: number) => vi.waitFor(() => expect(open).toHaveLength(count), 5_000);

it("makes a block's octets when it is its turn: those that wait are not held twice", async () => {
  const made: number[] = [];
  const inserts = [0, 1, 2, 3].map((i) => {
    const rows = () => {
      made.push(i);
      return Buffer.from(`block ${i}`);
    };
    return inserter.insert(rows, `token ${i}`).then(
      () => "stored",
      () => "failed",
    );
  });
  await underWay(2);
  expect(made).toEqual([0, 1]);
  answer();
  await vi.waitFor(() => expect(made).toEqual([0, 1, 2]), 5_000);
  // One that fails makes room as well.
  await underWay(2);
  answer(500);
  await vi.waitFor(() => expect(made).toEqual([0, 1, 2, 3]), 5_000);
  await underWay(2);
  answer();
  answer();
  expect((await Promise.all(inserts)).sort()).toEqual(["failed", "stored", "stored", "stored"]);
  const last = inserter.insert(Buffer.from("block 4"), "token 4");
  await underWay(1);
  answer();
  await last;
});
