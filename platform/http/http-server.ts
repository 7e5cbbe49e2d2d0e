import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import { setImmediate as afterReading, setTimeout as sleep } from "node:timers/promises";
import { SluiceError } from "../errors/sluice-error.ts";
import { setSecureHeaders } from "./secure-headers.ts";

export interface HttpServerOptions {
  /** What it is called when it cannot listen, such as `webhook server`. */
  readonly name: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Connections beyond are closed at once. */
  readonly maxConnections: number;
  /** Longest time from a request's first byte to its last, ms: a slow client is cut off. */
  readonly requestTimeoutMs: number;
}

export interface HttpServer {
  readonly port: number;
  /** Open connections, and those refused because there were too many. */
  readonly connections: { open: number; refused: number };
  /**
   * Takes no further connections, lets the requests at hand finish, and closes each connection after its answer. Idle
   * connections are closed after a second, so that a client in use of one is told by its next answer instead of finding it
   * closed under its next request. What has not finished after `deadlineMs` is cut off.
   */
  drain(deadlineMs: number): Promise<void>;
}

/** Headers are small: whoever needs longer for them holds a connection on purpose. Milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000;

/** Longer than the idle time-outs of common load balancers (60 s), so that it is they who close first. Milliseconds. */
const KEEP_ALIVE_MS = 65_000;

/** How long a drain leaves idle connections open, milliseconds; at most half of its deadline. */
const LINGER_MS = 1_000;

/** How often a drain closes connections that have become idle, milliseconds. */
const DRAIN_STEP_MS = 20;

/**
 * Starts a public server with its limits, for whoever comes: clients, or providers with their callbacks.
 * @throws SluiceError `PORT_UNAVAILABLE`.
 */
export async function startHttpServer(listener: RequestListener, options: HttpServerOptions): Promise<HttpServer> {
  const connections = { open: 0, refused: 0 };
  const answering = new Set<ServerResponse>();
  let draining = false;
  const server = createServer(
    {
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, options.requestTimeoutMs),
      requestTimeout: options.requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The time-outs above are only looked at this often.
      connectionsCheckingInterval: Math.min(1_000, options.requestTimeoutMs),
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      answering.add(response);
      response.once("close", () => answering.delete(response));
      setSecureHeaders(response);
      if (draining) response.setHeader("connection", "close");
      listener(request, response);
    },
  );
  server.maxConnections = options.maxConnections;
  server.on("drop", () => void connections.refused++);
  server.on("connection", (socket) => {
    connections.open++;
    socket.once("close", () => void connections.open--);
  });
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    drain(deadlineMs) {
      draining = true;
      // A client that is told does not send its next request into a closing connection.
      for (const response of answering) if (!response.headersSent) response.setHeader("connection", "close");
      return drain(server, deadlineMs);
    },
  };
}

async function drain(server: Server, deadlineMs: number): Promise<void> {
  const now = performance.now();
  const endsAt = now + deadlineMs;
  const idleUntil = now + Math.min(LINGER_MS, deadlineMs / 2);
  let closed = false;
  // Not the HTTP server's own close, which would end idle connections at once.
  NetServer.prototype.close.call(server, () => {
    closed = true;
  });
  while (!closed) {
    // Timers fire before sockets are read: after a stall a request may have arrived on what looks idle.
    await afterReading();
    if (performance.now() >= endsAt) server.closeAllConnections();
    else if (performance.now() >= idleUntil) server.closeIdleConnections();
    await sleep(DRAIN_STEP_MS);
  }
  server.close(() => {}); // ends its own timers
}

function listen(server: Server, { name, host, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE" ? "another process has it; choose another with SLUICE_HTTP_PORT" : cause.message;
      const message = `the ${name} cannot listen on ${host}:${port}: ${why}`;
      reject(new SluiceError(message, { code: "PORT_UNAVAILABLE", cause }));
    });
    server.listen(port, host, resolve);
  });
}
