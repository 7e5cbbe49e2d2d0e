import type { DeadLetterBox } from "../../../pipeline/dead-letters/dead-letter-box.ts";
import type { RefusalCode } from "../../../pipeline/dead-letters/judge-replay.ts";
import type { LetterFilter, LetterTime } from "../../../pipeline/dead-letters/letter-search.ts";
import type { Replayer, ReplayOptions, ReplayResult } from "../../../pipeline/dead-letters/replay.ts";
import type { LetterPlace } from "../../../pipeline/dead-letters/replay-mark.ts";

/** Letters looked for at a time. Those that are refused stay, so who has looked at so many looks for those behind them. */
const AT_ONCE = 20_000;

/**
 * Replays the letters that match, the oldest first, until `most` are replayed or there are no more. Where nothing matches: how many letters
 * there are without the filters.
 */
export async function replayFound(
  box: Pick<DeadLetterBox, "find">,
  replayer: Pick<Replayer, "replay">,
  filter: LetterFilter,
  options: ReplayOptions,
  atOnce = AT_ONCE,
): Promise<ReplayResult | { readonly others: number }> {
  const refused = new Map<RefusalCode, number>();
  const absent: LetterPlace[] = [];
  let replayed = 0;
  let after: LetterTime | undefined;
  for (;;) {
    const found = await box.find(filter, {
      ...{ most: atOnce, which: "oldest", unreplayed: options.again !== true },
      ...(after === undefined ? {} : { after }),
    });
    if (after === undefined && found.matched === 0) return { others: found.others };
    const result = await replayer.replay(found.letters, { ...options, most: options.most - replayed });
    replayed += result.replayed;
    absent.push(...result.absent);
    for (const [code, count] of result.refused) refused.set(code, (refused.get(code) ?? 0) + count);
    const notLookedAt = result.notLookedAt + found.leftOut;
    after = found.letters.at(-1);
    if (found.leftOut === 0 || result.notLookedAt > 0 || replayed >= options.most || options.stopped?.() === true)
      return { replayed, refused, notLookedAt, absent };
  }
}
