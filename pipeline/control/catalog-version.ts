import { createHash, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzipSync, type ZlibOptions } from "node:zlib";
import { z } from "zod";
import type { Codec } from "../../platform/codec/codec.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import type { Control } from "../../schemas/generated/types.ts";
import { CONTROL_TOPIC } from "../../schemas/topics.ts";

/** The catalog as plain data, in the shape of its files: what a version is. */
export type CatalogSource = Readonly<Record<string, unknown>>;

/** What is known of a version without its content. */
export interface VersionFacts {
  /** 1 … */
  readonly version: number;
  /** What tells this apply from another that wanted to be the same version. */
  readonly id: string;
  /** The version that it was made of; 0: none. */
  readonly parent: number;
  /** When it was applied, epoch ms by the brokers' clock. */
  readonly at: number;
  /** Who applied it, as far as the machine knows. */
  readonly by: string;
  /** What they said about it. */
  readonly note: string | null;
  /** The version whose content it brought back. */
  readonly restored: number | null;
}

const headSchema = z.object({
  parent: z.int().min(0),
  pieces: z.int().min(1).max(10_000),
  sha256: z.string().length(64),
  by: z.string(),
  note: z.string().nullable(),
  restored: z.int().nullable(),
});
export type Head = z.output<typeof headSchema>;

/** Octets of base64 in a piece: a record stays far below what a topic takes. */
const PIECE = 400_000;
/** A catalog is larger than this only by mistake, octets of JSON. */
const MAX_SOURCE = 256 * 1024 * 1024;

/** The records that publish a version: the pieces, and the head, to be written when the pieces are stored. */
export function versionRecords(
  codec: Codec<Control>,
  source: CatalogSource,
  facts: Omit<VersionFacts, "id">,
): { readonly id: string; readonly pieces: readonly OutRecord[]; readonly head: OutRecord } {
  const { version, parent, at, by, note, restored } = facts;
  const id = randomUUID();
  const packed = gzipSync(JSON.stringify(source)).toString("base64");
  const parts = packed.match(new RegExp(`.{1,${PIECE}}`, "g")) ?? [];
  const pieces = parts.map((body, place) =>
    record(codec, pieceKey(id, place), { kind: "piece", id, version, body, at, place }),
  );
  const head: Head = { parent, pieces: parts.length, sha256: hashOf(packed), by, note, restored };
  const body = JSON.stringify(head);
  return { id, pieces, head: record(codec, headKey(id), { kind: "head", id, version, body, at, place: 0 }) };
}

/** The records that remove a version which is not needed any more. */
export function removalRecords({ id }: VersionFacts, pieces: number): OutRecord[] {
  const keys = [headKey(id), ...Array.from({ length: pieces }, (_, place) => pieceKey(id, place))];
  return keys.map((key) => ({ topic: CONTROL_TOPIC, partition: 0, key, value: null }));
}

export function readHead(body: string): Head | undefined {
  try {
    return headSchema.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

const unzip = promisify<Buffer, ZlibOptions, Buffer>(gunzip);

/** What pieces hold. */
export interface Unpacked {
  /** Of the pieces. */
  readonly sha256: string;
  /** Undefined where they hold no catalog. */
  readonly source: CatalogSource | undefined;
}

/** Whether all pieces are there, as far as these tell without a head: the last one is shorter than the others. */
export function areWhole(pieces: readonly (string | undefined)[]): boolean {
  const [last] = pieces.slice(-1);
  return last !== undefined && last.length < PIECE && [...pieces].every((piece) => piece !== undefined);
}

/** The content of pieces, in their order. */
export async function unpack(pieces: readonly string[]): Promise<Unpacked> {
  const packed = pieces.join("");
  return { sha256: hashOf(packed), source: await contentOf(packed) };
}

async function contentOf(packed: string): Promise<CatalogSource | undefined> {
  try {
    // Another thread does it: a large one takes tens of milliseconds.
    const text = await unzip(Buffer.from(packed, "base64"), { maxOutputLength: MAX_SOURCE });
    const value: unknown = JSON.parse(text.toString());
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as CatalogSource) : undefined;
  } catch {
    return undefined;
  }
}

export function record(codec: Codec<Control>, key: string, value: Control): OutRecord {
  return { topic: CONTROL_TOPIC, partition: 0, key, value: codec.encode(value) };
}

function headKey(id: string): string {
  return `head/${id}`;
}

function pieceKey(id: string, place: number): string {
  return `piece/${id}/${place}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
