import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LetterFilter } from "../../../pipeline/dead-letters/letter-search.ts";
import type { ReplayOptions } from "../../../pipeline/dead-letters/replay.ts";
import { type LetterPlace, readMark } from "../../../pipeline/dead-letters/replay-mark.ts";
import { actionQuestions } from "../../../services/console/actions/action-questions.ts";
import type { CatalogDesk } from "../../../services/console/actions/catalog-desk.ts";
import { ReplayDesk, type ReplayRun } from "../../../services/console/actions/replay-desk.ts";
import { consoleWorld, rememberingLog, type Told } from "./console-world.ts";

const PATH = "/api/dead-letters/replay";

interface Call {
  readonly run: string;
  readonly places: readonly LetterPlace[];
  readonly options: ReplayOptions;
}

let calls: Call[];
let asked: { readonly filter: LetterFilter; readonly most: number }[];
let told: Told[];
let now: number;
let hold: Promise<void>;
let letters: number;
let desk: ReplayDesk;
let world: Awaited<ReturnType<typeof consoleWorld>>;

/** Letters at odd offsets are refused. */
async function replay(run: string, places: readonly LetterPlace[], options: ReplayOptions) {
  calls.push({ run, places, options });
  await hold;
  let replayed = 0;
  let at = 0;
  for (const place of places) {
    if (replayed >= options.most || options.stopped?.()) break;
    at++;
    const ok = place.offset % 2 === 0;
    if (ok) replayed++;
    const content = { reason: "undecodable", topic: "sms.requests.otp" };
    const verdict = ok
      ? { ok: true, note: "goes back", record: {} }
      : { ok: false, code: "ended", detail: "has ended" };
    options.onJudged?.({ letter: { ...place, content }, verdict, replayed: ok && options.carryOut } as never);
  }
  return { replayed, refused: new Map(), notLookedAt: places.length - at, absent: [] };
}

beforeEach(async () => {
  [calls, asked, now, letters, hold] = [[], [], 0, 10, Promise.resolve()];
  const remembering = rememberingLog();
  told = remembering.told;
  desk = new ReplayDesk({
    find: async (filter, most) => {
      asked.push({ filter, most });
      const found = Array.from({ length: Math.min(letters, most) }, (_, offset) => ({ partition: 0, offset }));
      return { letters: found, counts: new Map(), matched: letters, leftOut: letters - found.length } as never;
    },
    replay,
    log: remembering.log,
    now: () => now,
  });
  world = await consoleWorld(actionQuestions({} as CatalogDesk, desk), remembering.log);
});
afterEach(() => world.stop());

async function ended(): Promise<ReplayRun> {
  for (;;) {
    const run = (await world.ask("operator", `${PATH}/run`)).body.run as ReplayRun;
    if (run.state !== "running") return run;
    await pause(5);
  }
}

test("a dry run says what would happen and writes nothing; then exactly those letters go, at the rate that was given", async () => {
  expect((await world.ask("operator", `${PATH}/run`)).body).toEqual({ run: null });
  const begun = await world.ask("operator", `${PATH}/plan`, { reason: "undecodable", from: 5, most: 4 });
  expect(begun).toMatchObject({ status: 200, body: { run: { dry: true, by: "operator-anna" } } });
  const dry = await ended();
  expect(dry).toMatchObject({ state: "done", replayed: 4, refused: { ended: 3 }, letters: 10, leftOut: 3 });
  expect(dry.lines[1]).toEqual({
    ...{ letter: "0/1", reason: "undecodable", topic: "sms.requests.otp", verdict: "ended", why: "has ended" },
  });
  expect(asked).toEqual([
    { filter: { reason: "undecodable", topic: undefined, account: undefined, from: 5 }, most: 20 },
  ]);
  expect(calls[0]!.options.carryOut).toBe(false);

  await world.ask("operator", PATH, { run: dry.run, rate: 7 });
  const done = await ended();
  expect(done).toMatchObject({ dry: false, state: "done", replayed: 4, by: "operator-anna" });
  expect(calls[1]!.options).toMatchObject({ carryOut: true, rate: 7, most: 4 });
  expect(calls[1]!.places).toEqual([0, 2, 4, 6].map((offset) => ({ partition: 0, offset })));
  expect(told.map(({ words }) => words)).toEqual([
    "a replay of dead letters begins",
    "a replay of dead letters is over",
  ]);
  expect(told[0]!.fields).toMatchObject({ person: "operator-anna", role: "operator", run: done.run });
});

test("a run takes the letters that the list's filters let through", async () => {
  const filter = {
    ...{ reason: "invalid", topic: "sms.receipts", account: "acme", provider: "smsc-a", from: 5, to: 9 },
    labels: ["campaign=spring"],
  };
  await world.ask("operator", `${PATH}/plan`, { ...filter, most: 4 });
  await ended();
  expect(asked[0]!.filter).toEqual({ ...filter, labels: { campaign: "spring" } });
  const wrong = await world.ask("operator", `${PATH}/plan`, { from: 9, to: 9, most: 4 });
  expect(wrong).toMatchObject({ status: 400, body: { errors: [{ field: "to" }] } });
});

test("the run's name says who, and can stand on a mark", async () => {
  desk.look({ filter: {}, most: 1, asNew: false }, { name: "anna@example.com", role: "operator" });
  const { run } = await ended();
  expect(run).toMatch(/^console-anna-example-com-[0-9a-f]{8}$/);
  const headers = { "replay-mark": Buffer.from(`0/1/begun/${run}`) };
  expect(readMark({ headers, partition: 0, offset: 2, timestamp: 0 } as never)?.run).toBe(run);
});

test("without a dry run, with another one's name, or too long after it, nothing goes", async () => {
  const refused = { status: 409, body: { code: "DRY_RUN_NEEDED" } };
  expect(await world.ask("operator", PATH, { run: "console-x", rate: 1 })).toMatchObject(refused);
  await world.ask("operator", `${PATH}/plan`, { most: 1 });
  const { run } = await ended();
  expect(await world.ask("operator", PATH, { run: "console-x", rate: 1 })).toMatchObject(refused);
  now = 11 * 60_000;
  expect(await world.ask("operator", PATH, { run, rate: 1 })).toMatchObject(refused);
  now = 0;
  await world.ask("operator", PATH, { run, rate: 1 });
  await ended();
  // And it counts once.
  expect(await world.ask("operator", PATH, { run, rate: 1 })).toMatchObject(refused);
  expect(calls).toHaveLength(2);
});

test("a dry run that takes long counts from its end on", async () => {
  let go = () => {};
  hold = new Promise((resolve) => {
    go = resolve;
  });
  await world.ask("operator", `${PATH}/plan`, { most: 1 });
  now = 30 * 60_000;
  go();
  const { run } = await ended();
  now += 10 * 60_000;
  expect((await world.ask("operator", PATH, { run, rate: 1 })).status).toBe(200);
  expect((await ended()).dry).toBe(false);
});

test("one goes on at a time; it can be stopped, and what a stopped dry run saw does not count", async () => {
  let go = () => {};
  hold = new Promise((resolve) => {
    go = resolve;
  });
  await world.ask("operator", `${PATH}/plan`, { most: 4 });
  const second = await world.ask("admin", `${PATH}/plan`, { most: 4 });
  expect(second).toMatchObject({ status: 409, body: { code: "REPLAY_UNDER_WAY" } });
  expect(second.body.detail).toContain("operator-anna");
  await world.ask("admin", `${PATH}/stop`, {});
  go();
  const stopped = await ended();
  expect(stopped).toMatchObject({ state: "stopped", replayed: 0 });
  expect(await world.ask("operator", PATH, { run: stopped.run, rate: 1 })).toMatchObject({ status: 409 });
});

test("a fault is told on the page and in the log", async () => {
  hold = Promise.reject(new Error("ClickHouse does not answer"));
  hold.catch(() => {});
  await world.ask("operator", `${PATH}/plan`, { most: 4 });
  expect(await ended()).toMatchObject({ state: "failed", failure: "ClickHouse does not answer" });
  expect(told.at(-1)).toMatchObject({ level: "error", words: "a replay of dead letters failed" });
});

test("replays are for operators, from the page itself, and within bounds", async () => {
  for (const [path, body] of [
    [`${PATH}/run`, undefined],
    [`${PATH}/plan`, { most: 1 }],
    [PATH, { run: "x", rate: 1 }],
    [`${PATH}/stop`, {}],
  ] as const)
    expect([path, (await world.ask("viewer", path, body)).status]).toEqual([path, 403]);
  const elsewhere = { "content-type": "application/json" };
  expect(await world.ask("operator", `${PATH}/plan`, { most: 1 }, elsewhere)).toMatchObject({ status: 403 });
  for (const [body, field] of [
    [{ most: 1_001 }, "most"],
    [{ most: 0 }, "most"],
    [{ most: 1, reason: "a b" }, "reason"],
    [{ most: 1, asNew: "yes" }, "asNew"],
    [{ most: 1, from: -1 }, "from"],
  ] as const) {
    const answer = await world.ask("operator", `${PATH}/plan`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toMatch(new RegExp(`^${field}: `));
  }
  expect(await world.ask("operator", PATH, { run: "x", rate: 101 })).toMatchObject({ status: 400 });
  expect(calls).toEqual([]);
});
