import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TcpProxy } from "../../faults/tcp-proxy.ts";

let echo: Server;
let proxy: TcpProxy;
let arrived = "";

beforeEach(async () => {
  arrived = "";
  echo = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      arrived += bytes.toString();
      socket.write(bytes);
    });
  }).listen(0, "127.0.0.1");
  await once(echo, "listening");
  proxy = await TcpProxy.start();
  proxy.lead((echo.address() as AddressInfo).port);
});
afterEach(async () => {
  await proxy.stop();
  echo.close();
});

class Client {
  readonly socket: Socket;
  heard = "";
  ended: string | undefined;

  constructor() {
    this.socket = connect({ port: proxy.port, host: "127.0.0.1", noDelay: true });
    this.socket.on("data", (bytes) => {
      this.heard += bytes.toString();
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.ended = error.code;
    });
    this.socket.on("close", () => {
      this.ended ??= "closed";
    });
  }

  say(text: string): void {
    this.socket.write(text);
  }
}

const settled = (condition: () => boolean) => expect.poll(condition, { timeout: 5_000, interval: 5 }).toBe(true);

test("bytes pass both ways, and are counted", async () => {
  const client = new Client();
  client.say("hello");
  await settled(() => client.heard === "hello");
  expect(proxy.passed).toEqual({ "to-server": 5, "to-client": 5 });
});

test("a cut connection is reset; the next one passes", async () => {
  const client = new Client();
  client.say("a");
  await settled(() => client.heard === "a");
  proxy.cut();
  await settled(() => client.ended === "ECONNRESET");
  const next = new Client();
  next.say("b");
  await settled(() => next.heard === "b");
});

test("answers that are held come in order when it is mended, on connections old and new", async () => {
  const old = new Client();
  old.say("0");
  await settled(() => old.heard === "0");
  proxy.hold("to-client");
  const fresh = new Client();
  old.say("1");
  old.say("2");
  fresh.say("x");
  await settled(() => arrived.length === 4);
  expect([old.heard, fresh.heard]).toEqual(["0", ""]);
  proxy.mend();
  await settled(() => old.heard === "012" && fresh.heard === "x");
});

test("what is swallowed never comes, although the server has it", async () => {
  const client = new Client();
  proxy.swallow("to-client");
  client.say("lost");
  await settled(() => arrived === "lost" && proxy.lost["to-client"] === 4);
  proxy.mend();
  client.say("!");
  await settled(() => client.heard === "!");
});

test("a refusing proxy ends connections and takes none", async () => {
  const client = new Client();
  client.say("a");
  await settled(() => client.heard === "a");
  proxy.refuse();
  await settled(() => client.ended !== undefined);
  const next = new Client();
  await settled(() => next.ended !== undefined);
  proxy.mend();
  const third = new Client();
  third.say("c");
  await settled(() => third.heard === "c");
});

test("a delay keeps the order", async () => {
  const client = new Client();
  proxy.delay("to-client", 50);
  const began = performance.now();
  client.say("1");
  await settled(() => arrived === "1");
  proxy.mend();
  client.say("2");
  await settled(() => client.heard === "12");
  expect(performance.now() - began).toBeGreaterThan(45);
});
