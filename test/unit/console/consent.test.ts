import { beforeEach, expect, test, vi } from "vitest";
import { consentRecord } from "../../../pipeline/follow/consent-copy.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { questions } from "../../../services/console/questions.ts";
import { ConsentDesk } from "../../../services/console/read/consent.ts";
import { codecs, NOW, P } from "../router/router-world.ts";
import { consoleWorld } from "./console-world.ts";

const NUMBER = "491713920012";
const HOME = partitionFor(NUMBER, P);

let log: InRecord[][];
let read: [number, number, number][];
/** While `waits`, reading is held up until these are called. */
let held: (() => void)[];
let waits = false;
const reader = {
  watermarks: async () => log.map(({ length }) => ({ low: 0, high: length })),
  readRange: async (_: string, partition: number, from: number, to: number, take: (record: InRecord) => void) => {
    read.push([partition, from, to]);
    if (waits) await new Promise<void>((resolve) => void held.push(resolve));
    for (const record of log[partition]!.slice(from, to)) take(record);
  },
};
const desk = () =>
  new ConsentDesk({
    reader,
    codecs: { consent: codecs.consent, loadSchema: async () => "loaded" },
    partitions: P,
  } as never);

function say(
  accountId: string,
  state: "opted_in" | "opted_out",
  at: number,
  over: { readonly source?: string; readonly destination?: string; readonly detail?: string } = {},
): void {
  const { source = "keyword", destination = NUMBER, detail = null } = over;
  const made = consentRecord(codecs.consent, P, { accountId, destination, state, source, at, detail }) as OutRecord;
  const at0 = log[made.partition]!;
  at0.push({ ...made, key: Buffer.from(made.key as string), offset: at0.length, headers: {}, timestamp: at } as never);
}

beforeEach(() => {
  [log, read, waits, held] = [Array.from({ length: P }, () => []), [], false, []];
});

test("a number's last words stand by account, with whether anything goes; others' words and older ones do not", async () => {
  say("acme", "opted_out", NOW - 9, { detail: "smsc-a" });
  say("bank", "opted_out", NOW - 8, { source: "api" });
  say("bank", "opted_in", NOW - 7, { source: "api" });
  // Of other numbers of the same partition.
  for (let n = 0, other = 0; other < 3; n++) {
    const destination = String(491710000000 + n);
    if (partitionFor(destination, P) !== HOME) continue;
    say("acme", "opted_out", NOW, { destination });
    other++;
  }
  expect(await desk().of(" +49 171 392-0012 ")).toEqual({
    number: `+${NUMBER}`,
    words: [
      { account: "acme", state: "opted_out", source: "keyword", at: NOW - 9, detail: "smsc-a", suppressed: true },
      { account: "bank", state: "opted_in", source: "api", at: NOW - 7, detail: null, suppressed: false },
    ],
  });
  expect(read).toEqual([[HOME, 0, 6]]);
});

test("what is closed for all accounts counts for each but those to which the recipient has said start since", async () => {
  say("acme", "opted_in", NOW - 5);
  say("bank", "opted_in", NOW - 1);
  say("*", "opted_out", NOW - 3, { source: "import", detail: "list.csv" });
  const { words } = await desk().of(NUMBER);
  expect(words.map(({ account, suppressed }) => [account, suppressed])).toEqual([
    [null, true],
    ["acme", true],
    ["bank", false],
  ]);
});

test("operators may ask; a number that is none is refused by name, and of many questions some", async () => {
  const world = await consoleWorld(questions({ consent: desk() } as never));
  try {
    expect(await world.ask("viewer", "/api/consent", { number: NUMBER })).toMatchObject({ status: 403 });
    expect(await world.ask("operator", "/api/consent", { number: "12" })).toMatchObject({
      status: 400,
      body: { code: "INVALID_NUMBER", detail: expect.stringMatching(/^number: /) },
    });
    expect(await world.ask("operator", "/api/consent", {})).toMatchObject({ status: 400 });
    expect(await world.ask("operator", "/api/consent", { number: NUMBER })).toMatchObject({
      status: 200,
      body: { number: `+${NUMBER}`, words: [] },
    });
  } finally {
    await world.stop();
  }
  waits = true;
  const some = desk();
  say("acme", "opted_out", NOW);
  const both = [some.of(NUMBER), some.of(NUMBER)];
  await expect(some.of(NUMBER)).rejects.toMatchObject({ code: "TOO_BUSY" });
  await vi.waitFor(() => expect(held).toHaveLength(2));
  for (const goOn of held) goOn();
  await Promise.all(both);
  waits = false;
  expect((await some.of(NUMBER)).words).toHaveLength(1);
});

test("the page says in a sentence whether messages go", async () => {
  const { consentVerdict } = await import(
    new URL("../../../services/console/page/consent-lookup.js", import.meta.url).href
  );
  const word = (account: string | null, suppressed: boolean) => ({ account, suppressed });
  expect(consentVerdict("+1", [])).toBe("Nobody has said anything of +1: messages go.");
  expect(consentVerdict("+1", [word(null, true)])).toBe("Nothing goes to +1 from any account.");
  expect(consentVerdict("+1", [word(null, true), word("a", true), word("b", false)])).toBe(
    "Nothing goes to +1, but from b: they have said start to it since.",
  );
  expect(consentVerdict("+1", [word("a", true), word("b", false), word("c", true)])).toBe(
    "Nothing goes to +1 from a, c; from other accounts messages go.",
  );
  expect(consentVerdict("+1", [word(null, false), word("b", false)])).toBe("Messages go to +1.");
});
