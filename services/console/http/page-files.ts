import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { RequestHandler } from "express";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A file of the page, in each encoding that a browser may take. */
export interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly br: Buffer;
}

/** Files of packages that the page loads, by their path on the server. */
export type Vendored = Readonly<Record<string, string>>;

/** Reads the page's folder and the packages' files, once: they are small. */
export function readPage(folder: string, vendored: Vendored): Map<string, PageFile> {
  const own = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => extname(name) in TYPES)
    .map((name) => [`/${name.replaceAll("\\", "/")}`, join(folder, name)] as const);
  const files = new Map([...own, ...Object.entries(vendored)].map(([path, file]) => [path, pageFile(path, file)]));
  const index = files.get("/index.html");
  if (index !== undefined) files.set("/", index);
  return files;
}

function pageFile(path: string, file: string): PageFile {
  const plain = readFileSync(file);
  const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
  return { type: TYPES[extname(path)]!, etag, plain, gzip: gzipSync(plain), br: brotliCompressSync(plain) };
}

/** Answers with the page's files. A browser asks each time whether it has the newest: an upgrade shows at once. */
export function servePage(files: ReadonlyMap<string, PageFile>): RequestHandler {
  return (request, response, next) => {
    const file = files.get(request.path);
    if (file === undefined || (request.method !== "GET" && request.method !== "HEAD")) return next();
    response.setHeader("cache-control", "no-cache");
    response.setHeader("etag", file.etag);
    response.setHeader("vary", "accept-encoding");
    if (request.headers["if-none-match"] === file.etag) return void response.status(304).end();
    const encoding = request.acceptsEncodings(["br", "gzip"]);
    const body = encoding === "br" ? file.br : encoding === "gzip" ? file.gzip : file.plain;
    if (encoding === "br" || encoding === "gzip") response.setHeader("content-encoding", encoding);
    response.setHeader("content-type", file.type);
    response.setHeader("content-length", body.length);
    response.end(request.method === "HEAD" ? undefined : body);
  };
}
