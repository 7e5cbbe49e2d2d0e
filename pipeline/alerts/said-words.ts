import { createHash } from "node:crypto";
import type { Alert } from "./alert-evaluator.ts";

/** What has been said of an alert last. */
export interface Said {
  readonly state: Alert["state"];
  /** Of this firing, as it is seen here: the same alert that fires anew is news. Epoch ms. */
  readonly activeSince: number;
  /** Epoch ms; later than whatever was known to be said before. */
  readonly at: number;
}

/** Alerts that are remembered. */
const MAX_SAID = 2_000;
/** Firings that a note names, the newest: of 17 characters each, since notes stand beside a committed offset, of 4,096 octets. */
const MAX_NOTED = 200;
const NOTED_AT = /^[0-9a-z]{1,9}$/;
const NOTED = /^([\w-]{8})([0-9a-z]{1,9})$/;
/** By so much the moments differ at which two consoles see the same: their clocks, and the time between two looks, ms. */
const APART_MS = 2 * 60_000;

/**
 * What has been said of which firing, here and by those who called before. Pure: a note passes it on. In a note stand the moment of the newest word,
 * and the firings that have been said and are not over: a digest of the key, and since when.
 */
export class SaidWords {
  private readonly reaches: ReadonlyMap<string, number>;
  private readonly longestMs: number;
  private readonly said = new Map<string, Said>();
  /** Firings that others have said and that have not been seen here, by the digest of their key: since when, epoch ms. */
  private readonly carried = new Map<string, number>();
  /** Of the newest word that is known of, epoch ms. */
  private newestAt = 0;
  private watchedSince: number | undefined;

  /** `reaches`: how far the rule of an alert looks back, by the alert's name, ms. One that is not named does not. */
  constructor(reaches: ReadonlyMap<string, number>) {
    this.reaches = reaches;
    this.longestMs = Math.max(0, ...reaches.values());
  }

  /** Alerts are looked at from the first of these moments on, epoch ms. */
  watched(at: number): void {
    this.watchedSince ??= at;
  }

  /** What has been said last of this alert. One that another has said counts as said here from now on. */
  last(alert: Alert): Said | undefined {
    return this.takenOver(alert) ?? this.said.get(alert.key);
  }

  add({ key, state, activeSince }: Alert, at: number): void {
    this.newestAt = Math.max(at, this.newestAt + 1);
    this.remember(key, { state, activeSince, at: this.newestAt });
  }

  /** Forgets what was said of alerts that are none now: nobody can say that they are over. True when the note has changed. */
  forgetOthers(alerts: readonly Alert[], at: number): boolean {
    const keys = new Set(alerts.map(({ key }) => key));
    let changed = false;
    for (const [key, { state }] of this.said)
      if (state === "firing" && !keys.has(key)) changed = this.said.delete(key) || changed;
    for (const [digest, since] of this.carried)
      if (at > this.seenBy(since, this.longestMs)) changed = this.carried.delete(digest) || changed;
    return changed;
  }

  /** At most 3,500 characters, no spaces; empty while nothing has been said. */
  get note(): string {
    if (this.newestAt === 0) return "";
    const own = [...this.said].filter(([, { state }]) => state === "firing");
    const firings = [...this.carried, ...own.map(([key, { activeSince }]) => [digestOf(key), activeSince] as const)];
    const noted = firings.slice(-MAX_NOTED).map(([digest, since]) => `${digest}${Math.round(since).toString(36)}`);
    return [Math.round(this.newestAt).toString(36), ...noted].join(",");
  }

  /**
   * Takes over from whoever made the note. Words of one's own that are newer than the note stay; of the older ones the note knows more. What
   * cannot be read in it is left out; one without a moment counts for nothing.
   */
  takeOver(note: string): void {
    const [moment = "", ...firings] = note.split(",");
    if (!NOTED_AT.test(moment) || note === this.note) return;
    const notedAt = Number.parseInt(moment, 36);
    this.carried.clear();
    for (const firing of firings.slice(0, MAX_NOTED)) {
      const [, digest, since] = NOTED.exec(firing) ?? [];
      if (digest !== undefined) this.carried.set(digest, Number.parseInt(since!, 36));
    }
    for (const [key, { at }] of this.said) {
      if (at > notedAt) this.carried.delete(digestOf(key));
      else this.said.delete(key);
    }
    this.newestAt = Math.max(this.newestAt, notedAt);
  }

  private takenOver({ key, name, activeSince }: Alert): Said | undefined {
    if (this.carried.size === 0) return undefined;
    const digest = digestOf(key);
    const since = this.carried.get(digest);
    if (since === undefined) return undefined;
    this.carried.delete(digest);
    if (activeSince > this.seenBy(since, this.reaches.get(name) ?? 0)) return undefined;
    const said = { state: "firing", activeSince, at: this.newestAt } as const;
    this.remember(key, said);
    return said;
  }

  /** Until when a firing that another has seen must have been seen here as well, epoch ms: what begins later is another firing. */
  private seenBy(since: number, reachMs: number): number {
    return Math.max(since, (this.watchedSince ?? 0) + reachMs) + APART_MS;
  }

  /** As the newest; the oldest is forgotten. */
  private remember(key: string, said: Said): void {
    this.said.delete(key);
    this.said.set(key, said);
    if (this.said.size > MAX_SAID) this.said.delete(this.said.keys().next().value!);
  }
}

function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("base64url").slice(0, 8);
}
