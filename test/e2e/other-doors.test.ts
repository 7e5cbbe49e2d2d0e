import { createHash } from "node:crypto";
import { afterAll, expect, inject, test } from "vitest";
import { behaveAs, CALM, disconnect, freshNumber, until, untilFinal } from "./sluice.ts";

const { ingestUrl } = inject("sluice");
const KEY = "acme-demo-key";
// As docs/from-twilio.md says it, not as the program has it.
const SID = `AC${createHash("sha256").update("sluice-account:acme").digest("hex").slice(0, 32)}`;
const TWILIO = `${ingestUrl}/2010-04-01/Accounts/${SID}/Messages`;
const headers = { authorization: `Basic ${btoa(`${SID}:${KEY}`)}` };

const calm = behaveAs({ "smsc-a": CALM, "smsc-b": CALM });
afterAll(async () => {
  await (await calm)();
  await disconnect();
});

const uuidOf = (sid: string) => sid.slice(2).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

test("messages in the forms of Twilio, Kannel and Jasmin are delivered, and Twilio's form lists them with what became of them", async () => {
  await calm;
  const [first, second, third] = [freshNumber(), freshNumber(), freshNumber()];
  const form = new URLSearchParams({ To: `+${first}`, From: "ACME", Body: "Hello from Twilio's form" });
  const created = await fetch(`${TWILIO}.json`, { method: "POST", headers, body: form });
  expect(created.status).toBe(201);
  const { sid } = (await created.json()) as { sid: string };

  const auth = { username: "acme", password: KEY, from: "ACME" };
  const kannel = await fetch(
    `${ingestUrl}/cgi-bin/sendsms?${new URLSearchParams({ ...auth, to: second, text: "Hello" })}`,
  );
  expect([kannel.status, await kannel.text()]).toEqual([202, "0: Accepted for delivery"]);
  const jasmin = await fetch(`${ingestUrl}/send?${new URLSearchParams({ ...auth, to: third, content: "Hello" })}`);
  const [, jasminId = ""] = /^Success "(.*)"$/.exec(await jasmin.text()) ?? [];

  const ids = [uuidOf(sid), kannel.headers.get("x-sluice-message-ids")!, jasminId];
  const rows = await untilFinal(ids);
  expect(ids.map((id) => rows.get(id)?.state)).toEqual(["delivered", "delivered", "delivered"]);
  await until("Twilio's form says so", async () => {
    const message = (await (await fetch(`${TWILIO}/${sid}.json`, { headers })).json()) as { status: string };
    return message.status === "delivered";
  });
  const listed: string[] = [];
  for (
    let path: string | null = `${new URL(TWILIO).pathname}.json?PageSize=1`;
    path !== null && !ids.every((id) => listed.includes(id)) && listed.length < 50;
  ) {
    const page = (await (await fetch(new URL(path, ingestUrl), { headers })).json()) as {
      messages: { sid: string }[];
      next_page_uri: string | null;
    };
    listed.push(...page.messages.map((one) => uuidOf(one.sid)));
    path = page.next_page_uri;
  }
  expect(listed).toEqual(expect.arrayContaining(ids));
  expect(new Set(listed).size).toBe(listed.length);
});
