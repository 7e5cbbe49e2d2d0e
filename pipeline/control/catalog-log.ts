import type { Control } from "../../schemas/generated/types.ts";
import {
  areWhole,
  type CatalogSource,
  type Head,
  readHead,
  type Unpacked,
  unpack,
  type VersionFacts,
} from "./catalog-version.ts";

/** A version that counts, with its content. */
export interface AppliedVersion extends VersionFacts {
  readonly source: CatalogSource;
  /** Records that its content is written in. */
  readonly pieces: number;
}

/** What a process says of the catalog that it works with. */
export interface InstanceWord {
  /** `<service>/<instance>` */
  readonly id: string;
  readonly version: number;
  readonly at: number;
  /** Why it does not work with the newest version. */
  readonly trouble: string | null;
  /**
   * Id of the last version that it has made ready before its head stood there; null: it would do so, and has not yet. Undefined: it is of
   * a program that does not.
   */
  readonly prepared?: string | null | undefined;
}

/** Versions whose content is kept in the topic, to go back to and to compare with. */
export const KEPT_VERSIONS = 20;

/** Applies whose head has not come, of which pieces are kept: more are only there when applies were broken off. */
const MAX_UNFINISHED = 8;

/**
 * What stands in sms.control, read from the beginning. A version counts when its head stands there with all its pieces
 * before it, and it was made of the version before: of two that were made of one, the log's order says which counts.
 */
export class CatalogLog {
  /** Oldest first. */
  readonly versions: AppliedVersion[] = [];
  readonly instances = new Map<string, InstanceWord>();
  private readonly unfinished = new Map<string, string[]>();
  /** What was unpacked before its head was there. */
  private unpacked: (Unpacked & { readonly id: string }) | undefined;
  private readonly keep: number;

  /** `keep`: newest versions whose content is kept. */
  constructor(keep = 1) {
    this.keep = keep;
  }

  get current(): AppliedVersion | undefined {
    return this.versions.at(-1);
  }

  /** Takes a record, when the one before has been taken. @returns the version that counts from it on, if there is one */
  async accept(control: Control): Promise<AppliedVersion | undefined> {
    if (control.kind === "piece") this.piece(control);
    else if (control.kind === "head") return this.head(control);
    else if (control.kind === "instance") this.instance(control);
    return undefined;
  }

  /** The content of a version whose pieces have come and whose head has not; undefined when pieces are still to come, or hold no catalog. */
  async unpackEarly(id: string): Promise<CatalogSource | undefined> {
    const pieces = this.unfinished.get(id);
    if (pieces === undefined || !areWhole(pieces)) return undefined;
    this.unpacked = { id, ...(await unpack(pieces)) };
    return this.unpacked.source;
  }

  /** What was unpacked early is not kept any longer: its head, if it comes, has it unpacked again. */
  forgetEarly(): void {
    this.unpacked = undefined;
  }

  /** A key has been removed. */
  removed(key: string): void {
    const [kind, ...rest] = key.split("/");
    if (kind === "instance") this.instances.delete(rest.join("/"));
    if (kind !== "head") return;
    const index = this.versions.findIndex(({ id }) => id === rest[0]);
    // The one that counts stays, whatever is removed by mistake: its processes go on.
    if (index >= 0 && index < this.versions.length - 1) this.versions.splice(index, 1);
  }

  private piece({ id, place, body }: Control): void {
    let pieces = this.unfinished.get(id);
    if (pieces === undefined) {
      pieces = [];
      this.unfinished.set(id, pieces);
      const [oldest] = this.unfinished.keys();
      if (this.unfinished.size > MAX_UNFINISHED) this.unfinished.delete(oldest!);
    }
    pieces[place] = body;
    if (this.unpacked?.id === id) this.unpacked = undefined;
  }

  private async head({ id, version, body, at }: Control): Promise<AppliedVersion | undefined> {
    const head = readHead(body);
    const pieces = this.unfinished.get(id);
    this.unfinished.delete(id);
    if (head === undefined || pieces === undefined || pieces.length !== head.pieces) return undefined;
    if (!this.follows(version, head)) return undefined;
    const { sha256, source } = this.unpacked?.id === id ? this.unpacked : await unpack(pieces);
    this.unpacked = undefined;
    if (sha256 !== head.sha256 || source === undefined) return undefined;
    const { parent, by, note, restored } = head;
    const applied = { version, id, parent, at, by, note, restored, source, pieces: head.pieces };
    this.versions.push(applied);
    if (this.versions.length > this.keep) this.versions.shift();
    return applied;
  }

  /** Older versions may have been removed: the first that is met was made of one that is not there any more. */
  private follows(version: number, { parent }: Head): boolean {
    const { current } = this;
    return current === undefined ? version > parent : parent === current.version && version === parent + 1;
  }

  private instance({ id, version, body, at }: Control): void {
    let word: { trouble?: unknown; prepared?: unknown };
    try {
      word = JSON.parse(body) as typeof word;
    } catch {
      return;
    }
    const trouble = typeof word.trouble === "string" ? word.trouble : null;
    const prepared = typeof word.prepared === "string" || word.prepared === null ? word.prepared : undefined;
    this.instances.set(id, { id, version, at, trouble, prepared });
  }
}
