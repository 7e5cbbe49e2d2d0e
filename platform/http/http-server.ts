import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
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
  /** Longest time for a request to arrive whole, ms: a slow client is cut off. Who has called {@link allowLongBody} bounds its body in another way. */
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

/** How often time-outs are looked at, ms. */
const CHECK_MS = 1_000;

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
  const arriving = new ArrivingRequests(options.requestTimeoutMs);
  let draining = false;
  const server = createServer(
    {
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, options.requestTimeoutMs),
      // Node's own bound knows no exception; see ArrivingRequests.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The time-outs above are only looked at this often.
      connectionsCheckingInterval: Math.min(CHECK_MS, options.requestTimeoutMs),
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      arriving.begin(request, response);
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
    socket.once("close", () => {
      connections.open--;
      arriving.forget(socket);
    });
  });
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    drain(deadlineMs) {
      draining = true;
      // A client that is told does not send its next request into a closing connection.
      for (const response of answering) if (!response.headersSent) response.setHeader("connection", "close");
      return drain(server, deadlineMs).finally(() => arriving.close());
    },
  };
}

/** Requests whose body may take as long as it takes. */
const longBodies = new WeakSet<IncomingMessage>();

/** From now on the server does not cut off a request whose body takes long; who has called this does. @returns what takes it back */
export function allowLongBody(request: IncomingMessage): () => void {
  longBodies.add(request);
  return () => void longBodies.delete(request);
}

/** What Node answers in this case (RFC 9110, 15.5.9). */
const TIMED_OUT = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n";

interface Arriving {
  request: IncomingMessage;
  response: ServerResponse;
  /** Monotonic ms at which its headers had arrived. */
  since: number;
}

/** The last request of each connection: one that is not whole in time is cut off, whether it was answered meanwhile or not. */
class ArrivingRequests {
  private readonly bySocket = new Map<Socket, Arriving>();
  private readonly timeoutMs: number;
  private readonly timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
    this.timer = setInterval(() => this.cutOff(), Math.min(CHECK_MS, timeoutMs)).unref();
  }

  begin(request: IncomingMessage, response: ServerResponse): void {
    const since = performance.now();
    const known = this.bySocket.get(request.socket);
    if (known === undefined) this.bySocket.set(request.socket, { request, response, since });
    else Object.assign(known, { request, response, since });
  }

  forget(socket: Socket): void {
    this.bySocket.delete(socket);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private cutOff(): void {
    const now = performance.now();
    for (const [socket, { request, response, since }] of this.bySocket) {
      if (request.complete || longBodies.has(request) || now - since < this.timeoutMs) continue;
      if (!response.headersSent && socket.writable) socket.write(TIMED_OUT);
      socket.destroy();
    }
  }
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
