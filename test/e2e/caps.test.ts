/**
 * What stops messages, over two routers which are killed in mid-traffic: an account's guard against pumped traffic, caps of a sender and of a campaign,
 * and what a CRM says of recipients; and a sender that is replaced on the way.
 */
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ControlClient } from "../../infra/local/control-client.ts";
import { LiveCatalogFiles } from "../fixture/live-catalog.ts";
import { PUMPED_ACCOUNT, PUMPED_KEY, pumpingIsStopped } from "./pumping-attack.ts";
import {
  behaveAs,
  CALM,
  disconnect,
  freshId,
  freshNumber,
  getMessage,
  post,
  produce,
  query,
  until,
  untilFinal,
} from "./sluice.ts";
import { CRM_ACCOUNT, CRM_KEY, crmHearsEachChange, crmIsListenedTo, ToldCrm } from "./told-crm.ts";

const { environment, stateDir } = inject("sluice");
const catalog = new LiveCatalogFiles(environment);
const control = new ControlClient(stateDir);
const files = catalog.read(environment.SLUICE_CATALOG_DIR!);

const CAP = 300;
const SENT = 800;
const PER_SECOND = 80;
/** What docs/catalog.md allows several routers to send beyond a cap: what goes within a second and a half. */
const BEYOND = PER_SECOND * 1.5;
const KEY = "a-key-of-the-capped-account";

let asBefore: () => Promise<void>;
const crm = new ToldCrm();

/** An account with a key. */
const account = (id: string, key: string, more: object) => ({
  ...{ id, name: id, apiKeys: [{ id: "k", sha256: createHash("sha256").update(key).digest("hex") }] },
  ...more,
});

beforeAll(async () => {
  await crm.start();
  asBefore = await behaveAs({ "smsc-b": CALM });
  await control.scale("router", 2);
  const own = [
    account("capped", KEY, { from: "CAPPED" }),
    account(PUMPED_ACCOUNT, PUMPED_KEY, { guard: { mode: "filter" } }),
    account(CRM_ACCOUNT, CRM_KEY, { consentWebhook: crm.webhook }),
  ];
  const applied = await catalog.apply({
    ...files,
    accounts: [...files.accounts, ...own],
    routes: [
      {
        id: "of-these",
        when: { accounts: own.map(({ id }) => id) },
        strategy: "priority",
        providers: [{ id: "smsc-b" }],
      },
      ...files.routes,
    ],
    senders: [
      { id: "austria", countries: ["AT"], allowed: ["short-code"], replaceBy: ["12345"] },
      { id: "france", countries: ["FR"], registered: ["OTHER"] },
    ],
    caps: [{ id: "of-names", of: "sender", only: ["CAPPED"], maxPerDay: CAP, whenReached: "refuse" }],
  });
  expect(applied, applied.err).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await catalog.apply({ ...files, senders: [], caps: [] });
  await control.scale("router", 1);
  await asBefore();
  await disconnect();
  catalog.remove();
  crm.stop();
});

async function flow(count: number): Promise<string[]> {
  const ids: string[] = [];
  const began = performance.now();
  while (ids.length < count) {
    const batch = Array.from({ length: PER_SECOND / 10 }, () => freshId());
    await produce(
      batch.map((messageId) => ({ messageId, to: freshNumber(), text: "as many as may go", accountId: "capped" })),
    );
    ids.push(...batch);
    await pause(Math.max(0, (ids.length / PER_SECOND) * 1_000 - (performance.now() - began)));
  }
  return ids;
}

/** How many of these the cap has let go, and with which code the others ended. */
async function outcome(ids: readonly string[]): Promise<{ gone: number; codes: Set<string> }> {
  const rows = [...(await untilFinal(ids)).values()];
  const [gone, others] = [rows.filter((row) => row.submissions > 0), rows.filter((row) => row.submissions === 0)];
  expect(rows.filter((row) => row.finals !== 1)).toEqual([]);
  return { gone: gone.length, codes: new Set(others.map((row) => `${row.state} ${row.error_code}`)) };
}

test("codes to numbers counted up in one range are stopped with the reason, people's go, whatever routers die", () =>
  pumpingIsStopped(control));

test("two routers keep a cap within what they send in a second and a half, one being killed, and know it after a restart", async () => {
  const flowing = flow(SENT);
  await pause(2_000);
  await control.signal("router-2", "SIGKILL");
  const first = await outcome(await flowing);
  expect(first.codes).toEqual(new Set(["failed cap-reached"]));
  expect(first.gone).toBeGreaterThanOrEqual(CAP - BEYOND);
  expect(first.gone).toBeLessThanOrEqual(CAP + BEYOND);
  await control.scale("router", 1);
  await control.restart("router");
  const after = await outcome(await flow(40));
  // One router keeps it to the message; what was decided in the moment of the kill and never went counts all the same.
  expect(after.gone).toBeLessThanOrEqual(Math.max(0, CAP - first.gone));
});

test("a sender that is not allowed is told at the door, and one that is replaced goes out as the other", async () => {
  const refused = await post("/v1/messages", { to: "+33612345678", text: "hi" }, KEY);
  expect(refused).toMatchObject({ status: 400 });
  expect(JSON.stringify(refused.body)).toMatch(/sender-not-allowed.*not registered in FR \(sender rule france\)/);
  const accepted = await post("/v1/messages", { to: "+436641234567", text: "hi" }, KEY);
  expect(accepted).toMatchObject({ status: 202 });
  const { id } = accepted.body as { id: string };
  await untilFinal([id]);
  await until("the history is there", async () => JSON.stringify((await getMessage(id, KEY)).body).includes("routed"));
  const { history } = (await getMessage(id, KEY)).body as { history: object[] };
  expect(history.find((entry) => (entry as { type: string }).type === "routed")).toMatchObject({
    sentAs: "12345",
    rules: "sender rule austria: goes out as 12345",
  });
  const rows = await query(
    `SELECT DISTINCT sender, sent_as FROM events WHERE message_id = '${id}' AND type IN ('routed', 'submitted', 'final')`,
  );
  expect(rows).toEqual([{ sender: "CAPPED", sent_as: "12345" }]);
});

test("a CRM hears each change of a suppression, signed and in order, at least once over a kill -9 of what tells it", () =>
  crmHearsEachChange(crm, control));

test("what a CRM says of a recipient ends the next message to them, and what is not signed by it does not", () =>
  crmIsListenedTo(crm));
