import { createHash, randomBytes } from "node:crypto";
import type { Person } from "./roles.ts";

export interface SessionLimits {
  /** Sessions kept; beyond it the one that was unused for longest ends. */
  readonly max: number;
  /** A session that was not used for so long ends, ms. */
  readonly idleMs: number;
  /** And each one after so long, ms. */
  readonly longestMs: number;
}

export interface Session {
  readonly person: Person;
  /** Of its start, ms. */
  readonly since: number;
  usedAt: number;
}

/** 256 bits. */
const TOKEN_BYTES = 32;

/** Who is logged in, in memory: a restart logs everybody out. Times are monotonic, ms. */
export class Sessions {
  private readonly limits: SessionLimits;
  /** By the hash of the token, the longest unused first: what memory shows is no key. */
  private readonly known = new Map<string, Session>();

  constructor(limits: SessionLimits) {
    this.limits = limits;
  }

  /** @returns the token that the browser shows from now on */
  begin(person: Person, now: number): string {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    this.endOld(now);
    const [oldest] = this.known.keys();
    if (oldest !== undefined && this.known.size >= this.limits.max) this.known.delete(oldest);
    this.known.set(keyOf(token), { person, since: now, usedAt: now });
    return token;
  }

  /** Whose token this is; undefined for nobody's, or for one that has ended. Counts as use. */
  of(token: string | undefined, now: number): Session | undefined {
    if (token === undefined) return undefined;
    const key = keyOf(token);
    const session = this.known.get(key);
    if (session === undefined) return undefined;
    this.known.delete(key);
    if (!this.lasts(session, now)) return undefined;
    session.usedAt = now;
    this.known.set(key, session);
    return session;
  }

  end(token: string): void {
    this.known.delete(keyOf(token));
  }

  /** Ends the sessions of those who may not stay. */
  keep(may: (person: Person) => boolean): void {
    for (const [key, { person }] of this.known) if (!may(person)) this.known.delete(key);
  }

  get size(): number {
    return this.known.size;
  }

  private endOld(now: number): void {
    for (const [key, session] of this.known) if (!this.lasts(session, now)) this.known.delete(key);
  }

  private lasts({ since, usedAt }: Session, now: number): boolean {
    return now - usedAt <= this.limits.idleMs && now - since <= this.limits.longestMs;
  }
}

function keyOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
