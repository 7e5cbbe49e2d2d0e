import { afterAll, expect, test } from "vitest";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import {
  audit,
  disconnect,
  freshId,
  freshNumber,
  getMessage,
  messages,
  post,
  produce,
  produceRaw,
  produceZstd,
  query,
  until,
  untilFinal,
} from "./sluice.ts";

afterAll(disconnect);

const ENDED = ["delivered", "undelivered", "expired", "rejected", "unknown"];

test("a message posted over HTTP reaches a terminal state, and its history can be asked for", async () => {
  const answer = await post("/v1/messages", { to: `+${freshNumber()}`, text: "Hello from the API", from: "Acme" });
  expect(answer.status).toBe(202);
  const { id } = answer.body as { id: string };
  expect((await getMessage(id)).status).toBe(200);
  const row = (await untilFinal([id])).get(id)!;
  expect(ENDED).toContain(row.state);
  expect(row.finals).toBe(1);
  const status = await getMessage(id);
  expect(status.body.status).toBe(row.state);
  expect((await getMessage(id, "nordbank-demo-key")).status).toBe(404);
});

test("both ways in, every lane, one and several parts, GSM-7 and UCS-2", async () => {
  const texts = {
    one: "Your parcel arrives today.",
    parts: "x".repeat(400),
    unicode: "Ваша посылка прибудет сегодня 📦".repeat(4),
  };
  const lanes = ["otp", "transactional", "marketing"] as const;
  const upstream = lanes.flatMap((lane) =>
    Object.values(texts).map((text) => ({ messageId: freshId(), to: freshNumber(), text, lane })),
  );
  await produce(upstream);
  const batch = await post("/v1/messages/batch", {
    messages: lanes.flatMap((lane) => Object.values(texts).map((text) => ({ to: freshNumber(), text, lane }))),
  });
  expect(batch.status).toBe(202);
  const posted = (batch.body as { messages: { id: string }[] }).messages.map((m) => m.id);
  const rows = await untilFinal([...upstream.map((m) => m.messageId), ...posted]);
  expect([...rows.values()].filter((row) => row.finals !== 1)).toEqual([]);
  const segments = upstream.map((m) => rows.get(m.messageId)!.segments);
  expect(segments).toEqual([1, 3, 2, 1, 3, 2, 1, 3, 2]);
  expect(upstream.map((m) => rows.get(m.messageId)!.lane)).toEqual(upstream.map((m) => m.lane));
});

test("an upstream record that cannot be read becomes a dead letter and holds nobody up", async () => {
  const before = await deadLetters();
  const to = freshNumber();
  await produceRaw("sms.requests.otp", Buffer.from("not avro at all"), to);
  await produceRaw("sms.requests.otp", Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]), to);
  const after = { messageId: freshId(), to, text: "behind two bad ones", lane: "otp" as const };
  await produce([after]);
  expect((await untilFinal([after.messageId])).get(after.messageId)!.finals).toBe(1);
  await until("two dead letters more", async () => (await deadLetters()) >= before + 2);
});

test("an upstream system may compress as it likes", async () => {
  const request = {
    messageId: freshId(),
    to: freshNumber(),
    text: "in a batch compressed by zstd",
    lane: "otp" as const,
  };
  await produceZstd([request]);
  expect((await untilFinal([request.messageId])).get(request.messageId)!.finals).toBe(1);
});

test("an invalid upstream request ends as rejected, saying which field", async () => {
  const invalid = { messageId: freshId(), to: "12", text: "nobody can be reached here" };
  const unknownAccount = { messageId: freshId(), to: freshNumber(), text: "who pays?", accountId: "nobody" };
  await produce([invalid, unknownAccount]);
  const rows = await untilFinal([invalid.messageId, unknownAccount.messageId]);
  expect([...rows.values()].map((row) => row.state)).toEqual(["rejected", "rejected"]);
  const [event] = await query<{ reason: string }>(
    `SELECT reason FROM events WHERE message_id = '${unknownAccount.messageId}' AND type = 'closed'`,
  );
  expect(event!.reason).toContain("accountId");
});

test("a request in the wrong partition, or with a number in another format, is moved to its destination's partition", async () => {
  const moved = freshNumber();
  const home = partitionFor(moved, 6);
  const wrong = { messageId: freshId(), to: moved, text: "in the wrong partition", partition: (home + 1) % 6 };
  const spelt = {
    messageId: freshId(),
    to: `+${freshNumber().slice(0, 5)} ${freshNumber().slice(5)}`,
    text: "spelt with plus and space",
  };
  await produce([wrong, spelt]);
  const rows = await untilFinal([wrong.messageId, spelt.messageId]);
  for (const row of rows.values()) expect([row.finals, row.submissions]).toEqual([1, 1]);
  const [event] = await query<{ log_partition: number }>(
    `SELECT log_partition FROM events WHERE message_id = '${wrong.messageId}' AND type = 'routed'`,
  );
  expect(event!.log_partition).toBe(home);
});

test("the same message id, the same idempotency key: one message", async () => {
  const twice = { messageId: freshId(), to: freshNumber(), text: "once is enough" };
  await produce([twice, twice]);
  await produce([twice]);
  const rows = await untilFinal([twice.messageId]);
  expect(rows.get(twice.messageId)!.submissions).toBe(1);
  await until(
    "nothing further happens",
    async () => (await messages([twice.messageId])).get(twice.messageId)!.finals === 1,
  );
});

test("messages without an id of their own are each sent, and one id to two numbers of a partition is two messages", async () => {
  const blank = ["", " ", "00000000-0000-0000-0000-000000000000"].flatMap((messageId) =>
    [1, 2].map((n) => ({ messageId, to: freshNumber(), text: `message ${n} without an id` })),
  );
  const first = freshNumber();
  let second = freshNumber();
  while (second === first || partitionFor(second, 6) !== partitionFor(first, 6)) second = freshNumber();
  const messageId = freshId();
  const shared = [first, second].map((to) => ({ messageId, to, text: `to ${to}` }));
  await produce([...blank, ...shared]);
  const numbers = [...blank, ...shared].map(({ to }) => to);
  const finals = () =>
    query<{ destination: string; ends: string; submissions: string; id: string }>(
      `SELECT destination, countIf(type = 'final') AS ends, countIf(type = 'submitted') AS submissions, any(message_id) AS id
       FROM events WHERE destination IN (${numbers.map((to) => `'${to}'`).join(", ")}) GROUP BY destination`,
    );
  await until("each has its own end", async () => {
    const rows = await finals();
    return rows.length === numbers.length && rows.every(({ ends }) => Number(ends) === 1);
  });
  const ids = new Map((await finals()).map(({ destination, id }) => [destination, id]));
  expect(new Set(blank.map(({ to }) => ids.get(to))).size).toBe(blank.length);
  expect([ids.get(first), ids.get(second)]).toEqual([messageId, messageId]);
});

test("a dead letter is a row in ClickHouse that says what to change, and nothing of the record", async () => {
  const to = freshNumber();
  const since = Date.now();
  await produceRaw("sms.requests.otp", Buffer.from(JSON.stringify({ to, text: "the secret" })), to);
  const rows = () =>
    query<{ reason: string; detail: string; topic: string }>(
      `SELECT * FROM dead_letters WHERE topic = 'sms.requests.otp' AND detail LIKE 'JSON%' AND at > fromUnixTimestamp64Milli(${since - 60_000})`,
    );
  await until("the dead letter is a row", async () => (await rows()).length > 0);
  expect((await rows())[0]).toMatchObject({ reason: "undecodable", topic: "sms.requests.otp" });
  expect(JSON.stringify(await rows())).not.toContain("secret");
});

test("the audit accounts for all of these, the unreadable and the moved as well", async () => {
  const { counts, text } = await audit();
  expect(counts, text).toMatchObject({ terminal: counts.accepted, missing: 0, duplicated: 0 });
});

async function deadLetters(): Promise<number> {
  const response = await fetch(`${(await import("vitest")).inject("sluice").adminUrls.router}/metrics`);
  const lines = (await response.text()).split("\n").filter((line) => line.startsWith("router_dead_letters_total{"));
  return lines
    .filter((line) => line.includes('reason="undecodable"'))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}
