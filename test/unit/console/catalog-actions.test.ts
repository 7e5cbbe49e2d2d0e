import { afterEach, beforeEach, expect, test } from "vitest";
import type { Made } from "../../../pipeline/control/apply-version.ts";
import type { AppliedVersion } from "../../../pipeline/control/catalog-log.ts";
import type { CatalogSource } from "../../../pipeline/control/catalog-version.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { actionQuestions } from "../../../services/console/actions/action-questions.ts";
import { CatalogDesk } from "../../../services/console/actions/catalog-desk.ts";
import type { ReplayDesk } from "../../../services/console/actions/replay-desk.ts";
import { consoleWorld, OWN, rememberingLog, type Told } from "./console-world.ts";

const smpp = { host: "127.0.0.1", port: 1, systemId: "s", password: { env: "SECRET" } };
const provider = (id: string, more: object = {}) => ({
  ...{ id, kind: "smpp", currency: "EUR", rate: 10, smpp, prices: [{ price: "0.01" }] },
  ...more,
});
const FILES: CatalogSource = {
  accounts: [{ id: "acme", name: "Acme" }],
  providers: [provider("north"), provider("south")],
  routes: [
    { id: "both", when: { lanes: ["otp"] }, strategy: "priority", providers: [{ id: "north" }, { id: "south" }] },
    { id: "one", strategy: "priority", providers: [{ id: "south" }] },
  ],
};

let versions: AppliedVersion[];
let told: Told[];
let failWith: Error | undefined;
let world: Awaited<ReturnType<typeof consoleWorld>>;

const add = (source: CatalogSource, made: Made) => {
  const version = (versions.at(-1)?.version ?? 0) + 1;
  versions.push({ ...made, version, id: `v${version}`, at: 0, source, pieces: 1 });
  return { version, created: [] };
};

beforeEach(async () => {
  versions = [];
  failWith = undefined;
  const remembering = rememberingLog();
  told = remembering.told;
  const desk = new CatalogDesk({
    topic: {
      read: async () => ({ versions, current: versions.at(-1), instances: new Map() }) as never,
      reader: { topics: async () => [] } as never,
    },
    files: () => FILES,
    partitions: 6,
    publish: async (source, made) => {
      if (failWith !== undefined) throw failWith;
      return add(source, made);
    },
    log: remembering.log,
  });
  world = await consoleWorld(actionQuestions(desk, {} as ReplayDesk), remembering.log);
});
afterEach(() => world.stop());

const USE = "/api/providers/use";
const drain = { provider: "south", use: "drain" };
const by = { by: "ops", note: null, restored: null };

test("a provider is drained by a version that differs in that alone, in the name of who did it, and used again by another", async () => {
  add(FILES, { ...by, parent: 0 });
  const plan = await world.ask("operator", `${USE}/plan`, drain);
  expect(plan).toEqual({
    status: 200,
    body: { version: 1, diff: ["~ provider south: use: not set -> drain"], idleRoutes: ["one"] },
  });
  expect(versions).toHaveLength(1);

  const done = await world.ask("operator", USE, { ...drain, version: 1, note: "maintenance" });
  expect(done).toEqual({ status: 200, body: { version: 2 } });
  expect(versions[1]).toMatchObject({ by: "operator-anna (console)", note: "maintenance", parent: 1, restored: null });
  expect(versions[1]!.source).toEqual({
    ...FILES,
    providers: [provider("north"), provider("south", { use: "drain" })],
  });
  expect(told).toContainEqual({
    level: "info",
    fields: {
      ...{ person: "operator-anna", role: "operator", version: 2 },
      change: { kind: "use", provider: "south", use: "drain" },
    },
    words: "the catalog was changed on the console",
  });

  await world.ask("operator", USE, { provider: "south", use: "normal", version: 2 });
  expect(versions[2]!.source).toEqual(FILES);
});

test("the first version is made of the files, by an admin; others are told to have them applied", async () => {
  for (const [path, body] of [
    [`${USE}/plan`, drain],
    [USE, { ...drain, version: 0 }],
  ] as const) {
    const refused = await world.ask("operator", path, body);
    expect(refused).toMatchObject({ status: 403, body: { code: "FIRST_VERSION" } });
    expect(refused.body.detail).toContain("nothing has been applied yet");
  }
  expect(versions).toEqual([]);
  expect(told[0]).toMatchObject({ level: "warn", fields: { person: "operator-anna", role: "operator" } });
  expect((await world.ask("admin", `${USE}/plan`, drain)).body).toMatchObject({
    version: 0,
    diff: ["~ provider south: use: not set -> drain"],
  });
  expect((await world.ask("admin", USE, { ...drain, version: 0 })).body).toEqual({ version: 1 });
});

test("a write that was interrupted may count, and says so; when Kafka does not answer it is to be tried again", async () => {
  add(FILES, { ...by, parent: 0 });
  failWith = new SluiceError("it may have been applied", { code: "CATALOG_UNSURE", class: "transient" });
  expect(await world.ask("operator", USE, { ...drain, version: 1 })).toMatchObject({
    status: 503,
    body: { code: "CATALOG_UNSURE", detail: "it may have been applied" },
  });
  expect(told.at(-1)).toMatchObject({ level: "error", words: "a change of the catalog was interrupted" });
  failWith = Object.assign(new Error("connect ECONNREFUSED"), { name: "KafkaJSConnectionError" });
  expect(await world.ask("operator", USE, { ...drain, version: 1 })).toMatchObject({
    status: 503,
    body: { code: "UNAVAILABLE" },
  });
  failWith = new Error("a mistake");
  expect(await world.ask("operator", USE, { ...drain, version: 1 })).toMatchObject({ status: 500 });
});

test("when somebody has applied since the plan, nothing is changed", async () => {
  add(FILES, { ...by, parent: 0 });
  const { version } = (await world.ask("operator", `${USE}/plan`, drain)).body;
  add({ ...FILES, providers: [provider("north", { rate: 20 }), provider("south")] }, { ...by, by: "bob", parent: 1 });
  const late = await world.ask("operator", USE, { ...drain, version });
  expect(late).toMatchObject({ status: 409, body: { code: "CATALOG_CHANGED" } });
  expect(late.body.detail).toContain("bob has applied version 2");
  expect(versions).toHaveLength(2);
  // Between the look and the write, the log's order decides.
  failWith = new SluiceError("bob has applied version 3 meanwhile", { code: "CATALOG_CHANGED" });
  expect(await world.ask("operator", USE, { ...drain, version: 2 })).toMatchObject({
    status: 409,
    body: { code: "CATALOG_CHANGED", detail: "bob has applied version 3 meanwhile" },
  });
});

test("a roll-back shows the difference first, and brings the content of that version back", async () => {
  add(FILES, { ...by, parent: 0 });
  add({ ...FILES, providers: [provider("north", { rate: 20 }), provider("south")] }, { ...by, parent: 1 });
  const path = "/api/catalog/rollback";
  const plan = await world.ask("admin", `${path}/plan`, { restores: 1 });
  expect(plan.body).toEqual({ version: 2, diff: ["~ provider north: rate: 20 -> 10"], idleRoutes: [] });
  expect((await world.ask("admin", path, { restores: 1, version: 2 })).body).toEqual({ version: 3 });
  expect(versions[2]).toMatchObject({ source: FILES, by: "admin-anna (console)", restored: 1 });
  expect(await world.ask("admin", `${path}/plan`, { restores: 1 })).toMatchObject({
    status: 409,
    body: { code: "NO_DIFFERENCE" },
  });
  expect(await world.ask("admin", `${path}/plan`, { restores: 9 })).toMatchObject({
    status: 404,
    body: { code: "VERSION_UNKNOWN", detail: "version 9 is not kept; these are: 1, 2, 3" },
  });
});

test("each action is for its role, and who may not do it is named in the log", async () => {
  add(FILES, { ...by, parent: 0 });
  for (const path of [USE, `${USE}/plan`])
    expect([path, (await world.ask("viewer", path, { ...drain, version: 1 })).status]).toEqual([path, 403]);
  for (const path of ["/api/catalog/rollback", "/api/catalog/rollback/plan"])
    expect([path, (await world.ask("operator", path, { restores: 1, version: 1 })).status]).toEqual([path, 403]);
  expect((await world.ask(undefined, USE, { ...drain, version: 1 })).status).toBe(401);
  expect(versions).toHaveLength(1);
  expect(told.find(({ fields }) => fields.path === USE)).toMatchObject({
    level: "warn",
    fields: { person: "viewer-anna", role: "viewer", needed: "operator" },
  });
  // Each of them, though they come within a second.
  expect(told.filter(({ level }) => level === "warn").map(({ fields }) => fields.person)).toEqual([
    "viewer-anna",
    "operator-anna",
  ]);
});

test("another site cannot act in somebody's name", async () => {
  add(FILES, { ...by, parent: 0 });
  for (const headers of [
    { "content-type": "application/json" },
    { ...OWN, origin: "http://evil.example" },
    { ...OWN, "sec-fetch-site": "cross-site" },
  ])
    expect(await world.ask("admin", USE, { ...drain, version: 1 }, headers)).toMatchObject({
      status: 403,
      body: { code: "OTHER_ORIGIN" },
    });
  expect(versions).toHaveLength(1);
});

test.each([
  [{ ...drain, use: "off", version: 1 }, "use: normal, drain or none is needed"],
  [{ use: "drain", version: 1 }, "provider: "],
  [{ ...drain }, "version: a whole number"],
  [{ ...drain, version: "1" }, "version: a whole number"],
  [{ ...drain, version: 1, note: "two\nlines" }, "note: one line"],
  [{ ...drain, version: 1, note: "x".repeat(501) }, "note: one line"],
  [[], "body: a JSON object is needed"],
])("%j is refused, naming the field", async (body, detail) => {
  add(FILES, { ...by, parent: 0 });
  const answer = await world.ask("operator", USE, body);
  expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_FIELD" } });
  expect(answer.body.detail).toContain(detail);
  expect(versions).toHaveLength(1);
});

test("a provider that is not there, and one that is so already, are said", async () => {
  add(FILES, { ...by, parent: 0 });
  expect(await world.ask("operator", `${USE}/plan`, { provider: "west", use: "none" })).toMatchObject({
    status: 404,
    body: { code: "PROVIDER_UNKNOWN" },
  });
  expect(await world.ask("operator", `${USE}/plan`, { provider: "north", use: "normal" })).toMatchObject({
    status: 409,
    body: { code: "NO_DIFFERENCE" },
  });
});
