import { expect, it } from "vitest";
import type { ConsentState } from "../../../domain/consent/consent-word.ts";
import { type ListedWord, readSuppressionList } from "../../../domain/consent/suppression-list.ts";
import { consentRecord } from "../../../pipeline/follow/consent-copy.ts";
import { standingOf } from "../../../pipeline/follow/last-words.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { readSuppressionArguments } from "../../../services/cli/suppressions/arguments.ts";
import { besideRecipients, lastWordsOf } from "../../../services/cli/suppressions/beside-recipients.ts";
import { recordsOf } from "../../../services/cli/suppressions/suppressions-command.ts";
import { codecs, NOW, P } from "../router/router-world.ts";

const [STOPPED, BY_API, LIFTED] = ["491713920012", "491713920013", "491713920014"] as const;
const line = (destination: string, over: Partial<ListedWord> = {}): ListedWord => ({
  ...{ line: 1, destination, state: "opted_out", at: NOW, source: "import", account: "acme" },
  ...over,
});

class FakeLog {
  readonly partitions = P;
  readonly codecs = { consent: codecs.consent, loadSchema: async () => "loaded" as const };
  private readonly records: InRecord[][] = Array.from({ length: P }, () => []);
  readonly reader = {
    watermarks: async () => this.records.map(({ length }) => ({ low: 0, high: length })),
    readRange: async (_: string, partition: number, from: number, to: number, take: (record: InRecord) => void) => {
      for (const record of this.records[partition]!.slice(from, to)) take(record);
    },
  };

  write({ topic, partition, key, value }: OutRecord): void {
    const home = this.records[partition]!;
    const place = { topic, partition, offset: home.length, timestamp: NOW, headers: {} };
    home.push({ ...place, key: Buffer.from(key as string), value: value as Buffer });
  }

  say(destination: string, state: ConsentState, source: string, at: number, accountId = "acme"): void {
    this.write(consentRecord(codecs.consent, P, { accountId, destination, state, source, at }));
  }
}

/** What `sluice suppressions import` does with the text of a file, and how a number stands then. */
async function imported(log: FakeLog, text: string, ...options: string[]) {
  const asked = readSuppressionArguments(["import", "list.csv", "--account", "acme", ...options]);
  if (asked.action !== "import") throw new Error("no import");
  const { words: read, problems } = readSuppressionList(text, { at: NOW, now: NOW, state: asked.state });
  expect(problems).toEqual([]);
  const words = read.map((word) => ({ ...word, account: word.account ?? asked.account }));
  const { kept, ...leftOut } = besideRecipients(words, await lastWordsOf(log as never, words), asked.liftRecipients);
  for (const record of recordsOf(kept, "list.csv", codecs.consent, P)) log.write(record);
  const standing = async (to: string) => {
    const [one] = await standingOf(log as never, to);
    return one && `${one.word.state} ${one.word.source}`;
  };
  return { leftOut, standing };
}

const minutes = (count: number) => new Date(NOW + count * 60_000).toISOString();

it("finds the last words of a list's pairs", async () => {
  const log = new FakeLog();
  log.say(STOPPED, "opted_out", "keyword", NOW - 9);
  log.say(STOPPED, "opted_out", "keyword", NOW - 9, "bank");
  log.say(BY_API, "opted_out", "api", NOW - 9);
  log.say(LIFTED, "opted_out", "keyword", NOW - 9);
  log.say(LIFTED, "opted_in", "keyword", NOW - 8);
  const found = await lastWordsOf(
    log as never,
    [STOPPED, LIFTED].map((to) => line(to)),
  );
  expect([...found].map(([key, { state, source }]) => `${key} ${state} ${source}`).sort()).toEqual([
    `acme:${STOPPED} opted_out keyword`,
    `acme:${LIFTED} opted_in keyword`,
  ]);
});

it("an import lifts what the recipient has said with --lift-recipients alone, and what others have said without", async () => {
  const log = new FakeLog();
  log.say(STOPPED, "opted_out", "keyword", NOW - 9);
  log.say(BY_API, "opted_out", "api", NOW - 9);
  const list = `phone,subscribed\n+${STOPPED},yes\n+${BY_API},yes\n`;
  const without = await imported(log, list);
  expect(without.leftOut).toMatchObject({ optOuts: 0, optIns: 1 });
  expect(await without.standing(STOPPED)).toBe("opted_out keyword");
  expect(await without.standing(BY_API)).toBe("opted_in import");
  const lifting = await imported(log, list, "--lift-recipients");
  expect(lifting.leftOut).toMatchObject({ optOuts: 0, optIns: 0 });
  expect(await lifting.standing(STOPPED)).toBe("opted_in import");
});

it("with --lift-recipients an opt-out of the same list that is later than the opt-in stands at the end", async () => {
  const log = new FakeLog();
  log.say(STOPPED, "opted_out", "keyword", NOW - 600_000);
  const list = `phone,state,at\n+${STOPPED},opted_in,${minutes(-5)}\n+${STOPPED},opted_out,${minutes(-1)}\n`;
  expect(await (await imported(log, list, "--lift-recipients")).standing(STOPPED)).toBe("opted_out import");
});

it("an opt-in leaves a recipient's START in its place, which alone opens what is closed for all accounts", async () => {
  const log = new FakeLog();
  log.say(LIFTED, "opted_out", "keyword", NOW - 9, "*");
  log.say(LIFTED, "opted_in", "keyword", NOW - 8);
  const list = (state: string) =>
    `phone,state,at\n+${LIFTED},opted_in,${minutes(0)}\n+${LIFTED},${state},${minutes(0)}\n`;
  const { leftOut } = await imported(log, list("opted_in"), "--lift-recipients");
  expect(leftOut).toEqual({ optOuts: 0, optIns: 0, starts: 2 });
  const own = async () => (await standingOf(log as never, LIFTED)).find(({ accountId }) => accountId === "acme");
  expect(await own()).toMatchObject({ suppressed: false, word: { source: "keyword" } });
  // In one list with a stop it is one of the list's words, and no repetition.
  expect((await imported(log, list("opted_out"))).leftOut).toEqual({ optOuts: 0, optIns: 0, starts: 0 });
  expect(await own()).toMatchObject({ suppressed: true, word: { source: "import", state: "opted_out" } });
});

it("an opt-out is written beside a recipient's in the same list that has been lifted since", async () => {
  const log = new FakeLog();
  log.say(STOPPED, "opted_in", "keyword", NOW - 300_000);
  const rows = [`acme,+${STOPPED},opted_out,keyword,${minutes(-9)}`, `acme,+${STOPPED},opted_out,,${minutes(-1)}`];
  const list = ["account,number,state,source,at", ...rows].join("\n");
  expect(await (await imported(log, list)).standing(STOPPED)).toBe("opted_out import");
});

it("leaves out what would take the place of a recipient's own opt-out, and counts it", () => {
  const held = new Map([
    [`acme:${STOPPED}`, { state: "opted_out", source: "keyword", at: NOW - 9, offset: 0 }] as const,
  ]);
  const out = line(STOPPED);
  const own = line(STOPPED, { source: "keyword" });
  const lift = line(STOPPED, { state: "opted_in" });
  const others = [line(BY_API), line(STOPPED, { account: "bank" }), line(BY_API, { state: "opted_in" })];
  const all = [out, own, lift, ...others];
  expect(besideRecipients(all, held, false)).toEqual({ kept: [own, ...others], optOuts: 1, optIns: 1, starts: 0 });
  expect(besideRecipients(all, held, true)).toEqual({ kept: [own, lift, ...others], optOuts: 1, optIns: 0, starts: 0 });
  expect(besideRecipients([own, out], new Map(), false).kept).toEqual([own]);
});

it("writes who has said it", () => {
  const lines = [line(STOPPED, { source: "keyword" }), line(BY_API)];
  const written = recordsOf(lines, "list.csv", codecs.consent, P).map(({ value }) => codecs.consent.decode(value));
  expect(written).toMatchObject([
    { ok: true, value: { source: "keyword", detail: "list.csv", destination: STOPPED } },
    { ok: true, value: { source: "import", detail: "list.csv", destination: BY_API } },
  ]);
});
