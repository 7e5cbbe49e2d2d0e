import { type Finding, LEVELS, levelOf, type Suspicion } from "./suspicion.ts";

/** It is over when nothing was found for so many minutes; pumping is seen in half a day at a time, and a way may have no messages by night. */
const QUIET = 60;
const QUIET_OF: Partial<Record<Finding["kind"], number>> = { pumping: 720, "grey-route": 360 };
/** Suspicions open at one time; of more, the oldest is closed. */
export const OPEN = 1_000;
/** One that is open is told again after so many minutes, with its newest figures, whether it was found again or not. */
const AGAIN = 10;

/** Stands for all accounts; no account has this name. */
const TOGETHER = "*";

interface Open {
  suspicion: Suspicion;
  toldAt: number;
}

/** Makes one suspicion, with a beginning and an end, of what is found minute after minute. */
export class Episodes {
  private readonly open = new Map<string, Open>();

  /** What is to be told now: what is new, has become graver, has been open for ten minutes more, or is over. */
  fold(minute: number, findings: readonly Finding[]): Suspicion[] {
    const told: Suspicion[] = [];
    for (const finding of findings) {
      const next = this.found(minute, finding);
      if (next !== undefined) told.push(next);
    }
    for (const [key, one] of this.open) {
      const { suspicion } = one;
      const quiet = QUIET_OF[suspicion.kind] ?? QUIET;
      if (minute - suspicion.minute <= quiet && this.open.size <= OPEN) {
        if (minute - one.toldAt < AGAIN) continue;
        one.toldAt = minute;
        told.push(suspicion);
        continue;
      }
      this.open.delete(key);
      told.push({ ...suspicion, over: true });
    }
    return told;
  }

  /** Those that are not over. */
  get all(): Suspicion[] {
    return [...this.open.values()].map(({ suspicion }) => suspicion);
  }

  /** Goes on with these, as they were told, in place of its own: who learned from what is stored has told nobody. */
  resume(told: readonly Suspicion[], minute: number): void {
    this.open.clear();
    for (const suspicion of told.slice(-OPEN)) this.open.set(keyOf(suspicion), { suspicion, toldAt: minute });
  }

  /** Whether a suspicion of this kind against an account is open; pumping: in a country, against many accounts together where none is given. */
  holds(kind: Finding["kind"], account: string | undefined, country?: string): boolean {
    return this.open.has(country === undefined ? `${kind} ${account}` : `${kind} ${account ?? TOGETHER} ${country}`);
  }

  private found(minute: number, finding: Finding): Suspicion | undefined {
    const key = keyOf(finding);
    const before = this.open.get(key);
    const level = levelOf(finding);
    if (before === undefined) {
      const suspicion = { ...finding, level, id: `${key} ${minute}`, since: minute, minute, over: false };
      this.open.set(key, { suspicion, toldAt: minute });
      return suspicion;
    }
    const { suspicion } = before;
    const graver = LEVELS.indexOf(level) > LEVELS.indexOf(suspicion.level);
    // The gravest level stands; what it is about stays what was told first.
    const next = { ...finding, subject: suspicion.subject, level: graver ? level : suspicion.level };
    before.suspicion = { ...next, id: suspicion.id, since: suspicion.since, minute, over: false };
    if (!graver) return undefined;
    before.toldAt = minute;
    return before.suspicion;
  }
}

/** Of one account, or of one way, there is one suspicion of a kind; of pumping one for each country, and one of all accounts together. */
function keyOf({ kind, subject: { account, country, provider } }: Finding): string {
  if (kind === "pumping") return `${kind} ${account ?? TOGETHER} ${country}`;
  return account !== undefined ? `${kind} ${account}` : `${kind} ${provider} ${country}`;
}
