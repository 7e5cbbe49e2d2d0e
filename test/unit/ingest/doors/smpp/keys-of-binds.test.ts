import { afterEach, expect, it } from "vitest";
import { commandStatus } from "../../../../../domain/smpp/command-status.ts";
import type { Account } from "../../../../../services/ingest/access/api-keys.ts";
import { SmppAccounts } from "../../../../../services/ingest/doors/smpp/smpp-accounts.ts";
import { until } from "../../../smpp/loopback.ts";
import { sha256 } from "../../ingest-harness.ts";
import { type DoorHarness, type DoorHarnessOptions, RawClient, startDoor, submitSm } from "./smpp-harness.ts";

let opened: DoorHarness | undefined;
let accounts: readonly Account[] = [];
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await opened?.close();
});

const key = (id: string, more: object = {}) => ({ id, sha256: sha256(`${id}-key`), ...more });
const shop = (...apiKeys: Account["apiKeys"]): Account => ({ id: "shop", apiKeys });

/** A door whose accounts are those of the moment. */
async function open(first: readonly Account[], options: DoorHarnessOptions = {}): Promise<void> {
  accounts = first;
  opened = await startDoor({ accounts: () => new SmppAccounts(accounts), ...options });
}

/** As the catalog changes. */
function change(next: readonly Account[]): void {
  accounts = next;
  opened!.door.review();
}

async function bind(id: string, more: Parameters<RawClient["bind"]>[0] = {}) {
  const client = await RawClient.connect(opened!.door.port);
  clients.push(client);
  const { commandStatus: status } = await client.bind({ systemId: "shop", password: `${id}-key`, ...more });
  return { client, status };
}

const asked = (client: RawClient, command: string) => client.received.some((one) => one.command === command);

it("an open bind goes when its key is withdrawn: what is under way is answered, nothing new is taken, and the others stay", async () => {
  await open([shop(key("old"), key("new"))]);
  const [{ client: old }, { client: other }] = [await bind("old"), await bind("new")];
  const { promise, resolve } = Promise.withResolvers<void>();
  opened!.writer.onSend = () => promise;
  const underWay = old.send(submitSm());
  await until(() => opened!.writer.sends.length === 1, "it is being written");
  change([shop(key("new"))]);
  const late = old.send(submitSm());
  resolve();
  expect((await old.answerTo(underWay)).commandStatus).toBe(0);
  await until(() => asked(old, "unbind"), "it is asked to go", 1_000);
  expect((await old.answerTo(late)).commandStatus).toBe(commandStatus.ESME_RINVBNDSTS);
  expect((await other.call(submitSm())).commandStatus).toBe(0);
  expect(opened!.requests()).toHaveLength(2);
  expect((await bind("old")).status).toBe(commandStatus.ESME_RINVPASWD);
});

it("an open bind goes by itself when its key expires", async () => {
  let now = 1_000;
  await open([shop(key("ends", { expires: 2_000 }))], { now: () => now });
  const { client } = await bind("ends");
  now = 2_000;
  await until(() => asked(client, "unbind"), "it is asked to go", 1_500);
});

it("a bind's key needs the scopes of what it is for, and goes when it loses one", async () => {
  await open([shop(key("send", { scopes: ["send"] }), key("read", { scopes: ["read"] }))]);
  const statusOf = async (id: string, command: "bind_transmitter" | "bind_receiver" | "bind_transceiver") => {
    const { client, status } = await bind(id, { command });
    client.close();
    await until(() => opened!.door.connections === 0, "it has gone");
    return status;
  };
  const refused = commandStatus.ESME_RBINDFAIL;
  expect(await statusOf("send", "bind_transmitter")).toBe(0);
  expect(await statusOf("send", "bind_receiver")).toBe(refused);
  expect(await statusOf("send", "bind_transceiver")).toBe(refused);
  expect(await statusOf("read", "bind_transmitter")).toBe(refused);
  expect(await statusOf("read", "bind_receiver")).toBe(0);
  const { client } = await bind("send", { command: "bind_transmitter" });
  const id = "0197a3c0-0000-7000-8000-000000000000";
  const query = { command: "query_sm" as const, messageId: id, sourceAddrTon: 0, sourceAddrNpi: 0, sourceAddr: "" };
  expect((await client.call(query)).commandStatus).toBe(commandStatus.ESME_RQUERYFAIL);
  change([shop(key("send", { scopes: ["read"] }))]);
  await until(() => asked(client, "unbind"), "it is asked to go", 1_000);
});

it("the account's terms of now hold on its open binds, and the youngest go where it may have fewer", async () => {
  await open([{ ...shop(key("main")), lanes: ["marketing"] }]);
  const [{ client: first }, { client: second }] = [await bind("main"), await bind("main")];
  expect((await first.call(submitSm())).commandStatus).toBe(0);
  change([{ ...shop(key("main")), lanes: ["transactional"], smpp: { passwords: [], maxBinds: 1 } }]);
  await until(() => asked(second, "unbind"), "the second is asked to go", 1_000);
  expect((await first.call(submitSm())).commandStatus).toBe(0);
  const lanes = opened!.writer.records.map(({ topic }) => topic.split(".").at(-1));
  expect(lanes).toEqual(["marketing", "transactional"]);
  expect(asked(first, "unbind")).toBe(false);
});

it("names that are made up do not make up for an address that guesses", async () => {
  await open([shop(key("main"))]);
  for (let n = 0; n < 20; n++) {
    const { client, status } = await bind("wrong", { systemId: `name-${n}` });
    client.close();
    expect(status).toBe(commandStatus.ESME_RINVPASWD);
    await until(() => opened!.door.connections === 0, "it has gone");
  }
  expect((await bind("wrong", { systemId: "another" })).status).toBe(commandStatus.ESME_RBINDFAIL);
  expect((await bind("main")).status).toBe(commandStatus.ESME_RBINDFAIL);
});
