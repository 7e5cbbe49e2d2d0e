import type { IncomingMessage } from "node:http";
import { pipeline, type Readable, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { BodyBudget } from "./body-budget.ts";

/**
 * - `encoding`: it is none of {@link UNPACKED}, nor plain;
 * - `too-large`: beyond the limit, or so it is declared;
 * - `no-room`: the bodies of others fill the memory at the moment;
 * - `incomplete`: the connection failed, or what came is not whole in its encoding.
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

/** How a body may be packed, by Content-Encoding (RFC 9110, 8.4.1; RFC 7932): once. x-gzip is gzip. */
const UNPACKED: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** A request's body as it arrives, unpacked: plain, gzip, deflate or br; undefined where it is none of these. A fault of the connection ends it with an error. */
export function unpacked(request: IncomingMessage): Readable | undefined {
  const unpack = unpackerOf(request);
  if (typeof unpack === "string") return unpack === "plain" ? request : undefined;
  // What goes wrong is told by the unpacked stream.
  return pipeline(request, unpack(), () => {});
}

function unpackerOf(request: IncomingMessage): (() => Transform) | "plain" | "unknown" {
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity") return "plain";
  return Object.hasOwn(UNPACKED, encoding) ? UNPACKED[encoding]! : "unknown";
}

/**
 * Reads a request's body, plain, gzip, deflate or br, of at most `limit` bytes (after decompression). The bytes count against the
 * budget until `done` is called, which the caller does when the request has been answered.
 */
export async function readBody(request: IncomingMessage, limit: number, budget: BodyBudget): Promise<Body> {
  const unpack = unpackerOf(request);
  if (unpack === "unknown") return { ok: false, fault: { kind: "encoding" } };
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
  const collected = await collect(request, unpack === "plain" ? undefined : unpack(), limit, take);
  if (!("kind" in collected)) return { ok: true, bytes: collected, done, atLeast };
  done();
  return { ok: false, fault: collected };
}

function collect(
  request: IncomingMessage,
  unpacked: Transform | undefined,
  limit: number,
  take: (bytes: number) => boolean,
): Promise<Buffer | BodyFault> {
  const source: Readable = unpacked === undefined ? request : request.pipe(unpacked);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = (fault: BodyFault) => {
      source.removeAllListeners("data");
      if (unpacked !== undefined) {
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
    source.once("error", () =>
      incomplete(unpacked === undefined ? "the connection failed" : "it is not whole in its encoding"),
    );
    request.once("close", () => {
      if (!request.complete) incomplete("the connection was closed");
    });
  });
}
