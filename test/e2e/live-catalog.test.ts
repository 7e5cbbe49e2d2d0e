/**
 * The catalog changes while messages run: applied from files, read by every instance without a restart; providers come, go and
 * come back under their name; nothing is lost.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { parse } from "yaml";
import { type CatalogFiles, LiveCatalogFiles, type ProviderEntry } from "../fixture/live-catalog.ts";
import { stagesOf, walkThrough } from "../fixture/stages-page.ts";
import {
  audit,
  behaveAs,
  CALM,
  disconnect,
  freshId,
  freshNumber,
  messages,
  post,
  produce,
  query,
  until,
  untilFinal,
} from "./sluice.ts";

const { environment, ingestUrl, stateDir } = inject("sluice");
const catalog = new LiveCatalogFiles(environment);
const ids: string[] = [];
let flowing = true;
let flow: Promise<void>;
let asBefore: () => Promise<void>;
beforeAll(async () => {
  // One of 125 that it refuses goes by the next of its route: here it is asked who has been chosen.
  asBefore = await behaveAs({ "smsc-a": CALM, "smsc-b": CALM });
});
afterAll(async () => {
  flowing = false;
  await flow;
  await asBefore();
  await disconnect();
  catalog.remove();
});

const files = catalog.read(environment.SLUICE_CATALOG_DIR!);
const KEY = "a-key-of-the-live-account";
const live = {
  id: "live",
  name: "Live",
  apiKeys: [{ id: "k", sha256: createHash("sha256").update(KEY).digest("hex") }],
};
const spare: ProviderEntry = { ...structuredClone(files.providers.find(({ id }) => id === "smsc-b")!), id: "smsc-d" };
const ofLive = {
  id: "live",
  when: { accounts: ["live"] },
  strategy: "priority",
  providers: [{ id: "smsc-d" }, { id: "smsc-a" }],
};
const withSpare: CatalogFiles = {
  accounts: [...files.accounts, live],
  providers: [...files.providers, spare],
  routes: [ofLive, ...files.routes],
};
const withoutSpare: CatalogFiles = {
  ...withSpare,
  providers: files.providers,
  routes: [{ ...ofLive, providers: [{ id: "smsc-a" }] }, ...files.routes],
};

async function postLive(count: number): Promise<string[]> {
  const list = Array.from({ length: count }, () => ({ to: `+${freshNumber()}`, text: "by the catalog as it is now" }));
  const answer = await post("/v1/messages/batch", { messages: list }, KEY);
  expect(answer.status).toBe(202);
  const posted = (answer.body as { messages: { id: string }[] }).messages.map(({ id }) => id);
  ids.push(...posted);
  return posted;
}

test("files with a problem, and secrets that are written out, are refused as a whole and change nothing", async () => {
  const wrong = await catalog.apply({
    ...withSpare,
    routes: [{ ...ofLive, providers: [{ id: "smsc-x" }, { id: "smsc-y" }] }, ...files.routes],
  });
  expect(wrong.code).toBe(1);
  expect(wrong.err).toMatch(/routes\.yaml, line \d+.*no provider "smsc-x"/);
  expect(wrong.err).toMatch(/no provider "smsc-y"[\s\S]*Nothing was changed/);
  const written = structuredClone(files);
  written.providers[0]!.smpp!.password = "secret-a";
  expect(await catalog.apply(written)).toMatchObject({
    code: 1,
    err: expect.stringContaining("providers[0].smpp.password: a secret is not stored"),
  });
  expect((await catalog.run("catalog", "status")).out).toContain("No version has been applied");
});

test("a first version is at work in every instance, without a restart and while messages run", async () => {
  flow = (async () => {
    while (flowing) {
      const batch = Array.from({ length: 10 }, () => ({
        messageId: freshId(),
        to: freshNumber(),
        text: "in the flow",
      }));
      await produce(batch);
      ids.push(...batch.map(({ messageId }) => messageId));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  const applied = await catalog.apply(files, "--note", "the files as they were");
  expect(applied).toMatchObject({ code: 0, err: "" });
  expect(applied.out).toContain("Version 1 is published.");
  for (const service of ["ingest", "router", "sender", "dlr-collector"])
    expect(applied.out).toMatch(new RegExp(`${service}/\\S+ +version 1$`, "m"));
  expect(await catalog.apply(files)).toMatchObject({
    code: 0,
    out: "No difference from version 1; nothing was changed.",
  });
});

test("an account, a provider and a route come live; the price at the decision is the new one", async () => {
  expect((await post("/v1/messages", { to: `+${freshNumber()}`, text: "too early" }, KEY)).status).toBe(401);
  const dry = await catalog.apply(withSpare, "--dry-run");
  expect(dry.out.split("\n")).toEqual([
    "Different from version 1:",
    "+ account live",
    "+ provider smsc-d",
    "+ route live",
    "Nothing was changed (--dry-run).",
  ]);
  expect(await catalog.apply(withSpare)).toMatchObject({ code: 0 });
  const rows = await untilFinal(await postLive(20));
  const elsewhere = [...rows].filter(([, { provider }]) => provider !== "smsc-d").map(([id]) => `'${id}'`);
  const why =
    elsewhere.length === 0
      ? []
      : await query(
          `SELECT message_id, type, attempt, provider, reason, error_class, error_code FROM events WHERE message_id IN (${elsewhere.join(",")}) ORDER BY message_id, at`,
        );
  expect(elsewhere, JSON.stringify(why)).toEqual([]);
  const dearer = structuredClone(withSpare);
  dearer.providers.at(-1)!.prices = [{ price: "0.1234" }];
  expect((await catalog.apply(dearer)).out).toContain(
    "~ provider smsc-d: prices: everywhere else: price: 0.0600 -> 0.1234",
  );
  const [one] = await postLive(1);
  await untilFinal([one!]);
  const [event] = await query<{ price: string }>(
    `SELECT toString(price) AS price FROM events WHERE message_id = '${one}' AND type = 'routed'`,
  );
  expect(Number(event!.price)).toBe(0.1234);
});

test("a provider that is removed gives back what it has, and works again when it is added under its name", async () => {
  const slow = structuredClone(withSpare);
  slow.providers.at(-1)!.rate = 1;
  expect(await catalog.apply(slow)).toMatchObject({ code: 0 });
  const waiting = await postLive(60);
  await until("some are on their way to it", async () => (await messages(waiting)).size === 60);
  const removed = await catalog.apply(withoutSpare);
  expect(removed).toMatchObject({ code: 0 });
  expect(removed.out).toContain("- provider smsc-d\n");
  const rows = await untilFinal(waiting);
  const by = Map.groupBy(rows.values(), ({ provider }) => provider);
  expect(by.get("smsc-a")!.length).toBeGreaterThan(30);
  expect([...rows.values()].filter(({ finals }) => finals !== 1)).toEqual([]);
  await until("nothing is left in its topics", async () =>
    (await catalog.run("catalog", "status")).out.includes(
      "provider smsc-d was removed; messages that still go to others: 0",
    ),
  );
  expect(await catalog.apply(withSpare)).toMatchObject({ code: 0 });
  // Its sender binds anew; meanwhile the next of the route has its messages.
  await until("it takes messages again", async () => {
    const again = await untilFinal(await postLive(5));
    return [...again.values()].every(({ provider }) => provider === "smsc-d");
  });
});

test("files are simulated on the messages that there were, before they are applied", async () => {
  const elsewhere = structuredClone(withSpare);
  elsewhere.routes = [{ ...ofLive, providers: [{ id: "smsc-d" }] }, ...withSpare.routes.slice(1)];
  for (const provider of elsewhere.providers) provider.prices = [{ price: provider.id === "smsc-d" ? "0.0100" : "9" }];
  const dearer = await catalog.simulate(elsewhere, "--json");
  expect(dearer.code, dearer.err).toBe(0);
  const found = JSON.parse(dearer.out);
  expect(found.recorded.messages).toBeGreaterThan(ids.length / 2);
  expect(found.changed.messages).toBe(found.recorded.messages);
  expect(found.atWork.providers["smsc-d"].messages).toBeGreaterThan(80);
  expect(found.changed.total.amount).toBeGreaterThan(50 * found.atWork.total.amount);
  const table = (await catalog.simulate(withSpare)).out;
  expect(table).toMatch(/difference: these files against version \d+/);
  expect(table).toMatch(/smsc-d +\d+ \(.*%\) +(\d+ \(.*%\)) +\1 +0\n/);
  expect((await catalog.run("catalog", "status")).out).not.toContain("removed");
});

test("history, differences, export and roll-back", async () => {
  const history = (await catalog.run("catalog", "history")).out.split("\n");
  expect(history.at(-1)).toMatch(/^version 1 {2}\d{4}-.* {2}the files as they were$/);
  expect((await catalog.run("catalog", "diff", "1", "2")).out).toBe(
    "From version 1 to version 2:\n+ account live\n+ provider smsc-d\n+ route live",
  );
  const out = join(catalog.folder, "export");
  expect((await catalog.run("catalog", "export", out, "--version", "2")).code).toBe(0);
  expect(parse(readFileSync(join(out, "providers.yaml"), "utf8"))).toEqual(withSpare.providers);
  const back = await catalog.run("catalog", "rollback", "1", "--wait", "30");
  expect(back).toMatchObject({ code: 0 });
  expect((await post("/v1/messages", { to: `+${freshNumber()}`, text: "no account any more" }, KEY)).status).toBe(401);
  expect(await catalog.run("catalog", "rollback", "99")).toMatchObject({
    code: 2,
    err: expect.stringContaining("there is no version 99"),
  });
});

test("nothing was lost by any of it", async () => {
  flowing = false;
  await flow;
  const rows = await untilFinal(ids);
  expect([...rows.values()].filter(({ finals }) => finals !== 1)).toEqual([]);
  const { counts, text } = await audit();
  expect(counts, text).toMatchObject({ missing: 0, duplicated: 0, contradicting: 0 });
});

test("docs/stages.md: its steps work, one after the other, as they stand there", async () => {
  // With the installation's own files: the secrets of providers that have been removed are still asked for.
  const folder = join(stateDir, "stages");
  const portOffset = Number(new URL(ingestUrl).port) - 18_080;
  const host = { folder, portOffset, sluice: (args: readonly string[]) => catalog.run(...args) };
  try {
    const [first, ...more] = stagesOf();
    const answer = /^\{"id":.*\}$/m.exec(await walkThrough(first!, host));
    const { id } = JSON.parse(answer![0]) as { id: string };
    expect((await untilFinal([id])).get(id)).toMatchObject({ provider: "first", state: "delivered", finals: 1 });
    for (const stage of more) await walkThrough(stage, host);
    expect((await catalog.run("catalog", "history")).out).toContain("the bank's codes go their own way");
  } finally {
    expect(await catalog.apply(files, "--use-again")).toMatchObject({ code: 0 });
  }
}, 180_000);
