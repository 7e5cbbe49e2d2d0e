import { afterEach, beforeEach, expect, test } from "vitest";
import type { LetterFilter } from "../../../pipeline/dead-letters/letter-search.ts";
import { type LetterQuestionParts, letterQuestions } from "../../../services/console/letter-questions.ts";
import { CachedAnswers } from "../../../services/console/read/cached-answers.ts";
import { LettersInLog } from "../../../services/console/read/letters-in-log.ts";
import { consoleWorld } from "./console-world.ts";

const NOW = 100_000_000;
const HOUR = 3_600_000;

let inLog: { readonly filter: LetterFilter; readonly options: object }[];
let inRows: Record<string, string>[];
let hold: Promise<void>;
let world: Awaited<ReturnType<typeof consoleWorld>>;

const request = { accountId: "acme", to: "491713920012", text: "your code is 1234", from: null, metadata: {} };
const letter = {
  ...{ partition: 3, offset: 17, storedAt: 5 },
  content: {
    ...{ reason: "invalid", detail: "to: no number", service: "router", at: 4, messageId: null },
    ...{ topic: "sms.requests.otp", partition: 0, offset: 9, headers: {}, key: null, value: Buffer.from("x") },
  },
};
const box = {
  find: async (filter: LetterFilter, options: object) => {
    inLog.push({ filter, options });
    await hold;
    const found = { reason: "invalid", detail: "to: no number", service: "router", topic: "sms.requests.otp" };
    const at = (offset: number, replayedAt?: number) => ({
      ...found,
      ...{ partition: 3, offset, storedAt: offset, messageId: null, replayedAt },
    });
    const counts = new Map([
      ["invalid\tsms.requests.otp", 4],
      ["invalid\tsms.receipts", 2],
      ["refused\tsms.requests.otp", 1],
    ]);
    return { letters: [at(1), at(2, 7)], counts, matched: 7, leftOut: 5, others: 0 };
  },
  read: async ([place]: readonly { offset: number }[]) => (place!.offset === 17 ? [letter] : []),
};
const codecs = { request: { decode: () => ({ ok: true, value: request }) } };

beforeEach(async () => {
  [inLog, inRows, hold] = [[], [], Promise.resolve()];
  const clickhouse = {
    lookUp: (work: (rows: (query: string, asked: Record<string, string>) => Promise<object[]>) => Promise<unknown>) =>
      work(async (_, asked) => {
        inRows.push(asked);
        return [];
      }),
  };
  const parts = {
    ...{ clickhouse, answers: new CachedAnswers(() => NOW), now: () => NOW },
    letters: new LettersInLog(box as never, codecs as never),
  };
  world = await consoleWorld(letterQuestions(parts as unknown as LetterQuestionParts));
});
afterEach(() => world.stop());

const ask = (query: string) => world.ask("viewer", `/api/dead-letters${query}`);

test("by time, reason and topic rows are asked for", async () => {
  await ask("?span=6h&reason=invalid&topic=sms.requests.otp&to=90000000");
  const asked = { from: String(NOW - 6 * HOUR), to: "90000000", reason: "invalid", topic: "sms.requests.otp" };
  expect(inRows).toEqual([asked, asked, asked]);
  expect(inLog).toEqual([]);
});

test("account, provider and labels stand in the records: the log is looked through, the newest first", async () => {
  const { body } = await ask(
    "?span=1h&account=acme&provider=smsc-a&topic=sms.receipts&reason=&labels=campaign%3Dspring&labels=kind%3Da%3Db",
  );
  expect(inRows).toEqual([]);
  expect(inLog).toMatchObject([
    {
      filter: {
        ...{ from: NOW - HOUR, account: "acme", provider: "smsc-a", topic: "sms.receipts" },
        labels: { campaign: "spring", kind: "a=b" },
      },
      options: { which: "newest", most: 100 },
    },
  ]);
  expect(inLog[0]!.filter.reason).toBeUndefined();
  expect(body.value).toMatchObject({
    reasons: [
      { reason: "invalid", count: 6 },
      { reason: "refused", count: 1 },
    ],
    letters: [
      { letter: "3/2", replayed: 1, messageId: "" },
      { letter: "3/1", replayed: 0 },
    ],
    matched: 7,
  });
});

test("a filter that cannot be is refused by the field's name", async () => {
  for (const [query, field] of [
    ["?account=a%20b", "account"],
    ["?provider=%2F", "provider"],
    ["?labels=campaign", "labels"],
    ["?labels=a%3D1&labels=a%3D2", "labels"],
    ["?to=tomorrow", "to"],
    [`?span=1h&to=${NOW - HOUR}`, "to"],
    ["/letter?letter=17", "letter"],
  ] as const)
    expect([query, await ask(query)]).toMatchObject([query, { status: 400, body: { errors: [{ field }] } }]);
  expect([...inLog, ...inRows]).toEqual([]);
});

test("a letter is shown whole to operators; viewers see no text and no number", async () => {
  const operators = await world.ask("operator", "/api/dead-letters/letter?letter=3/17");
  expect(operators.body).toMatchObject({ letter: "3/17", reason: "invalid", kind: "request", content: request });
  const viewers = await world.ask("viewer", "/api/dead-letters/letter?letter=3/17");
  expect(viewers.body).toMatchObject({
    ...{ reason: "invalid", detail: "to: no number" },
    content: { accountId: "acme", to: "4917… (12 characters)", text: "(17 characters)" },
  });
  expect(await world.ask("viewer", "/api/dead-letters/letter?letter=3/18")).toMatchObject({
    status: 404,
    body: { code: "NO_SUCH_LETTER" },
  });
});

test("the log is looked through twice at once, no more", async () => {
  let go = () => {};
  hold = new Promise<void>((resolve) => {
    go = resolve;
  });
  const first = ["a", "b"].map((account) => ask(`?account=${account}`));
  while (inLog.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await ask("?account=c")).toMatchObject({ status: 429 });
  go();
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
});
