import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";

export interface WebhookServer {
  readonly port: number;
  /** Takes nothing more, and lets what is being answered finish for up to `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
}

export interface WebhookServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly maxConnections: number;
}

/** A callback is a few hundred bytes: whoever takes longer to send one holds a connection on purpose. Milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Providers keep connections open between callbacks. Milliseconds. */
const KEEP_ALIVE_MS = 65_000;

/**
 * Starts the server for callbacks, with its limits.
 * @throws SluiceError `PORT_UNAVAILABLE`
 */
export async function startWebhookServer(
  listener: RequestListener,
  options: WebhookServerOptions,
): Promise<WebhookServer> {
  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: 16_384,
    },
    listener,
  );
  server.maxConnections = options.maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE" ? "another process has it; choose another with SLUICE_HTTP_PORT" : cause.message;
      const message = `the webhook server cannot listen on ${options.host}:${options.port}: ${why}`;
      reject(new SluiceError(message, { code: "PORT_UNAVAILABLE", cause }));
    });
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: (deadlineMs) =>
      new Promise((resolve) => {
        const limit = setTimeout(() => server.closeAllConnections(), deadlineMs);
        server.close(() => {
          clearTimeout(limit);
          resolve();
        });
        // Closes the idle ones; the others close with their answer, since the server is closing.
        server.closeIdleConnections();
      }),
  };
}
