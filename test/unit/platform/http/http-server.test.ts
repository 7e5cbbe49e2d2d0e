import { Agent, request as httpRequest, type RequestListener } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  allowLongBody,
  type HttpServer,
  type HttpServerOptions,
  startHttpServer,
} from "../../../../platform/http/http-server.ts";

/** How long a test waits for a condition; a busy machine is no fault. */
const PATIENT = { timeout: 15_000 };

let server: HttpServer | undefined;
afterEach(async () => {
  await server?.drain(0);
  server = undefined;
});

const start = async (listener: RequestListener, options: Partial<HttpServerOptions> = {}) => {
  const limits = { name: "server", host: "127.0.0.1", port: 0, maxConnections: 100, requestTimeoutMs: 30_000 };
  server = await startHttpServer(listener, { ...limits, ...options });
  return server;
};
const answerAtOnce: RequestListener = (_request, response) => void response.end("done");

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
}

function get(port: number, agent: Agent | false = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, agent }, (response) => {
      const { statusCode: status, headers } = response;
      response.resume().once("end", () => resolve({ status, connection: headers.connection }));
    });
    request.once("error", reject).end();
  });
}

it("says on every answer that it is what it says, loads nothing and is shown in no frame, and lets a page say more", async () => {
  const { port } = await start((request, response) => {
    if (request.url === "/page") response.setHeader("content-security-policy", "default-src 'self'");
    response.end("done");
  });
  const headersOf = async (path: string) => {
    const { headers } = await fetch(`http://127.0.0.1:${port}${path}`);
    const asked = [
      "x-content-type-options",
      "content-security-policy",
      "cross-origin-resource-policy",
      "referrer-policy",
    ];
    return asked.map((name) => headers.get(name));
  };
  const policy = "default-src 'none'; frame-ancestors 'none'";
  expect(await headersOf("/")).toEqual(["nosniff", policy, "same-origin", "no-referrer"]);
  expect((await headersOf("/page"))[1]).toBe("default-src 'self'");
});

describe("limits", () => {
  it("closes connections beyond the limit and counts them", async () => {
    const { port, connections } = await start(answerAtOnce, { maxConnections: 2 });
    const sockets = [1, 2, 3].map(() => connect(port, "127.0.0.1"));
    let closed = 0;
    for (const socket of sockets) socket.on("error", () => {}).on("close", () => closed++);
    await expect.poll(() => closed, PATIENT).toBe(1);
    expect(connections).toEqual({ open: 2, refused: 1 });
    for (const socket of sockets) socket.destroy();
  });

  it("cuts off a client that does not finish its request", async () => {
    const { port } = await start(answerAtOnce, { requestTimeoutMs: 200 });
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => (answer += data.toString()));
    socket.on("error", () => {});
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nX-A");
    await expect.poll(() => socket.closed, PATIENT).toBe(true);
    expect(answer).toMatch(/^HTTP\/1.1 408/);
  });

  it("cuts off a body that does not come to its end, whether it was answered or not", async () => {
    for (const listener of [() => {}, answerAtOnce] satisfies RequestListener[]) {
      const { port, drain } = await start(listener, { requestTimeoutMs: 300 });
      const socket = connect(port, "127.0.0.1");
      let answer = "";
      socket.on("data", (data) => (answer += data.toString())).on("error", () => {});
      socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
      const drip = setInterval(() => socket.write("x"), 50);
      await expect.poll(() => socket.closed, PATIENT).toBe(true);
      clearInterval(drip);
      expect(answer).toMatch(listener === answerAtOnce ? /^HTTP\/1.1 200/ : /^HTTP\/1.1 408/);
      await drain(0);
    }
  });

  it("leaves a body alone that whoever takes it bounds in another way, until they take that back", async () => {
    let takeBack: (() => void) | undefined;
    const { port } = await start(
      (request) => {
        takeBack = allowLongBody(request);
        request.resume();
      },
      { requestTimeoutMs: 200 },
    );
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {}).resume();
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    await expect.poll(() => takeBack, PATIENT).toBeDefined();
    const other = connect(port, "127.0.0.1");
    other.on("error", () => {}).resume();
    other.write("POST / HTTP/1.1\r\nHost: x\r\nX-A");
    await expect.poll(() => other.closed, PATIENT).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(socket.closed).toBe(false);
    takeBack?.();
    await expect.poll(() => socket.closed, PATIENT).toBe(true);
  });

  it("says which server finds its port taken, and what to do", async () => {
    const { port } = await start(answerAtOnce);
    const second = startHttpServer(answerAtOnce, {
      ...{ name: "webhook server", host: "127.0.0.1", port, maxConnections: 1, requestTimeoutMs: 1_000 },
    });
    await expect(second).rejects.toMatchObject({
      code: "PORT_UNAVAILABLE",
      message: expect.stringMatching(/^the webhook server cannot listen on .*SLUICE_HTTP_PORT$/),
    });
  });
});

describe("when it is told to stop", () => {
  it("finishes the requests at hand, and takes no more", async () => {
    let finish: (() => void) | undefined;
    const { port, drain } = await start((_request, response) => {
      finish = () => void response.end("done");
    });
    const agent = new Agent({ keepAlive: true });
    const answer = get(port, agent);
    await expect.poll(() => finish, PATIENT).toBeDefined();
    let drained = false;
    const stopped = drain(10_000).then(() => {
      drained = true;
    });
    await expect(get(port)).rejects.toThrow(/ECONNREFUSED/);
    expect(drained).toBe(false);
    finish?.();
    expect(await answer).toEqual({ status: 200, connection: "close" });
    await stopped;
    agent.destroy();
  });

  it("answers a request on a connection that was idle, and says that it closes", async () => {
    const { port, drain } = await start(answerAtOnce);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await get(port, agent)).toEqual({ status: 200, connection: "keep-alive" });
    const stopped = drain(10_000);
    await expect(get(port)).rejects.toThrow(/ECONNREFUSED/);
    expect(await get(port, agent)).toEqual({ status: 200, connection: "close" });
    await stopped;
    agent.destroy();
  });

  it("cuts off what does not finish in time", async () => {
    let asked = false;
    const { port, drain } = await start(() => {
      asked = true;
    });
    const cut = expect(get(port)).rejects.toThrow();
    await expect.poll(() => asked, PATIENT).toBe(true);
    await drain(50);
    await cut;
  });
});
