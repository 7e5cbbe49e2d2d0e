import type { DeliveryCell, Sight } from "./delivery-cell.ts";
import { DeliveryEvidence, evidenceOfChange, evidenceOfCollapse } from "./delivery-evidence.ts";

/** Submissions of the last so many ms are looked at: what changed at any moment shows best in those made since. */
const WINDOWS_MS: readonly number[] = Array.from({ length: 31 }, (_, n) => 1_000 * 2 ** (n / 3)).reverse();
/** A change within a shorter time may be chance in the times of receipts, ms. */
const CHANGE_WINDOW_MS = 8_000;
/** That receipts have collapsed must be so much likelier than that they have not, the logarithm: one chance in a million. */
const CERTAIN = 13;
/** And that it delivers another share than before, for this to be taken up. */
const CHANGED = 8;
/** Receipts that would be usual before anything is said at all; and of one network, for what is said of all. */
const LEAST_USUAL = 8;
const LEAST_OF_ONE = 3;
/** With fewer than this share of the usual receipts a network is no witness that all is well. */
const WELL = 0.5;
/** A network that was left no longer ago than this speaks of its provider, ms. */
const JUST_LEFT_MS = 60_000;
/** A cell is looked at until so long after the last word of it, ms: what is told of seldom comes every few seconds. */
const STILL_MS = 10_000;

/**
 * Looks at all cells of one provider for receipts that have collapsed, in one network or in all, and for other changes.
 * As a whole a provider is left when two networks at least show it and none speaks against it: then also where too little
 * was sent to tell.
 */
export function watchReceipts(cells: readonly DeliveryCell[], at: number): void {
  if (!cells.some(({ news }) => news)) return;
  for (const [place, lengthMs] of WINDOWS_MS.entries()) {
    const heard = cells.filter((cell) => isHeard(cell, lengthMs, at));
    const seen = heard.map((cell) => ({ cell, sight: cell.look(lengthMs) }));
    const telling = seen.filter(({ sight }) => sight.expected >= LEAST_OF_ONE);
    // In a shorter time there is less to be seen.
    if (telling.length === 0) break;
    for (const { cell, sight } of telling) judge(cell, sight, place, at);
    if (collapsedAsWhole(telling, place, at)) {
      for (const cell of cells) if (!cell.guard.away) leave(cell, at);
      break;
    }
  }
  for (const cell of cells) cell.news = false;
}

/** Whether the last `lengthMs` of a cell say how it is now. */
function isHeard({ heardAt, startedAt }: DeliveryCell, lengthMs: number, at: number): boolean {
  return heardAt >= at - lengthMs - STILL_MS && heardAt - lengthMs >= startedAt;
}

/** Leaves the cell when its own receipts have collapsed, and notes when it is no longer as it was. */
function judge(cell: DeliveryCell, sight: Sight, place: number, at: number): void {
  if (cell.guard.away) return;
  const low = cell.settled && sight.expected >= LEAST_USUAL && sight.delivered < WELL * sight.expected;
  const other = WINDOWS_MS[place]! >= CHANGE_WINDOW_MS && cell.differs(sight);
  if (!low && !other) return;
  const [whole, ...later] = WINDOWS_MS.slice(place).map((lengthMs) => cell.evidence(lengthMs));
  if (low && evidenceOfCollapse(whole!, later) >= CERTAIN) leave(cell, at);
  else if (other && whole!.ripe && evidenceOfChange(whole!, later, cell.ratio) >= CHANGED)
    cell.restartSince(cell.heardAt - WINDOWS_MS[place]!);
}

interface Seen {
  readonly cell: DeliveryCell;
  readonly sight: Sight;
}

function collapsedAsWhole(seen: readonly Seen[], place: number, at: number): boolean {
  const witnesses = seen.filter(({ cell: { guard } }) => !guard.away || at - (guard.leftAt ?? 0) < JUST_LEFT_MS);
  if (witnesses.length < 2 || witnesses.every(({ cell }) => cell.guard.away)) return false;
  if (witnesses.some(({ cell, sight }) => !cell.settled || sight.delivered >= WELL * sight.expected)) return false;
  const [whole, ...later] = WINDOWS_MS.slice(place).map((lengthMs) => {
    const all = new DeliveryEvidence();
    for (const { cell } of witnesses) all.addAll(cell.evidence(lengthMs));
    return all;
  });
  return whole!.usual >= LEAST_USUAL && evidenceOfCollapse(whole!, later) >= CERTAIN;
}

function leave(cell: DeliveryCell, at: number): void {
  cell.guard.leave(at, cell.shape, cell.delay(0.95) ?? 0);
}
