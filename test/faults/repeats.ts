import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Books, isTakeover } from "./books.ts";
import type { Doubt } from "./doubt.ts";
import type { Installation } from "./installation.ts";

/** What went out, or was held, again because of takeovers, against what was in doubt. */
export interface Repeats {
  /** Submissions that providers accepted beyond each message's first. */
  readonly again: number;
  /** Repeats and holds that state a takeover. */
  readonly stated: number;
  /** Of `again`, in lanes that hold. */
  readonly againHeld: number;
  /** Messages that state a takeover more often than a kill left them in doubt, or went out more often than that and being handed back explain. */
  readonly unexplained: readonly string[];
}

/** Every repeat must be one that a kill had left in doubt, or follow from a return (no answer in time, …) that states it. */
export function compareRepeats({ messages }: Books, doubt: Doubt): Repeats {
  const doubts = new Map<string, number>();
  for (const works of doubt.kills)
    for (const work of works) {
      const id = work.slice(0, work.lastIndexOf("/"));
      doubts.set(id, (doubts.get(id) ?? 0) + 1);
    }
  let [again, againHeld, stated] = [0, 0, 0];
  const unexplained: string[] = [];
  for (const { id, lane, reasons, returns, doubted, sent } of messages.values()) {
    const times = doubts.get(id) ?? 0;
    const takeovers = [...reasons].filter(isTakeover).length;
    const more = Math.max(0, sent - 1);
    again += more;
    if (lane === "marketing") againHeld += more;
    stated += takeovers;
    if (takeovers > times || more > times + doubted.size)
      unexplained.push(
        `${id} ${lane}: sent ${sent} times, in doubt ${times} times, reasons ${[...reasons]}, returns ${[...returns]}`,
      );
  }
  return { again, againHeld, stated, unexplained };
}

/** How often living senders gave their partitions up because no heartbeat was answered: what they had staged is in doubt like at a kill. */
export function lapses({ logDir }: Installation, names: readonly string[] = ["sender", "sender-2"]): number {
  const logs = names.map((name) => {
    try {
      return readFileSync(join(logDir, `${name}.log`), "utf8");
    } catch {
      return ""; // never started
    }
  });
  return logs.join("").split("the tasks end here").length - 1;
}
