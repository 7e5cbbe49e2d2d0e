/** SMPP clients: what they submit goes out, and their receipts come, also when nobody was bound for them and ingest was killed meanwhile. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { SmppClient } from "../../domain/smpp/client.ts";
import type { BindCommand } from "../../domain/smpp/command-id.ts";
import type { OutgoingShortMessage } from "../../domain/smpp/pdu.ts";
import type { RequestResult } from "../../domain/smpp/request-result.ts";
import { tlvInteger, tlvTag, tlvText } from "../../domain/smpp/tlv.ts";
import { encodeGsm7Unpacked } from "../../domain/text/encoding.ts";
import { concatenationHeader } from "../../domain/text/user-data-header.ts";
import { ControlClient } from "../../infra/local/control-client.ts";
import { behaveAs, CALM, disconnect, freshNumber, messages, until, untilFinal } from "./sluice.ts";

const { smppPort, stateDir } = inject("sluice");
const control = new ControlClient(stateDir);
let asBefore: () => Promise<void>;

beforeAll(async () => {
  asBefore = await behaveAs({ "smsc-a": CALM, "smsc-b": CALM });
});
afterAll(async () => {
  await asBefore();
  await disconnect();
});

/** A client as a customer has one. */
class Customer {
  /** The texts of its receipts by the id that they name, and how often each came. */
  readonly receipts = new Map<string, string[]>();
  readonly #client: SmppClient;

  constructor(bindType: BindCommand, port = smppPort) {
    const bind = { systemId: "acme", password: "acme-demo-key" };
    const terms = { window: 100, responseTimeoutMs: 20_000, enquireLinkMs: 5_000 };
    this.#client = new SmppClient(
      { host: "127.0.0.1", port, bind, bindType, ...terms },
      {
        onDeliver: ({ tlvs, shortMessage }, acknowledge) => {
          const id = tlvText(tlvs, tlvTag.receipted_message_id) ?? "none";
          expect(tlvInteger(tlvs, tlvTag.message_state)).toBe(2);
          this.receipts.set(id, [...(this.receipts.get(id) ?? []), shortMessage.toString("latin1")]);
          acknowledge();
        },
      },
    );
    this.#client.start();
  }

  async bound(): Promise<this> {
    await until("bound", () => this.#client.state === "bound");
    return this;
  }

  /** Gives the message_id. */
  async submit(message: Partial<OutgoingShortMessage> & { destinationAddr: string }): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<RequestResult>();
    const whole = { sourceAddr: "Acme", sourceAddrTon: 5, destAddrTon: 1, registeredDelivery: 1, ...message };
    expect(this.#client.submit(whole, resolve, undefined)).toBe("accepted");
    const result = await promise;
    expect(result).toMatchObject({ kind: "response", commandStatus: 0 });
    return (result as { messageId: string }).messageId;
  }

  async stop(): Promise<void> {
    await this.#client.stop(2_000);
  }
}

const LONG = "A text that takes two parts, with a euro sign here: € ".repeat(5);

/** Its parts as a client makes them: with a window of one, in the order given. */
async function submitLong(customer: Customer, destinationAddr: string, order: readonly number[]): Promise<string[]> {
  const octets = encodeGsm7Unpacked(LONG);
  const ids: string[] = [];
  for (const sequence of order) {
    const header = concatenationHeader({ reference: 77, referenceBits: 8, total: 2, sequence });
    // 153 septets a part cut the text wherever that is.
    const part = octets.subarray((sequence - 1) * 153, sequence * 153);
    const shortMessage = Buffer.concat([header, part]);
    ids[sequence - 1] = await customer.submit({ destinationAddr, esmClass: 0x43, shortMessage });
  }
  return ids;
}

test("a short and a long message go out, and each id that the client was answered has its receipt", async () => {
  const customer = await new Customer("bind_transceiver").bound();
  const short = await customer.submit({ destinationAddr: freshNumber(), shortMessage: Buffer.from("Hello over SMPP") });
  const parts = await submitLong(customer, freshNumber(), [2, 1]);
  await until(
    () => `receipts: ${[...customer.receipts.keys()].join()}`,
    () => customer.receipts.size === 3,
  );
  expect([...customer.receipts.keys()].sort()).toEqual([short, ...parts].sort());
  expect(customer.receipts.get(short)![0]).toMatch(
    /^id:\S+ sub:001 dlvrd:001 submit date:\d{10} done date:\d{10} stat:DELIVRD err:000 text:/,
  );
  const rows = await untilFinal([short, parts[0]!]);
  expect(rows.get(parts[0]!)).toMatchObject({ segments: 2, finals: 1, state: "delivered" });
  expect((await messages([parts[1]!])).size).toBe(0);
  await customer.stop();
});

test("receipts are kept while nobody is bound for them, and over a kill of ingest", async () => {
  const sender = await new Customer("bind_transmitter").bound();
  const ids = await Promise.all(
    Array.from({ length: 20 }, () =>
      sender.submit({ destinationAddr: freshNumber(), shortMessage: Buffer.from("Kept") }),
    ),
  );
  const number = freshNumber();
  const [first] = await submitLong(sender, number, [1]);
  await untilFinal(ids);
  await control.signal("ingest", "SIGKILL");
  const receiver = await new Customer("bind_receiver").bound();
  await until(
    () => `${receiver.receipts.size} receipts`,
    () => receiver.receipts.size === ids.length,
  );
  expect([...receiver.receipts.keys()].sort()).toEqual([...ids].sort());
  // The part that came before the kill is kept, and goes with the one that comes behind it.
  const [, second] = await submitLong(await sender.bound(), number, [2]);
  await until("the long message's receipts", () => receiver.receipts.size === ids.length + 2);
  expect([...receiver.receipts.keys()]).toEqual(expect.arrayContaining([first, second]));
  await Promise.all([sender.stop(), receiver.stop()]);
});

test("of two instances each delivers to the clients that are bound to it, and each receipt comes once", async () => {
  await control.scale("ingest", 2);
  const sender = await new Customer("bind_transmitter").bound();
  const submit = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        sender.submit({ destinationAddr: freshNumber(), shortMessage: Buffer.from("Whose is it?") }),
      ),
    );
  const elsewhere = await new Customer("bind_receiver", smppPort - 1).bound();
  const first = await submit(20);
  // One that the test before had not acknowledged when it went may come as well.
  await until("the receipts at the other instance", () => first.every((id) => elsewhere.receipts.has(id)));
  const here = await new Customer("bind_receiver").bound();
  // Each has heard of the other's client by then; before, receipts may come twice.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const second = await submit(60);
  const ids = [...first, ...second];
  const all = () => [elsewhere, here].flatMap(({ receipts }) => ids.flatMap((id) => receipts.get(id) ?? []));
  await until(
    () => `all receipts, there are ${all().length}`,
    () => ids.every((id) => elsewhere.receipts.has(id) || here.receipts.has(id)),
  );
  expect(all()).toHaveLength(ids.length);
  expect(here.receipts.size).toBeGreaterThan(0);
  await Promise.all([sender, elsewhere, here].map((customer) => customer.stop()));
  await control.scale("ingest", 1);
});
