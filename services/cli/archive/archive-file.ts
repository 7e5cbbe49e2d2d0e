import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { type ArchivedFile, syncFolder } from "./manifest.ts";

/** Parquet begins and ends with it: an answer that broke off has no end. */
const MAGIC = Buffer.from("PAR1");

/**
 * Writes a stream into a file of the folder, named by `stem` and its content's hash, so that it never takes an older one's place. Until it is whole and on the
 * disk its name ends in .part.
 * @throws SluiceError `ARCHIVE_BROKEN` when the stream is no whole Parquet file
 */
export async function writeArchiveFile(
  folder: string,
  stem: string,
  content: Readable,
  rows: number,
): Promise<ArchivedFile> {
  const draft = join(folder, `${stem}.${process.pid}.part`);
  try {
    const { sha256, bytes, tail } = await copy(content, draft);
    if (!tail.equals(MAGIC)) {
      const said = tail.length === 0 ? "nothing" : "something else";
      throw new SluiceError(`${stem}: ClickHouse broke off: ${said} stands where a Parquet file ends`, {
        code: "ARCHIVE_BROKEN",
        class: "transient",
      });
    }
    const handle = await open(draft, "r+");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    const name = `${stem}-${sha256.slice(0, 16)}.parquet`;
    await rename(draft, join(folder, name));
    syncFolder(folder);
    return { name, rows, bytes, sha256 };
  } finally {
    await rm(draft, { force: true });
  }
}

async function copy(content: Readable, path: string): Promise<{ sha256: string; bytes: number; tail: Buffer }> {
  const hash = createHash("sha256");
  let bytes = 0;
  let tail: Buffer = Buffer.alloc(0);
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      tail =
        chunk.length >= MAGIC.length
          ? chunk.subarray(-MAGIC.length)
          : Buffer.concat([tail, chunk]).subarray(-MAGIC.length);
      done(undefined, chunk);
    },
  });
  await pipeline(content, counted, createWriteStream(path, { flags: "w" }));
  return { sha256: hash.digest("hex"), bytes, tail: Buffer.from(tail) };
}

/** @throws SluiceError `ARCHIVE_BROKEN` naming the file that is not what the manifest says. */
export async function checkArchiveFile(folder: string, { name, bytes, sha256 }: ArchivedFile): Promise<void> {
  const path = join(folder, name);
  const hash = createHash("sha256");
  let read = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk as Buffer);
      read += (chunk as Buffer).length;
    }
  } catch (cause) {
    throw new SluiceError(`${path} cannot be read`, { code: "ARCHIVE_BROKEN", cause });
  }
  if (read !== bytes)
    throw new SluiceError(`${path} has ${read} bytes, and its manifest says ${bytes}`, { code: "ARCHIVE_BROKEN" });
  if (hash.digest("hex") !== sha256)
    throw new SluiceError(`${path} has another content than its manifest says`, { code: "ARCHIVE_BROKEN" });
}
