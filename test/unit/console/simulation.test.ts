import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AppliedVersion } from "../../../pipeline/control/catalog-log.ts";
import type { CatalogSource } from "../../../pipeline/control/catalog-version.ts";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import { simulate } from "../../../pipeline/simulate/simulate.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { CatalogsToCompare } from "../../../services/console/actions/simulated-catalogs.ts";
import { MAX_RECORDS, SimulationDesk, type SimulationRun } from "../../../services/console/actions/simulation-desk.ts";
import { simulationQuestions } from "../../../services/console/actions/simulation-questions.ts";
import { facts } from "../dlr-collector/records.ts";
import { consoleWorld, rememberingLog, type Told } from "./console-world.ts";

const PATH = "/api/simulation";
const smpp = { host: "127.0.0.1", port: 1, systemId: "s", password: { env: "SECRET" } };
const provider = (id: string, price: string, more: object = {}) => ({
  ...{ id, kind: "smpp", currency: "EUR", rate: 10, smpp, prices: [{ price }] },
  ...more,
});
const FILES: CatalogSource = {
  accounts: [{ id: "acme", name: "Acme" }],
  providers: [provider("north", "0.05"), provider("south", "0.04")],
  routes: [{ id: "all", strategy: "priority", providers: [{ id: "north" }, { id: "south" }] }],
};
const CHEAPEST = "- id: all\n  strategy: least-cost\n  providers: [{ id: north }, { id: south }]\n";

let versions: AppliedVersion[];
let told: Told[];
let now: number;
/** What the simulation waits for, told of its end. */
let hold: (signal: AbortSignal) => Promise<void>;
/** What the catalog's versions wait for. */
let reading: () => Promise<void>;
let asked: { since: number | undefined; most?: number }[];
let desk: SimulationDesk;
let world: Awaited<ReturnType<typeof consoleWorld>>;

/** Ten messages that went to north. */
function messages(): Event[] {
  return Array.from({ length: 10 }, (_, n) => ({
    ...BLANK_EVENT,
    type: "routed",
    at: n,
    facts: facts(`m${n}`),
    attempt: 1,
    provider: "north",
    price: 50_000,
    currency: "EUR",
  }));
}

async function open(longestMs?: number): Promise<void> {
  [versions, now, asked, hold] = [[], 100_000_000, [], async () => {}];
  const remembering = rememberingLog();
  told = remembering.told;
  reading = async () => {};
  const read = async () => {
    await reading();
    return { versions, current: versions.at(-1) };
  };
  desk = new SimulationDesk({
    catalogs: new CatalogsToCompare({ read, files: () => FILES, partitions: 6 }),
    run: async (options, signal) => {
      asked.push(options.stretch);
      options.progress?.("decisions", 0.5);
      await hold(signal);
      const events = {
        unreadable: 0,
        read: async (_: unknown, kinds: ReadonlySet<string>, take: (event: Event) => void) => {
          for (const event of messages()) if (kinds.has(event.type)) take(event);
          return 0;
        },
      };
      return simulate(events as never, options);
    },
    log: remembering.log,
    now: () => now,
    ...(longestMs === undefined ? {} : { longestMs }),
  });
  world = await consoleWorld(simulationQuestions(desk), remembering.log);
}

beforeEach(() => open());
afterEach(() => world.stop());

const untilEnded = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended"))));

async function ended(): Promise<SimulationRun> {
  for (;;) {
    const run = (await world.ask("operator", `${PATH}/run`)).body.run as SimulationRun;
    if (run.state !== "running") return run;
    await pause(5);
  }
}

function applied(version: number, source: CatalogSource): AppliedVersion {
  return {
    version,
    id: `v${version}`,
    at: 0,
    by: "ops",
    note: null,
    restored: null,
    parent: version - 1,
    source,
    pieces: 1,
  };
}

test("other routes: the messages of the last hour are decided once more, and what is not known is said", async () => {
  versions.push(applied(1, FILES));
  const begun = await world.ask("operator", PATH, { change: "routes", routes: CHEAPEST, minutes: 60 });
  expect(begun).toMatchObject({ status: 200, body: { run: { by: "operator-anna", name: "these routes" } } });
  const run = await ended();
  expect(run).toMatchObject({ state: "done", failure: null, diff: ["~ route all: strategy: priority -> least-cost"] });
  expect(asked).toEqual([{ since: now - 3_600_000, until: undefined, most: MAX_RECORDS }]);
  expect(run.result).toMatchObject({
    recorded: { providers: { north: { messages: 10 } } },
    atWork: { name: "version 1", providers: { north: { messages: 10 } }, costs: { EUR: 0.5 } },
    changed: { name: "these routes", providers: { south: { messages: 10 } }, costs: { EUR: 0.4 } },
    notKnown: expect.arrayContaining([expect.stringContaining("health and backlog")]),
  });
  expect(told[0]).toMatchObject({ words: "a simulation begins", fields: { person: "operator-anna", kind: "routes" } });
  expect(JSON.stringify(told)).not.toContain("least-cost");
});

test("a provider out of use, and an earlier version", async () => {
  versions.push(
    applied(1, FILES),
    applied(2, { ...FILES, providers: [provider("north", "0.09"), provider("south", "0.04")] }),
  );
  await world.ask("operator", PATH, { change: "use", provider: "north", use: "none", minutes: 1 });
  expect(await ended()).toMatchObject({ name: "without north", result: { changed: { providers: { south: {} } } } });
  await world.ask("operator", PATH, { change: "version", restores: 1, minutes: 1 });
  expect(await ended()).toMatchObject({
    name: "version 1 again",
    result: { atWork: { costs: { EUR: 0.9 } }, changed: { costs: { EUR: 0.5 } } },
  });
});

test("says what it starts from: the version at work, or the console's files", async () => {
  const none = await world.ask("operator", `${PATH}/base`);
  expect(none.body).toMatchObject({ version: 0, providers: ["north", "south"], versions: [] });
  expect(none.body.routes).toContain("strategy: priority");
  versions.push(applied(4, FILES), applied(5, FILES));
  expect((await world.ask("operator", `${PATH}/base`)).body).toMatchObject({ version: 5, versions: [4] });
});

test("routes that cannot be are refused with the reason, before anything is read", async () => {
  for (const [routes, why] of [
    ["- id: [", /^routes: .*line 1/],
    ["nothing", /^routes: a list is needed/],
    ["- id: all\n  strategy: priority\n  providers: [{ id: west }]\n", /^routes: routes\[0\].*west/],
    ["", /^routes: the routes are needed/],
    ["#".repeat(50_001), /^routes: more than 50000/],
  ] as const) {
    const { status, body } = await world.ask("operator", PATH, { change: "routes", routes, minutes: 60 });
    expect([status, body.detail]).toEqual([400, expect.stringMatching(why)]);
  }
  const same = "- id: all\n  strategy: priority\n  providers: [{ id: north }, { id: south }]\n";
  const { body } = await world.ask("operator", PATH, { change: "routes", routes: same, minutes: 60 });
  expect(body).toMatchObject({ status: 409, code: "NO_DIFFERENCE" });
  for (const [more, field] of [
    [{ change: "prices" }, "change"],
    [{ change: "use", provider: "north", use: "never" }, "use"],
    [{ change: "version", restores: 0 }, "restores"],
    [{ change: "routes", routes: CHEAPEST, minutes: 1_441 }, "minutes"],
  ] as const) {
    const answer = await world.ask("operator", PATH, { minutes: 60, ...more });
    expect([answer.status, answer.body.detail]).toEqual([400, expect.stringMatching(new RegExp(`^${field}: `))]);
  }
  expect(asked).toEqual([]);
});

test("one goes on at a time, tells how far it is, and is stopped", async () => {
  hold = untilEnded;
  const body = { change: "routes", routes: CHEAPEST, minutes: 60 };
  await world.ask("operator", PATH, body);
  expect((await world.ask("admin", `${PATH}/run`)).body).toMatchObject({
    run: { state: "running", reading: "decisions", share: 0.75, result: null },
  });
  const second = await world.ask("admin", PATH, body);
  expect(second).toMatchObject({ status: 409, body: { code: "SIMULATION_UNDER_WAY" } });
  expect(second.body.detail).toContain("operator-anna");
  expect((await world.ask("admin", `${PATH}/stop`, {})).body).toMatchObject({ run: { state: "stopped" } });
  await desk.close();
  expect((await ended()).failure).toBeNull();
  hold = async () => {};
  await world.ask("operator", PATH, body);
  expect(await ended()).toMatchObject({ state: "done" });
});

test("while one is about to begin, its person is named to others, not the one of the last", async () => {
  const body = { change: "routes", routes: CHEAPEST, minutes: 60 };
  await world.ask("operator", PATH, body);
  await ended();
  const { promise, resolve: release } = Promise.withResolvers<void>();
  let waits = false;
  reading = () => {
    waits = true;
    return promise;
  };
  const beginning = world.ask("admin", PATH, body);
  await expect.poll(() => waits).toBe(true);
  const other = await world.ask("operator", PATH, body);
  release();
  expect([other.status, other.body.detail]).toEqual([409, expect.stringContaining("admin-anna")]);
  expect(await beginning).toMatchObject({ status: 200 });
  await ended();
});

test("one that takes too long is ended, and says what to do", async () => {
  await world.stop();
  await open(20);
  hold = untilEnded;
  const body = { change: "routes", routes: CHEAPEST, minutes: 60 };
  await world.ask("operator", PATH, body);
  const late = await ended();
  expect(late.state).toBe("failed");
  expect(late.failure).toMatch(/^it had not ended after .* choose a shorter time/);
});

test("a fault is told, and of Kafka's that it may be tried again", async () => {
  const body = { change: "routes", routes: CHEAPEST, minutes: 60 };
  hold = () => Promise.reject(new Error("the brokers do not answer"));
  await world.ask("operator", PATH, body);
  expect(await ended()).toMatchObject({ state: "failed", failure: "the brokers do not answer" });
  expect(told.at(-1)).toMatchObject({ level: "error", words: "a simulation failed" });
  const away = Object.assign(new Error("no leader"), { name: "KafkaJSProtocolError" });
  hold = () => Promise.reject(away);
  await world.ask("operator", PATH, body);
  expect((await ended()).failure).toBe("Kafka does not answer (no leader): try again");
});

test("simulations are for operators, and begin from the page itself", async () => {
  for (const [path, body] of [
    [`${PATH}/base`, undefined],
    [`${PATH}/run`, undefined],
    [PATH, { change: "routes", routes: CHEAPEST, minutes: 60 }],
    [`${PATH}/stop`, {}],
  ] as const)
    expect([path, (await world.ask("viewer", path, body)).status]).toEqual([path, 403]);
  const elsewhere = { "content-type": "application/json" };
  expect(await world.ask("operator", PATH, { minutes: 1 }, elsewhere)).toMatchObject({ status: 403 });
});
