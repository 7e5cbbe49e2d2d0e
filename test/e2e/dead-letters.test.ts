/**
 * Dead letters through the real services: requests whose schema nobody knew are put back once it is known. Each is delivered once,
 * whoever is killed or replays at the same time.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ControlClient } from "../../infra/local/control-client.ts";
import type { LetterSummary } from "../../pipeline/dead-letters/letter-search.ts";
import { DEAD_AFTER_MS, REPLAY_OF } from "../../pipeline/dead-letters/replay-mark.ts";
import { connectCodecs } from "../../pipeline/records/codecs.ts";
import { headerText } from "../../platform/kafka/record.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { silentLog } from "../../platform/log/log.ts";
import { requestTopic } from "../../schemas/topics.ts";
import { runCli } from "../../services/cli/sluice.ts";
import { LateSchema } from "../fixture/late-schema.ts";
import { behaveAs, CALM, disconnect, freshId, produceRaw, query, until, untilFinal } from "./sluice.ts";

const { environment, infra, stateDir } = inject("sluice");
const REQUESTS = requestTopic("otp");
/** Delivered whatever the simulator does with others; the route of otp asks smsc-a first. */
const DELIVERED = "49151774";
/** Letters of each label `case`; the first of a case has no id of its own. */
const CASES = { plain: 2, "killed-before": 2, "killed-after": 2, operators: 8, stopped: 3 } as const;
const LETTERS = Object.values(CASES).reduce((sum, count) => sum + count, 0);

const folder = mkdtempSync(join(tmpdir(), "sluice-replays-"));
const reader = new TopicReader({
  connection: { brokers: infra.brokers, clientId: "replays", log: silentLog },
  topics: [REQUESTS],
});
const children: ChildProcess[] = [];
let since = "";
let asBefore: () => Promise<void>;

beforeAll(async () => {
  since = new Date().toISOString();
  asBefore = await behaveAs({ "smsc-a": { ...CALM, rules: [{ prefix: DELIVERED, state: "DELIVRD" }] } });
  await reader.start();
  const late = await LateSchema.announce(infra.registryUrl);
  const codecs = await connectCodecs(infra.registryUrl);
  for (const [name, count] of Object.entries(CASES))
    for (let i = 0; i < count; i++) {
      const to = `${DELIVERED}${randomInt(10_000, 99_999)}`;
      const none = {
        from: null,
        validitySeconds: 3_600,
        reference: null,
        callbackUrl: null,
        transliterate: false,
        sendAt: null,
        receiptTo: null,
        acceptedAt: null,
      };
      const messageId = i === 0 ? null : freshId();
      const of = { ...none, messageId, accountId: "acme", to, text: "Your code is 4711", metadata: { case: name } };
      await produceRaw(REQUESTS, late.written(codecs.request.encode(of)), to);
    }
  // Nobody can read them: they are found, and would be put aside again.
  const all = ["--from", since, "--reason", "undecodable"];
  await until("the router has put them aside", async () => {
    const { code, out } = await sluice("replay", ...all);
    return code === 1 && out.includes(`0 would be replayed (--yes does it); refused: ${LETTERS} undecodable`);
  });
  await late.register();
  // The router believes for half a minute that there is no such schema.
  await new ControlClient(stateDir).restart("router");
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await asBefore();
  await reader.stop();
  await disconnect();
  rmSync(folder, { recursive: true, force: true });
});

async function sluice(...args: string[]) {
  const out: string[] = [];
  const print = (line: string) => void out.push(line);
  const code = await runCli(["dead-letters", ...args], { env: environment, print, tell: print });
  return { code, out: out.join("\n") };
}

/** As a process of its own, which `steps` stop: see replay-steps.ts. */
function replaying(steps: Record<string, string>, ...args: string[]) {
  const hook = resolve(import.meta.dirname, "replay-steps.ts");
  const child = spawn(
    process.execPath,
    [`--import=${hook}`, "services/cli/sluice.ts", "dead-letters", "replay", ...args],
    { env: { ...process.env, ...environment, ...steps }, stdio: ["ignore", "pipe", "pipe"] },
  );
  children.push(child);
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (out += String(part)));
  const ended = new Promise<{ code: number | null; signal: string | null; out: string }>((settle) =>
    child.once("close", (code, signal) => settle({ code, signal, out })),
  );
  return { child, ended };
}

/** How many wait for this file. */
const waitingAt = (go: string) => readdirSync(folder).filter((name) => join(folder, name).startsWith(`${go}.`)).length;

const ofCase = (name: keyof typeof CASES) => ["--from", since, "--account", "acme", "--label", `case=${name}`];

async function lettersOf(name: keyof typeof CASES): Promise<readonly LetterSummary[]> {
  const { out } = await sluice("list", ...ofCase(name), "--json");
  const { letters } = JSON.parse(out) as { letters: LetterSummary[] };
  expect(letters).toHaveLength(CASES[name]);
  return letters;
}

/** How often each letter's record stands in the topic again, by the letter's name. */
async function putBack(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const [partition, { low, high }] of (await reader.watermarks(REQUESTS)).entries())
    await reader.readRange(REQUESTS, partition, low, high, (record) => {
      const name = headerText(record, REPLAY_OF)?.split("/").slice(0, 2).join("/");
      if (name !== undefined) found.set(name, (found.get(name) ?? 0) + 1);
    });
  return found;
}

/** Each of these letters went back once, and its message was submitted once and delivered, with one end. */
async function expectDeliveredOnce(letters: readonly LetterSummary[]): Promise<void> {
  const ids = letters.map(({ messageId }) => messageId!);
  const rows = await untilFinal(ids);
  for (const id of ids)
    expect(rows.get(id)).toMatchObject({ state: "delivered", finals: 1, submissions: 1, attempts: 1, resubmitted: "" });
  const events = await query<{ types: string[] }>(
    `SELECT arraySort(groupArray(toString(type))) AS types FROM events WHERE message_id IN (${ids.map((id) => `'${id}'`)}) GROUP BY message_id`,
  );
  for (const { types } of events) expect(types).toEqual(["final", "routed", "submitted"]);
  const counts = await putBack();
  for (const { partition, offset } of letters) expect(counts.get(`${partition}/${offset}`)).toBe(1);
}

test("a letter is put back and its message delivered once, under its id; the letter stays, and what was done stands behind it", async () => {
  const letters = await lettersOf("plain");
  const filters = [...ofCase("plain"), "--reason", "undecodable"];
  await until("the router has committed past them", async () => {
    const { code, out } = await sluice("replay", ...filters);
    return code === 0 && out.includes("2 would be replayed");
  });
  expect(await putBack()).toEqual(new Map());

  expect((await sluice("replay", ...filters, "--yes")).out).toContain("2 replayed by");
  await expectDeliveredOnce(letters);

  // By name, and by force: it has been delivered.
  const names = letters.map(({ partition, offset }) => `${partition}/${offset}`);
  const again = await sluice("replay", ...names, "--yes");
  expect(again).toMatchObject({ code: 1, out: expect.stringContaining("0 replayed by") });
  expect(again.out.match(/refused, replayed/g)).toHaveLength(2);
  const forced = await sluice("replay", ...names, "--yes", "--again");
  expect(forced.out.match(/refused, ended: the message ended as delivered/g)).toHaveLength(2);
  await expectDeliveredOnce(letters);

  for (const { partition, offset } of letters)
    await until("the replay is recorded", async () => {
      const rows = await query<{ reason: string }>(
        `SELECT reason FROM dead_letters WHERE topic = 'sms.dead-letter' AND partition = ${partition} AND offset = ${offset} ORDER BY reason`,
      );
      return rows.map(({ reason }) => reason).join() === "replay-begun,replayed";
    });
});

test("a replay that is killed before or after it has written is begun again, and doubles nothing", async () => {
  const before = await lettersOf("killed-before");
  const after = await lettersOf("killed-after");
  const killed = await Promise.all([
    replaying({ REPLAY_STOP: "before:record" }, ...ofCase("killed-before"), "--yes").ended,
    replaying({ REPLAY_STOP: "after:record" }, ...ofCase("killed-after"), "--yes").ended,
  ]);
  expect(killed.map(({ signal }) => signal)).toEqual(["SIGKILL", "SIGKILL"]);

  // At once nobody can know that they are dead; in a minute and a half it is known of both what they have written.
  const atOnce = await sluice("replay", ...ofCase("killed-after"), "--yes");
  expect(atOnce.out).toMatch(/^0 replayed by .*refused: 2 replaying$/m);
  const later = { REPLAY_CLOCK_MS: String(DEAD_AFTER_MS) };
  expect((await replaying(later, ...ofCase("killed-before"), "--yes").ended).out).toMatch(/^2 replayed by/m);
  expect((await replaying(later, ...ofCase("killed-after"), "--yes").ended).out).toMatch(
    /^0 replayed by .*refused: 2 replayed$/m,
  );
  await expectDeliveredOnce([...before, ...after]);
});

test("two operators who replay the same letters at the same moment double nothing", async () => {
  const letters = await lettersOf("operators");
  const go = join(folder, "go");
  const steps = { REPLAY_STOP: "before:begun", REPLAY_GO: go };
  const both = Promise.all([1, 2].map(() => replaying(steps, ...ofCase("operators"), "--yes").ended));
  // Both have found all of them free.
  await until("both are about to begin", () => waitingAt(go) === 2);
  writeFileSync(go, "");
  const replayed = (await both).map(({ out }) => Number(/^(\d+) replayed by/m.exec(out)?.[1]));
  expect(replayed[0]! + replayed[1]!).toBe(letters.length);
  await expectDeliveredOnce(letters);
});

test("Ctrl-C ends a replay behind the letters at hand", async () => {
  const letters = await lettersOf("stopped");
  const go = join(folder, "stopped");
  const steps = { REPLAY_STOP: "before:record", REPLAY_GO: go };
  // At this rate each letter is a batch of its own.
  const { child, ended } = replaying(steps, ...ofCase("stopped"), "--yes", "--rate", "1");
  await until("the first is about to be written", () => waitingAt(go) === 1);
  child.kill("SIGINT");
  await new Promise((settle) => child.stderr.once("data", settle));
  writeFileSync(go, "");
  expect(await ended).toMatchObject({ code: 130, out: expect.stringMatching(/^1 replayed by .*; 2 not looked at/m) });
  expect((await sluice("replay", ...ofCase("stopped"), "--yes")).out).toMatch(/^2 replayed by/m);
  await expectDeliveredOnce(letters);
});
