import { type DeliveryCell, WINDOWS_MS } from "./delivery-cell.ts";
import { DeliveryEvidence, evidenceOfChange, evidenceOfCollapse } from "./delivery-evidence.ts";

/** A change within a shorter time may be chance in the times of receipts, ms. */
const CHANGE_WINDOW_MS = 8_000;
/** That receipts have collapsed must be so much likelier than that they have not, the logarithm: one chance in a million, */
const CERTAIN = 13;
/** or one in four hundred, where so many receipts would be usual that every second counts. */
const CERTAIN_OF_MANY = 6;
const MANY_USUAL = 100;
/** And that it delivers another share than before, for this to be taken up. */
const CHANGED = 8;
/** Each cell is gone through for that so often, ms: it takes more work, and less haste. */
const CHANGE_EVERY_MS = 4_000;
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
  for (const cell of cells) {
    if (cell.news) cell.look();
    cell.mayHaveChanged = cell.news && at - cell.changeSoughtAt >= CHANGE_EVERY_MS;
    if (cell.mayHaveChanged) cell.changeSoughtAt = at;
  }
  let telling = cells;
  for (const place of WINDOWS_MS.keys()) {
    // In a shorter time there is less to be seen.
    telling = telling.filter(({ seen }) => seen.expected[place]! >= LEAST_OF_ONE);
    if (telling.length === 0) break;
    const heard = telling.filter((cell) => isHeard(cell, place, at));
    for (const cell of heard) judge(cell, place, at);
    if (collapsedAsWhole(heard, place, at)) {
      for (const cell of cells) if (!cell.guard.away) leave(cell, at);
      break;
    }
  }
  for (const cell of cells) cell.news = false;
}

/** Whether the window of a cell says how it is now. */
function isHeard({ heardAt, startedAt }: DeliveryCell, place: number, at: number): boolean {
  const lengthMs = WINDOWS_MS[place]!;
  return heardAt >= at - lengthMs - STILL_MS && heardAt - lengthMs >= startedAt;
}

/** Leaves the cell when its own receipts have collapsed, and notes when it is no longer as it was. */
function judge(cell: DeliveryCell, place: number, at: number): void {
  if (cell.guard.away) return;
  const low = cell.settled && cell.seen.expected[place]! >= LEAST_USUAL && !isWell(cell, place);
  const other = cell.mayHaveChanged && WINDOWS_MS[place]! >= CHANGE_WINDOW_MS && cell.differs(place);
  if (!low && !other) return;
  const whole = cell.evidence(WINDOWS_MS[place]!);
  const later = () => laterThan(place).map((lengthMs) => cell.evidence(lengthMs));
  if (low && isCollapse(whole, later)) leave(cell, at);
  else if (other && whole.ripe && evidenceOfChange(whole, later, cell.ratio, CHANGED) >= CHANGED)
    cell.restartSince(cell.heardAt - WINDOWS_MS[place]!);
}

function collapsedAsWhole(heard: readonly DeliveryCell[], place: number, at: number): boolean {
  const witnesses: DeliveryCell[] = [];
  for (const cell of heard) {
    const { away, leftAt } = cell.guard;
    if (away && at - (leftAt ?? 0) >= JUST_LEFT_MS) continue;
    if (!cell.settled || isWell(cell, place)) return false;
    witnesses.push(cell);
  }
  if (witnesses.length < 2 || witnesses.every(({ guard }) => guard.away)) return false;
  const together = (lengthMs: number) => {
    const all = new DeliveryEvidence();
    for (const cell of witnesses) all.addAll(cell.evidence(lengthMs));
    return all;
  };
  const whole = together(WINDOWS_MS[place]!);
  const later = () => laterThan(place).map(together);
  return whole.usual >= LEAST_USUAL && isCollapse(whole, later);
}

function isCollapse(whole: DeliveryEvidence, later: () => readonly DeliveryEvidence[]): boolean {
  const enough = whole.usual >= MANY_USUAL ? CERTAIN_OF_MANY : CERTAIN;
  return evidenceOfCollapse(whole, later, enough) >= enough;
}

function laterThan(place: number): readonly number[] {
  return WINDOWS_MS.slice(place + 1);
}

function isWell({ seen }: DeliveryCell, place: number): boolean {
  return seen.delivered[place]! >= WELL * seen.expected[place]!;
}

function leave(cell: DeliveryCell, at: number): void {
  const [p95Ms] = cell.delays(0.95);
  cell.guard.leave(at, cell.shape, p95Ms ?? 0);
}
