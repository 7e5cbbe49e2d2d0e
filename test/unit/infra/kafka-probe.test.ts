import { createServer, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { brokerIds, isBrokerReady, metadataRequest } from "../../../infra/local/kafka-probe.ts";

/** A Metadata response (version 4) that lists these brokers, its length prefix included. */
function metadataResponse(ids: number[]): Buffer {
  const broker = (id: number) => {
    const entry = Buffer.alloc(4 + 2 + 9 + 4 + 2);
    entry.writeInt32BE(id, 0);
    entry.writeInt16BE(9, 4);
    entry.write("127.0.0.1", 6);
    entry.writeInt32BE(9092, 15);
    entry.writeInt16BE(-1, 19);
    return entry;
  };
  const head = Buffer.alloc(16);
  head.writeInt32BE(1, 4);
  head.writeInt32BE(ids.length, 12);
  const body = Buffer.concat([head, ...ids.map(broker)]);
  body.writeInt32BE(body.length - 4, 0);
  return body;
}

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const listen = (serve: (socket: Socket) => void): Promise<number> =>
  new Promise((settle) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      serve(socket);
    });
    servers.push(server);
    server.listen(0, "127.0.0.1", () => settle((server.address() as { port: number }).port));
  });

it("writes a Metadata request for no topic that creates nothing", () => {
  expect(metadataRequest().toString("hex")).toBe("0000000f0003000400000001ffff0000000000");
});

it("reads broker ids, with and without racks", () => {
  expect(brokerIds(metadataResponse([1, 2, 3]).subarray(4))).toEqual([1, 2, 3]);
  const racked = metadataResponse([7, 8]);
  const withRack = Buffer.concat([racked.subarray(4, 35), Buffer.from([0, 2, 65, 66]), racked.subarray(37)]);
  expect(brokerIds(withRack)).toEqual([7, 8]);
});

it("finds a broker ready only when the controllers have let it in", async () => {
  const port = await listen((socket) => {
    socket.once("data", () => {
      const response = metadataResponse([1, 3]);
      socket.write(response.subarray(0, 9)); // an answer may come in pieces
      setImmediate(() => socket.write(response.subarray(9)));
    });
  });
  expect(await isBrokerReady(port, 1)).toBe(true);
  expect(await isBrokerReady(port, 2)).toBe(false);
});

it("does not wait for a broker that accepts and says nothing", async () => {
  expect(await isBrokerReady(await listen(() => {}), 1, 100)).toBe(false);
});

it("takes a refused or a closed connection for not ready", async () => {
  const port = await listen((socket) => socket.destroy());
  expect(await isBrokerReady(port, 1)).toBe(false);
  servers.splice(0).forEach((server) => {
    server.close();
  });
  expect(await isBrokerReady(port, 1)).toBe(false);
});
