import type { Candidate, RouteMember, Verdict } from "./candidate.ts";

/** Candidates that are named; a route with more says how many others it has. */
const MAX_NAMED = 12;
/** Verdicts in turn that are remembered; some 200 octets each. */
const MAX_KEPT = 4_000;

/** What is known of the verdicts on a route's candidates up to one of them. */
interface Step {
  readonly next: Map<Verdict, Step>;
  /** Of the verdicts up to here; undefined until it was asked for. */
  text: string | null | undefined;
}

/**
 * Why the candidates that were not chosen were not: `b: dearer, c: circuit-open`, in the order in which the route asks them. There are no amounts in it:
 * few choices of a route differ, so the same text is given again, and texts that are stored take little room.
 */
export class VerdictTexts {
  /** By the first candidate of a route: its members stand for it as long as a version of the catalog does. */
  private routes = new WeakMap<RouteMember, Step>();
  private kept = 0;
  private readonly limit: number;

  /** `limit`: steps that are kept. Beyond them nothing new is, until a route comes that is not known: then all begins anew. */
  constructor(limit = MAX_KEPT) {
    this.limit = limit;
  }

  /** Steps that are kept now. */
  get size(): number {
    return this.kept;
  }

  /** Null when there is none but the one that was chosen. */
  of(candidates: readonly Candidate[]): string | null {
    if (candidates.length < 2) return null;
    let step = this.routes.get(candidates[0]!.member) ?? this.begin(candidates[0]!.member);
    for (let i = 0; i < candidates.length; i++) {
      const { verdict } = candidates[i]!;
      step = step.next.get(verdict) ?? this.add(step, verdict);
    }
    if (step.text === undefined) step.text = verdictsText(candidates);
    return step.text;
  }

  private begin(member: RouteMember): Step {
    if (this.kept >= this.limit) {
      this.routes = new WeakMap();
      this.kept = 0;
    }
    const step = newStep();
    this.routes.set(member, step);
    this.kept++;
    return step;
  }

  private add({ next }: Step, verdict: Verdict): Step {
    const step = newStep();
    if (this.kept >= this.limit) return step;
    next.set(verdict, step);
    this.kept++;
    return step;
  }
}

function newStep(): Step {
  return { next: new Map(), text: undefined };
}

/** The same, made anew. */
function verdictsText(candidates: readonly Candidate[]): string | null {
  const others = candidates.filter(({ verdict }) => verdict !== "chosen");
  if (others.length === 0) return null;
  const named = others.slice(0, MAX_NAMED).map(({ provider, verdict }) => `${provider}: ${verdict}`);
  const more = others.length - named.length;
  return `${named.join(", ")}${more === 0 ? "" : `, and ${more} more`}`;
}
