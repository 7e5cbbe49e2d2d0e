import { afterEach, beforeEach, expect, test, vi } from "vitest";

const { followRun } = await import(new URL("../../../services/console/page/follow-run.js", import.meta.url).href);

interface Run {
  readonly state: string;
}
const running = { state: "running" };
const done = { state: "done" };

/** A page that follows; `answers`: of each question in turn, the last one of all that follow. */
function following(...answers: (Run | null | Error | Promise<Run>)[]) {
  const asked: number[] = [];
  const shown: (Run | null)[] = [];
  const lost: string[] = [];
  const run = followRun({
    look: async () => {
      asked.push(Date.now());
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    show: (one: Run | null) => shown.push(one),
    lost: (words: string) => lost.push(words),
  });
  return { run, asked, shown, lost };
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

test("a run is asked for each second until it has ended", async () => {
  const { run, asked, shown, lost } = following(running, running, done);
  run.look();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked, shown, lost]).toEqual([[0, 1_000, 2_000], [running, running, done], []]);
});

test("a question that fails is asked again with growing pauses, and the page says so until it is answered", async () => {
  const away = new Error("The console cannot be reached.");
  const refused = Object.assign(new Error("Too many questions"), { status: 429 });
  const { run, asked, shown, lost } = following(running, away, refused, away, away, away, away, running, done);
  run.look();
  await vi.advanceTimersByTimeAsync(121_000);
  const pauses = asked.slice(1).map((at, index) => at - asked[index]!);
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 1_000]);
  expect(shown).toEqual([running, running, done]);
  expect(lost[0]).toContain("Contact is lost, and what stands here may be old. The console cannot be reached.");
  expect([lost.length, lost.at(-1)]).toEqual([7, ""]);
});

test("what the server settles is not asked again, nor is anything once the view is closed", async () => {
  const forbidden = Object.assign(new Error("That is for operators"), { status: 403 });
  const { run, asked, lost } = following(forbidden);
  run.look();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked.length, lost]).toEqual([1, ["That is for operators"]]);

  let answer: (run: Run) => void = () => {};
  const slow = following(running, new Promise<Run>((resolve) => (answer = resolve)));
  slow.run.look();
  await vi.advanceTimersByTimeAsync(1_500);
  slow.run.close();
  answer(running);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([slow.asked.length, slow.shown]).toEqual([2, [running]]);
});

test("an answer that is older than what is shown is left out", async () => {
  let answer: (run: Run) => void = () => {};
  const { run, shown } = following(new Promise<Run>((resolve) => (answer = resolve)), done);
  run.look();
  const stopped = { state: "stopped" };
  run.take(stopped);
  answer(running);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown).toEqual([stopped]);
});
