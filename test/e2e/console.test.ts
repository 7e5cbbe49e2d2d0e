/**
 * The console of a running installation: who has the one-time login sees the pipeline, finds a message, is told why it went its way,
 * takes a provider out of use and back, simulates a change, reads what a handset has sent, and has a dead letter replayed.
 */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Explanation } from "../../domain/routing/explain.ts";
import { ClickhouseReader } from "../../pipeline/read-model/clickhouse-reader.ts";
import { connectCodecs } from "../../pipeline/records/codecs.ts";
import { WHOLE_TEXT } from "../../pipeline/records/delivered-records.ts";
import { INBOUND_TOPIC } from "../../schemas/topics.ts";
import { campaigns } from "../../services/console/read/campaigns.ts";
import { clickhouseOptions } from "../fixture/cluster-handle.ts";
import { logInto, MARK } from "./own-console.ts";
import {
  behaveAs,
  CALM,
  disconnect,
  freshId,
  freshNumber,
  post,
  produce,
  produceRaw,
  until,
  untilFinal,
} from "./sluice.ts";

const { consoleUrl, environment, infra } = inject("sluice");

let cookie: string;
let asBefore: () => Promise<void>;
beforeAll(async () => {
  asBefore = await behaveAs({ "smsc-a": CALM, "smsc-b": CALM });
  cookie = await logInto(consoleUrl, environment.SLUICE_CONSOLE_LOGIN_FILE!);
});

async function ask<Body>(path: string): Promise<Body> {
  const answer = await fetch(`${consoleUrl}${path}`, { headers: { cookie } });
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as Body;
}

async function act<Body>(path: string, body: object): Promise<Body> {
  const answer = await fetch(`${consoleUrl}${path}`, {
    method: "POST",
    headers: { ...MARK, cookie },
    body: JSON.stringify(body),
  });
  const found = (await answer.json()) as Body & { detail?: string };
  expect([path, answer.status, found.detail]).toEqual([path, 200, undefined]);
  return found;
}

/** One message through everything. @returns the provider that had it */
async function sentBy(): Promise<string> {
  const { body } = await post("/v1/messages", { to: `+${freshNumber()}`, text: "hello", lane: "otp" });
  const { id } = body as { id: string };
  return (await untilFinal([id])).get(id)!.provider;
}

afterAll(async () => {
  await asBefore();
  await disconnect();
});

test("the overview follows the senders' words, and a message is found by its reference with the reasons of its way", async () => {
  await until("all providers are up on the console", async () => {
    const { providers } = await ask<{ providers: { condition: string }[] }>("/api/overview");
    return providers.length === 3 && providers.every(({ condition }) => condition === "up");
  });

  const reference = `console-${freshId()}`;
  const to = `+${freshNumber()}`;
  const { body } = await post("/v1/messages", { to, text: "hello", lane: "otp", reference });
  const { id } = body as { id: string };
  await untilFinal([id]);

  const { messages: found } = await ask<{ messages: object[] }>(`/api/messages?id=${reference}`);
  expect(found).toMatchObject([{ id, to, reference, foundBy: "reference", final: true }]);
  const { messages } = await ask<{ messages: { history: { type: string; reason?: string; verdicts?: string }[] }[] }>(
    `/api/messages/${id}?account=acme`,
  );
  const history = messages[0]!.history;
  expect(history.map(({ type }) => type)).toEqual(expect.arrayContaining(["routed", "submitted", "final"]));
  const routed = history.find(({ type }) => type === "routed")!;
  expect(routed.reason).toBe("priority");
  expect(routed.verdicts).toContain(": lower-priority");
  const { value } = await ask<{ value: { name: string; submitted: number }[] }>("/api/accounts?span=1h");
  expect(value.find(({ name }) => name === "acme")!.submitted).toBeGreaterThan(0);
});

interface Sums {
  readonly name: string;
  readonly submitted: number;
  readonly ended: Readonly<Record<string, number>>;
  readonly costs: Readonly<Record<string, string>>;
}

test("messages are summed by label, whose name is suggested, by provider, country and time, and a question that would read too much is told so", async () => {
  const label = `label-${freshId().slice(0, 8)}`;
  type Step = { readonly submitted: number; readonly delivered: number; readonly ended: number };
  const figures = async () => {
    const [providers, countries, steps] = await Promise.all([
      ask<{ value: Sums[] }>("/api/providers?span=24h"),
      ask<{ value: Sums[] }>("/api/countries?span=24h"),
      ask<{ value: Step[] }>("/api/steps?span=24h"),
    ]);
    const sum = (all: readonly Sums[], of: (one: Sums) => number) => all.reduce((total, one) => total + of(one), 0);
    const curve = (of: keyof Step) => steps.value.reduce((total, one) => total + one[of], 0);
    return {
      providers: sum(providers.value, ({ submitted }) => submitted),
      delivered: sum(providers.value, ({ ended }) => ended.delivered!),
      cost: sum(providers.value, ({ costs }) => Number(costs.EUR ?? 0)),
      germany: countries.value.find(({ name }) => name === "DE")?.submitted ?? 0,
      curve: { submitted: curve("submitted"), delivered: curve("delivered") },
    };
  };
  const before = await figures();
  const sent = await Promise.all(
    ["blue", "blue", "red"].map((value) =>
      post("/v1/messages", { to: `+${freshNumber()}`, text: "hello", lane: "otp", metadata: { [label]: value } }),
    ),
  );
  await untilFinal(sent.map(({ body }) => (body as { id: string }).id));
  const { value: names } = await ask<{ value: { label: string }[] }>("/api/labels?span=6h");
  expect(names.map((one) => one.label)).toContain(label);
  const { value } = await ask<{ value: Campaigns }>(`/api/campaigns?span=1h&label=${label}`);
  expect(value).toMatchObject([
    { label: "blue", account: "acme", messages: 2, ended: { delivered: 2 } },
    { label: "red", account: "acme", messages: 1, ended: { delivered: 1 } },
  ]);

  // What is kept is ten seconds old at the most; others send beside this test.
  let after = before;
  await until("the sums have them", async () => {
    after = await figures();
    return after.delivered - before.delivered >= 3 && after.curve.delivered - before.curve.delivered >= 3;
  });
  expect(after.providers - before.providers).toBeGreaterThanOrEqual(3);
  expect(after.germany - before.germany).toBeGreaterThanOrEqual(3);
  expect(after.curve.submitted - before.curve.submitted).toBeGreaterThanOrEqual(3);
  const spent = value.reduce((total, { costs }) => total + Number(costs.EUR), 0);
  expect(spent).toBeGreaterThan(0);
  expect(after.cost - before.cost).toBeGreaterThanOrEqual(spent - 1e-6);

  const { url, username, password } = clickhouseOptions(infra);
  const reader = new ClickhouseReader({ url, user: username, password, database: "sluice" });
  const bounds = { rows: 1, seconds: 5, bytes: 1_000_000_000 };
  await expect(campaigns(reader, label, 60, bounds)).rejects.toMatchObject({ code: "LOOKUP_TOO_LARGE" });
  await reader.close();
});

type Campaigns = readonly { readonly label: string; readonly costs: Readonly<Record<string, string>> }[];

test("a message's way is explained with what its text takes, and why", async () => {
  const to = `+${freshNumber()}`;
  const question = { to, account: "acme", lane: "otp", text: "Zażółć gęślą jaźń 12345" };
  const plain = await act<Explanation>("/api/explain", { ...question, at: "2026-12-01T10:00:00Z" });
  expect(plain).toMatchObject({
    ...{ to, country: "DE", account: "acme", encoding: "ucs2", segments: 1, at: "2026-12-01T10:00:00.000Z" },
    ucs2: { character: "ż", codePoint: "U+017C", index: 2 },
    provider: await sentBy(),
  });
  expect(plain.candidates.find(({ provider }) => provider === plain.provider)).toMatchObject({
    verdict: "chosen",
    health: { circuit: "closed" },
  });
});

interface Simulated {
  readonly run: {
    readonly state: string;
    readonly failure: string | null;
    readonly result: {
      readonly recorded: { readonly messages: number };
      readonly changed: { readonly providers: object };
    };
  };
}

test("what a provider's absence would have done is simulated on the messages of the last minutes", async () => {
  await sentBy();
  await act("/api/simulation", { change: "use", provider: "smsc-a", use: "none", minutes: 60 });
  let run: Simulated["run"] | undefined;
  await until("the simulation ends", async () => {
    ({ run } = await ask<Simulated>("/api/simulation/run"));
    return run.state !== "running";
  });
  expect(run).toMatchObject({ state: "done", failure: null });
  expect(run!.result.recorded.messages).toBeGreaterThan(0);
  const providers = Object.keys(run!.result.changed.providers);
  expect(providers.length).toBeGreaterThan(0);
  expect(providers).not.toContain("smsc-a");
});

test("a message from a handset is found by its number, of which it is looked up whether it has said stop", async () => {
  const codecs = await connectCodecs(environment.SLUICE_REGISTRY_URL!);
  const from = freshNumber();
  const message = { ...WHOLE_TEXT, provider: "smsc-a", from, to: "68849", text: "YES", receivedAt: Date.now() };
  await produceRaw(INBOUND_TOPIC, codecs.inbound.encode(message), from);
  const { value } = await ask<{ value: object }>(`/api/inbound?span=1h&number=%2B${from}`);
  expect(value).toMatchObject({ matched: 1, messages: [{ from: `+${from}`, to: "68849", text: "YES" }] });
  // To whom YES is a word: a number that is nobody's is one for all accounts.
  await until("YES is known", async () => {
    const { words } = await act<{ words: readonly { account: string | null }[] }>("/api/consent", { number: from });
    return words[0]?.account === null;
  });
  await post("/v1/suppressions", { suppressions: [from] });
  expect(await act("/api/consent", { number: `+${from}` })).toMatchObject({
    words: [
      { account: null, state: "opted_in", source: "keyword", suppressed: false },
      { account: "acme", state: "opted_out", source: "api", suppressed: true },
    ],
  });
});

interface Plan {
  readonly version: number;
  readonly diff: readonly string[];
}
interface History {
  readonly working: number;
  readonly versions: readonly { readonly version: number; readonly by: string; readonly note: string | null }[];
}

test("a provider is drained and taken out of use by versions of the catalog, and rolled back into use", async () => {
  const provider = "smsc-a"; // the first of the route for otp
  const conditionOf = async () => {
    const { providers } = await ask<{ providers: { id: string; condition: string; reason: string }[] }>(
      "/api/overview",
    );
    return providers.find(({ id }) => id === provider)!;
  };
  const change = async (use: string) => {
    const plan = await act<Plan>("/api/providers/use/plan", { provider, use });
    const asked = { provider, use, version: plan.version, note: `now ${use}` };
    const { version } = await act<{ version: number }>("/api/providers/use", asked);
    await until(`the console works with version ${version}`, async () => {
      const history = await ask<History>("/api/history");
      return history.working === version && history.versions[0]!.version === version;
    });
    return { plan, version };
  };

  const drained = await change("drain");
  // Beside it a provider that another file has removed may just have been retired.
  expect(drained.plan.diff).toContain(`~ provider ${provider}: use: not set -> drain`);
  expect((await ask<History>("/api/history")).versions[0]).toMatchObject({
    by: "one-time login (console)",
    note: "now drain",
  });
  await until("it is shown as draining", async () => {
    const { condition, reason } = await conditionOf();
    return condition === "draining" && reason === null;
  });
  await until("messages go elsewhere", async () => (await sentBy()) !== provider);

  await change("none");
  await until("its sender says so", async () => (await conditionOf()).reason === "out of use by the catalog");
  expect(await conditionOf()).toMatchObject({ condition: "unused" });

  const before = drained.version - 1;
  if (before === 0) await change("normal");
  else {
    const plan = await act<Plan>("/api/catalog/rollback/plan", { restores: before });
    expect(plan.diff).toContain(`~ provider ${provider}: use: none -> not set`);
    await act("/api/catalog/rollback", { restores: before, version: plan.version });
  }
  await until("it has messages again", async () => (await sentBy()) === provider);
  // Of two who planned against one version, the second is told.
  const late = await fetch(`${consoleUrl}/api/providers/use`, {
    method: "POST",
    headers: { ...MARK, cookie },
    body: JSON.stringify({ provider, use: "drain", version: drained.plan.version }),
  });
  expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([409, "CATALOG_CHANGED"]);
});

interface Run {
  readonly run: { run: string; state: string; replayed: number; refused: Record<string, number>; failure: string };
}

test("a dead letter is looked at in a dry run, and replayed once", async () => {
  const account = `nobody-${freshId().slice(0, 8)}`;
  await produce([{ messageId: freshId(), to: freshNumber(), text: "hello", accountId: account }]);
  const path = "/api/dead-letters/replay";
  const ended = async (): Promise<Run["run"]> => {
    let { run } = await ask<Run>(`${path}/run`);
    await until("the run ends", async () => {
      ({ run } = await ask<Run>(`${path}/run`));
      return run.state !== "running";
    });
    expect(run).toMatchObject({ state: "done", failure: null });
    return run;
  };
  let dry: Run["run"] | undefined;
  interface Found {
    readonly value: { readonly matched: number; readonly letters: readonly { readonly letter: string }[] };
  }
  await until("the letter is there, and may go", async () => {
    await act(`${path}/plan`, { account, most: 10, asNew: true });
    dry = await ended();
    return dry.replayed === 1;
  });
  const found = await ask<Found>(`/api/dead-letters?span=1h&account=${account}`);
  expect(found.value).toMatchObject({ matched: 1, letters: [{ replayed: 0 }] });
  const letter = await ask<object>(`/api/dead-letters/letter?letter=${found.value.letters[0]!.letter}`);
  expect(letter).toMatchObject({ kind: "request", content: { accountId: account, text: "hello" } });
  await act(path, { run: dry!.run, rate: 20 });
  expect(await ended()).toMatchObject({ replayed: 1, refused: {} });
  await until("ClickHouse has it as replayed", async () => {
    const { value } = await ask<{ value: { letters: { detail: string; replayed: number }[] } }>(
      `/api/dead-letters?span=1h`,
    );
    return value.letters.some(({ replayed }) => replayed === 1);
  });
});
