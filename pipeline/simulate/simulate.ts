import type { Snapshot } from "../../domain/catalog/snapshot.ts";
import type { EventReader, ReadHooks, Stretch } from "./event-reader.ts";
import { Replay } from "./replay.ts";
import { SeenDeliveries } from "./seen-deliveries.ts";
import type { Simulation } from "./simulate-report.ts";

/** A catalog, and what the report calls it. */
export interface NamedCatalog {
  readonly name: string;
  readonly snapshot: Snapshot;
}

export interface SimulateOptions extends Omit<ReadHooks, "progress"> {
  readonly changed: NamedCatalog;
  /** Undefined where none was applied. */
  readonly atWork: NamedCatalog | undefined;
  readonly stretch: Stretch;
  /** Told what is read, and the share of it that has been, 0 to 1: what was delivered first, then the decisions. */
  readonly progress?: (what: "what was delivered" | "decisions", share: number) => void;
}

const ENDS: ReadonlySet<string> = new Set(["final"]);
const DECISIONS: ReadonlySet<string> = new Set(["routed", "closed"]);

/**
 * Decides the messages of a stretch of time once more. It reads sms.events twice, and writes nothing. Where `stopped` ends it, the
 * result is of what had been read by then.
 */
export async function simulate(
  events: EventReader,
  { changed, atWork, stretch, progress, stopped }: SimulateOptions,
): Promise<Simulation> {
  const hooks = (what: "what was delivered" | "decisions"): ReadHooks => ({
    progress: (share) => progress?.(what, share),
    ...(stopped === undefined ? {} : { stopped }),
  });
  const seen = new SeenDeliveries();
  // Ends of these messages may stand behind the time.
  await events.read({ ...stretch, until: undefined }, ENDS, (event) => seen.ended(event), hooks("what was delivered"));
  const catalogs = atWork === undefined ? [changed] : [changed, atWork];
  const replay = new Replay(
    catalogs.map(({ snapshot }) => snapshot),
    seen,
  );
  const leftOut = await events.read(stretch, DECISIONS, (event) => replay.decided(event), hooks("decisions"));
  const [tally, working] = replay.simulated;
  return {
    first: replay.first,
    last: replay.last,
    recorded: replay.recorded,
    changed: { name: changed.name, tally: tally! },
    atWork: atWork === undefined ? undefined : { name: atWork.name, tally: working! },
    seen,
    rates: changed.snapshot.catalog.rates,
    networkSources: replay.networkSources,
    unreadable: events.unreadable,
    leftOut,
  };
}
