import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SluiceError } from "../errors/sluice-error.ts";
import { problem, sendProblem } from "./problem.ts";
import { setSecureHeaders } from "./secure-headers.ts";

/** The answer of `/healthz` or `/readyz`. */
export interface Verdict {
  readonly ok: boolean;
  /** The whole answer; it must say what is wrong when something is. */
  readonly body: object;
}

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Whether the process should live on: a supervisor restarts it when not. */
  readonly health: () => Promise<Verdict> | Verdict;
  /** Whether the process can do its work right now. */
  readonly ready: () => Promise<Verdict> | Verdict;
  readonly metrics: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface AdminServer {
  /** The port it listens on. */
  readonly port: number;
  close(): Promise<void>;
}

/** A client of this server that says nothing for so long is gone, milliseconds. */
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Starts the small HTTP server of a process: `/healthz`, `/readyz`, `/metrics`, nothing that changes anything.
 * @throws SluiceError `PORT_UNAVAILABLE` when the port cannot be taken.
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    setSecureHeaders(response);
    void answer(options, request, response);
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = 100;
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: AdminServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0];
  if (request.method !== "GET" && request.method !== "HEAD") {
    const body = problem({ status: 405, code: "METHOD_NOT_ALLOWED", title: "Method not allowed" });
    sendProblem(response, body, { allow: "GET, HEAD" });
  } else if (path === "/healthz" || path === "/readyz") {
    await verdict(path === "/healthz" ? options.health : options.ready, response);
  } else if (path === "/metrics") {
    options.metrics(request, response);
  } else {
    const detail = "there are /healthz, /readyz and /metrics";
    sendProblem(response, problem({ status: 404, code: "NOT_FOUND", title: "Not found", detail }));
  }
}

async function verdict(ask: () => Promise<Verdict> | Verdict, response: ServerResponse): Promise<void> {
  let result: Verdict;
  try {
    result = await ask();
  } catch (error) {
    result = { ok: false, body: { error: (error as Error).message } };
  }
  response.writeHead(result.ok ? 200 : 503, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(result.body)}\n`);
}

function listen(server: Server, options: AdminServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const where = `${options.host}:${options.port}`;
      const hint =
        cause.code === "EADDRINUSE" ? "another process has it; stop that one or choose another port" : cause.message;
      reject(
        new SluiceError(`the admin server cannot listen on ${where}: ${hint}`, { code: "PORT_UNAVAILABLE", cause }),
      );
    });
    server.listen(options.port, options.host, resolve);
  });
}
