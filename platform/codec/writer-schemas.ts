import type { SchemaNode } from "./avro-schema.ts";

/** What is known of a schema id that records carry. */
export type WriterSchema =
  | { readonly state: "loaded"; readonly schema: SchemaNode }
  /** In the registry, but not readable as Avro here. */
  | { readonly state: "unusable"; readonly why: string };

/** Fetches a schema; undefined when the registry has none of that id. Rejects when the registry cannot be asked. */
export type FetchSchema = (id: number) => Promise<WriterSchema | undefined>;

/** Known ids, of either kind; more are only seen when someone writes made-up ids. */
const MAX_IDS = 1_000;

/** How long "no such schema" is believed, milliseconds: a registry that was restored may have it later. */
const MISSING_MS = 30_000;

/** The schemas that records were written with, by id, shared by all codecs of a process. */
export class WriterSchemas {
  private readonly fetch: FetchSchema;
  private readonly now: () => number;
  private readonly known = new Map<number, WriterSchema>();
  private readonly missingUntil = new Map<number, number>();
  private readonly underWay = new Map<number, Promise<"loaded" | "missing">>();

  constructor(fetch: FetchSchema, now: () => number = () => performance.now()) {
    this.fetch = fetch;
    this.now = now;
  }

  /** A schema that need not be asked for. */
  learn(id: number, schema: WriterSchema): void {
    remember(this.known, id, schema);
  }

  /** What is known of the id; `missing` for half a minute after the registry had none; undefined: load it. */
  get(id: number): WriterSchema | "missing" | undefined {
    const schema = this.known.get(id);
    if (schema !== undefined) return schema;
    const until = this.missingUntil.get(id);
    return until !== undefined && this.now() < until ? "missing" : undefined;
  }

  /** Loads a schema. Calls for the same id at the same time share one request. Rejects as {@link FetchSchema} does. */
  load(id: number): Promise<"loaded" | "missing"> {
    // No registry gives such an id, and what one answers when asked for it is its own affair.
    if (id <= 0) return Promise.resolve("missing");
    const known = this.get(id);
    if (known !== undefined) return Promise.resolve(known === "missing" ? "missing" : "loaded");
    let request = this.underWay.get(id);
    if (request === undefined) {
      request = this.request(id).finally(() => this.underWay.delete(id));
      this.underWay.set(id, request);
    }
    return request;
  }

  private async request(id: number): Promise<"loaded" | "missing"> {
    const schema = await this.fetch(id);
    if (schema === undefined) {
      remember(this.missingUntil, id, this.now() + MISSING_MS);
      return "missing";
    }
    remember(this.known, id, schema);
    return "loaded";
  }
}

/** Adds an entry; the oldest one goes when there are too many. */
function remember<Value>(map: Map<number, Value>, id: number, value: Value): void {
  if (map.size >= MAX_IDS) map.delete(map.keys().next().value as number);
  map.set(id, value);
}
