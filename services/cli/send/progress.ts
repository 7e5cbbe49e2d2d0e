import { performance } from "node:perf_hooks";
import type { CommandHost } from "../command.ts";
import type { ResultsFile } from "./results-file.ts";

/** How often the bar moves, and how often a line is told where there is no terminal, ms. */
const BAR_MS = 200;
const LINE_MS = 10_000;
const WIDTH = 24;

/** Shows how far a file has come: a bar on a terminal, else a line now and then. */
export function progressOf(
  host: Pick<CommandHost, "tell" | "progress">,
  results: Pick<ResultsFile, "accepted" | "rejected">,
) {
  const began = performance.now();
  const before = results.accepted + results.rejected;
  let shownAt = began;
  const clear = () => host.progress?.("");
  return {
    show(sent: number, octets: number): void {
      const now = performance.now();
      if (now - shownAt < (host.progress === undefined ? LINE_MS : BAR_MS)) return;
      shownAt = now;
      const { accepted, rejected } = results;
      const perSecond = Math.round((accepted + rejected - before) / ((now - began) / 1_000));
      const share = octets === 0 ? 1 : Math.min(1, sent / octets);
      const told = `${Math.floor(100 * share)} %, ${accepted.toLocaleString("en")} accepted, ${rejected.toLocaleString("en")} refused, ${perSecond.toLocaleString("en")} lines/s`;
      if (host.progress === undefined) host.tell(told);
      else host.progress(`[${"#".repeat(Math.round(WIDTH * share)).padEnd(WIDTH, "-")}] ${told}`);
    },
    tell(line: string): void {
      clear();
      host.tell(line);
    },
    end: clear,
  };
}
