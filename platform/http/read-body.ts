import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { BodyBudget } from "./body-budget.ts";

/**
 * - `encoding`: it is neither plain nor gzip;
 * - `too-large`: beyond the limit, or so it is declared;
 * - `no-room`: the bodies of others fill the memory at the moment;
 * - `incomplete`: the connection failed, or what came is not whole gzip data.
 */
export type BodyFault =
  | { readonly kind: "encoding" | "too-large" | "no-room" }
  | { readonly kind: "incomplete"; readonly why: string };

export interface HeldBody {
  readonly ok: true;
  readonly bytes: Buffer;
  /** From now on nothing of it counts. */
  readonly done: () => void;
  /** From now on it counts as so many bytes, where it counted as fewer. @returns false where there is no room for them */
  readonly atLeast: (bytes: number) => boolean;
}

export type Body = HeldBody | { readonly ok: false; readonly fault: BodyFault };

/** x-gzip is the same (RFC 9110, 8.4.1.3). */
const GZIP = new Set(["gzip", "x-gzip"]);

/**
 * Reads a request's body, plain or gzip, of at most `limit` bytes (after decompression). The bytes count against the
 * budget until `done` is called, which the caller does when the request has been answered.
 */
export async function readBody(request: IncomingMessage, limit: number, budget: BodyBudget): Promise<Body> {
  const encoding = request.headers["content-encoding"]?.toLowerCase() ?? "identity";
  const zipped = GZIP.has(encoding);
  if (encoding !== "identity" && !zipped) return { ok: false, fault: { kind: "encoding" } };
  if (Number(request.headers["content-length"] ?? 0) > limit) return { ok: false, fault: { kind: "too-large" } };
  let held = 0;
  const done = () => {
    budget.give(held);
    held = 0;
  };
  const take = (bytes: number) => {
    if (!budget.take(bytes)) return false;
    held += bytes;
    return true;
  };
  const atLeast = (bytes: number) => bytes <= held || take(bytes - held);
  const collected = await collect(request, zipped, limit, take);
  if (!("kind" in collected)) return { ok: true, bytes: collected, done, atLeast };
  done();
  return { ok: false, fault: collected };
}

function collect(
  request: IncomingMessage,
  zipped: boolean,
  limit: number,
  take: (bytes: number) => boolean,
): Promise<Buffer | BodyFault> {
  const source: Readable = zipped ? request.pipe(createGunzip()) : request;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = (fault: BodyFault) => {
      source.removeAllListeners("data");
      if (zipped) {
        request.unpipe();
        source.destroy();
      }
      // What is still to come is thrown away, so that the client gets to read the answer; requestTimeout bounds it.
      request.resume();
      resolve(fault);
    };
    const incomplete = (why: string) => stop({ kind: "incomplete", why });
    source.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) return stop({ kind: "too-large" });
      if (!take(chunk.length)) return stop({ kind: "no-room" });
      chunks.push(chunk);
    });
    source.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)));
    source.once("error", () => incomplete(zipped ? "it is not whole gzip data" : "the connection failed"));
    request.once("close", () => {
      if (!request.complete) incomplete("the connection was closed");
    });
  });
}
