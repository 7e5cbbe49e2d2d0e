import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { KafkaProxy } from "../../faults/kafka-proxy.ts";

let broker: Server;
let proxy: KafkaProxy;
/** Correlation ids of whole requests, in the order in which they came. */
let requests: number[] = [];

/** A request as Kafka frames it: length, api key, version, correlation id, client id, and some body. */
function request(apiKey: number, id: number, client: string): Buffer {
  const frame = Buffer.alloc(14 + client.length + 50);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(apiKey, 4);
  frame.writeInt32BE(id, 8);
  frame.writeInt16BE(client.length, 12);
  frame.write(client, 14);
  return frame;
}

/** A broker that answers each whole request with its correlation id. */
beforeEach(async () => {
  requests = [];
  broker = createServer((socket) => {
    let have = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      have = Buffer.concat([have, bytes]);
      while (have.length >= 4 && have.length >= 4 + have.readInt32BE(0)) {
        const id = have.readInt32BE(8);
        have = have.subarray(4 + have.readInt32BE(0));
        requests.push(id);
        const answer = Buffer.alloc(8);
        answer.writeInt32BE(4, 0);
        answer.writeInt32BE(id, 4);
        socket.write(answer);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(broker, "listening");
  proxy = await KafkaProxy.start();
  proxy.tcp.lead((broker.address() as AddressInfo).port);
});
afterEach(async () => {
  await proxy.tcp.stop();
  broker.close();
});

class Client {
  readonly socket: Socket = connect({ port: proxy.tcp.port, host: "127.0.0.1", noDelay: true });
  private heard = Buffer.alloc(0);
  closed = false;

  constructor() {
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
    });
    this.socket.on("data", (bytes) => {
      this.heard = Buffer.concat([this.heard, bytes]);
    });
  }

  get answers(): number[] {
    return Array.from({ length: this.heard.length >> 3 }, (_, i) => this.heard.readInt32BE(8 * i + 4));
  }
}

const settled = (condition: () => boolean) => expect.poll(condition, { timeout: 5_000, interval: 5 }).toBe(true);

test("an answer is lost for one produce request of one client, and for no other request", async () => {
  const client = new Client();
  const armed = proxy.arm({ fault: "answer lost", client: "us", times: 1 });
  client.socket.write(Buffer.concat([request(3, 1, "us"), request(0, 2, "others"), request(0, 3, "us")]));
  client.socket.write(request(0, 4, "us"));
  await settled(() => client.answers.length === 3);
  expect(client.answers).toEqual([1, 2, 4]);
  expect(requests).toEqual([1, 2, 3, 4]);
  expect(armed.struck).toBe(1);
});

test("a cut answer resets the connection; the broker had the request", async () => {
  const client = new Client();
  proxy.arm({ fault: "answer cut", client: "us", times: 1 });
  client.socket.write(request(0, 1, "us"));
  await settled(() => client.closed);
  expect([client.answers, requests]).toEqual([[], [1]]);
  await settled(() => proxy.connectionsOf("us") === 0);
});

test("a cut request never reaches the broker, until it is called off", async () => {
  const armed = proxy.arm({ fault: "request cut", client: "us" });
  for (const id of [1, 2]) {
    const client = new Client();
    client.socket.write(request(0, id, "us"));
    await settled(() => client.closed);
  }
  armed.disarm();
  const client = new Client();
  client.socket.write(request(0, 3, "us"));
  await settled(() => client.answers.length === 1);
  expect([requests, armed.struck, proxy.connectionsOf("us")]).toEqual([[3], 2, 1]);
});

test("a late request arrives although its client has hung up, and a late answer keeps the order", async () => {
  proxy.arm({ fault: "request late", client: "gone", times: 1, laterMs: 60 });
  const gone = new Client();
  gone.socket.end(request(0, 1, "gone"));
  proxy.arm({ fault: "answer late", client: "us", times: 1, laterMs: 60 });
  const client = new Client();
  client.socket.write(Buffer.concat([request(0, 2, "us"), request(0, 3, "us")]));
  await settled(() => requests.length === 3 && client.answers.length === 2);
  expect(requests).toEqual([2, 3, 1]);
  expect(client.answers).toEqual([2, 3]);
});

test("frames may come in any pieces", async () => {
  const client = new Client();
  const bytes = Buffer.concat([request(0, 1, "us"), request(0, 2, "us")]);
  for (let at = 0; at < bytes.length; at += 7) {
    client.socket.write(bytes.subarray(at, at + 7));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await settled(() => client.answers.length === 2);
  expect(client.answers).toEqual([1, 2]);
});
