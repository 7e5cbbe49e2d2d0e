/** Where accounts stand in one partition, as the text that is committed beside its offset. */

/** A broker takes 4,096 octets of it by default. */
const MOST = 3_500;
/** In front of every one: an empty text is that of a partition that nobody has had yet. */
const VERSION = "1";

/**
 * `offset`: up to where all is done for every account that the text does not name. Those furthest behind are named; where there is no
 * room for all, the others hold the offset back, and may be told again of what lies above it.
 */
export function notePositions(head: number, behind: ReadonlyMap<string, number>): { offset: number; text: string } {
  let text = VERSION;
  let offset = head;
  for (const [account, position] of [...behind].sort(([, a], [, b]) => a - b)) {
    const more = ` ${account}=${position}`;
    if (text.length + more.length <= MOST) text += more;
    else offset = Math.min(offset, position);
  }
  return { offset, text };
}

/** Undefined: nobody has had the partition yet. */
export function readPositions(text: string): Map<string, number> | undefined {
  const [version, ...entries] = text.split(" ");
  if (version !== VERSION) return undefined;
  const positions = new Map<string, number>();
  for (const entry of entries) {
    const [account = "", position] = entry.split("=");
    if (Number.isSafeInteger(Number(position))) positions.set(account, Number(position));
  }
  return positions;
}
