import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { commandStatus } from "../../../../../domain/smpp/command-status.ts";
import { concatenationHeader } from "../../../../../domain/text/user-data-header.ts";
import { until } from "../../../smpp/loopback.ts";
import { ITS_KEY, OWN_CERTIFICATE } from "./own-certificate.ts";
import { type DoorHarness, type DoorHarnessOptions, RawClient, startDoor, submitSm } from "./smpp-harness.ts";

let opened: DoorHarness | undefined;
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await opened?.close();
  opened = undefined;
});

async function open(options: DoorHarnessOptions = {}): Promise<DoorHarness> {
  opened = await startDoor(options);
  return opened;
}

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(opened!.door.port);
  clients.push(client);
  return client;
}

async function bound(more: Parameters<RawClient["bind"]>[0] = {}): Promise<RawClient> {
  const client = await connect();
  expect((await client.bind(more)).commandStatus).toBe(0);
  return client;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe("binds", () => {
  it("are answered with the version, to clients that can read it", async () => {
    await open();
    const [new_, old] = [await connect(), await connect()];
    const answer = await new_.bind();
    expect(answer).toMatchObject({ command: "bind_transceiver_resp", commandStatus: 0 });
    expect(answer.frame.subarray(-5).toString("hex")).toBe("0210000134");
    const oldAnswer = await old.bind({ command: "bind_transmitter", interfaceVersion: 0x33 });
    expect(oldAnswer.frame.toString("latin1")).toMatch(/sluice\0$/);
  });

  it("need the account's system_id, or as much of it as fifteen characters hold, and one of its keys or SMPP passwords", async () => {
    await open();
    const statusOf = async (systemId: string, password: string) => {
      const client = await connect();
      const { commandStatus: status } = await client.bind({ systemId, password });
      client.close();
      await until(() => opened!.door.bound.length === 0, "nobody is bound");
      return status;
    };
    expect(await statusOf("acme/main", "key-of-acme")).toBe(0);
    expect(await statusOf("an-account-with", "long-key-of-old")).toBe(0);
    expect(await statusOf("an-account-with", "8octets!")).toBe(0);
    expect(await statusOf("slow", "key-of-acme")).toBe(commandStatus.ESME_RINVPASWD);
    expect(await statusOf("nobody", "key-of-acme")).toBe(commandStatus.ESME_RINVPASWD);
    expect(await statusOf("acme", "")).toBe(commandStatus.ESME_RINVPASWD);
  });

  it("of an account are limited, each connection has one, and a wrong password slows the next try down", async () => {
    await open();
    const first = await bound({ systemId: "an-account-with", password: "8octets!" });
    const second = await connect();
    const refused = await second.bind({ systemId: "an-account-with", password: "8octets!" });
    expect(refused.commandStatus).toBe(commandStatus.ESME_RALYBND);
    expect((await first.bind()).commandStatus).toBe(commandStatus.ESME_RALYBND);

    const wrong = await connect();
    expect((await wrong.bind({ password: "wrong" })).commandStatus).toBe(commandStatus.ESME_RINVPASWD);
    const again = await connect();
    const since = performance.now();
    expect((await again.bind()).commandStatus).toBe(0);
    expect(performance.now() - since).toBeGreaterThan(800);
  });

  it("come over TLS where there is a certificate, and not without it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-smpp-"));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    writeFileSync(cert, OWN_CERTIFICATE);
    writeFileSync(key, ITS_KEY);
    await open({ tls: { cert, key } });
    const client = await RawClient.connectSecurely(opened!.door.port, OWN_CERTIFICATE);
    clients.push(client);
    expect((await client.bind()).commandStatus).toBe(0);
    expect((await client.call(submitSm())).commandStatus).toBe(0);
    const plain = await connect();
    plain.send({ command: "enquire_link" });
    await until(() => plain.closed, "closed");
    rmSync(folder, { recursive: true });
    await expect(startDoor({ tls: { cert, key } })).rejects.toThrow(/SLUICE_SMPP_TLS_CERT and .*cannot be used/);
  });

  it("over TLS that never get so far as TLS end the connection, so that they keep nobody out", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-smpp-"));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    writeFileSync(cert, OWN_CERTIFICATE);
    writeFileSync(key, ITS_KEY);
    await open({ tls: { cert, key }, sessionInitMs: 100, maxConnections: 1 });
    rmSync(folder, { recursive: true });
    const silent = await connect();
    await until(() => silent.closed, "closed");
    const client = await RawClient.connectSecurely(opened!.door.port, OWN_CERTIFICATE);
    clients.push(client);
    expect((await client.bind()).commandStatus).toBe(0);
  });

  it("that wait for their turn are not taken for ones that do not come", async () => {
    await open({ sessionInitMs: 100 });
    expect((await (await connect()).bind({ password: "wrong" })).commandStatus).toBe(commandStatus.ESME_RINVPASWD);
    expect((await (await connect()).bind()).commandStatus).toBe(0);
  });

  it("that do not come in time end the connection", async () => {
    await open({ sessionInitMs: 50 });
    const client = await connect();
    await until(() => client.closed, "closed");
  });
});

describe("submit_sm", () => {
  it("is answered when it is kept, and not before", async () => {
    const { writer, requests } = await open();
    const { promise, resolve } = Promise.withResolvers<void>();
    writer.onSend = () => promise;
    const client = await bound();
    const sequence = client.send(submitSm());
    await until(() => writer.sends.length === 1, "it is being written");
    // An answer to what came behind it shows that there has been time for one.
    await client.call({ command: "enquire_link" });
    expect(client.received.some((one) => one.sequence === sequence)).toBe(false);
    resolve();
    const answer = await client.answerTo(sequence);
    expect(answer).toMatchObject({
      command: "submit_sm_resp",
      commandStatus: 0,
      messageId: expect.stringMatching(UUID),
    });
    expect(requests()).toMatchObject([
      {
        messageId: answer.messageId,
        accountId: "acme",
        to: "491701234567",
        from: "ACME",
        text: "Your code is 123456",
        receiptTo: {
          ids: [answer.messageId],
          asked: 19,
          source: "ACME",
          sourceTon: 5,
          dest: "491701234567",
          reference: null,
        },
      },
    ]);
  });

  it("is never ROK when it is not known to be kept", async () => {
    const { writer } = await open({ acceptTimeoutMs: 100 });
    writer.onSend = () => new Promise(() => {});
    const client = await bound();
    expect((await client.call(submitSm())).commandStatus).toBe(commandStatus.ESME_RSYSERR);
  });

  it("is held while Kafka takes nothing, and goes on when it does; beyond the hold it is refused", async () => {
    const { writer, requests } = await open({ holdMs: 300 });
    const client = await bound();
    writer.hasRoom = false;
    const sequence = client.send(submitSm());
    await until(() => opened!.door.holding === 1, "held");
    writer.hasRoom = true;
    expect((await client.answerTo(sequence)).commandStatus).toBe(0);
    writer.hasRoom = false;
    expect((await client.call(submitSm())).commandStatus).toBe(commandStatus.ESME_RSYSERR);
    expect(requests()).toHaveLength(1);
  });

  it("whose partition has no leader is refused beyond the hold, though others are taken", async () => {
    const { writer } = await open({ holdMs: 100, acceptTimeoutMs: 10 });
    writer.leaderlessSince = () => 1;
    const client = await bound();
    expect((await client.call(submitSm())).commandStatus).toBe(commandStatus.ESME_RSYSERR);
    expect(writer.sends).toHaveLength(0);
  });

  it("above the account's rate is answered late, in order, and refused as throttled beyond the hold", async () => {
    const { requests } = await open({ holdMs: 1_300 });
    const client = await bound({ systemId: "slow", password: "slow-key" });
    const since = performance.now();
    const sequences = Array.from({ length: 8 }, () => client.send(submitSm()));
    const answers = await Promise.all(sequences.map((sequence) => client.answerTo(sequence)));
    expect(performance.now() - since).toBeGreaterThan(1_000);
    const statuses = answers.map((answer) => answer.commandStatus);
    const taken = statuses.filter((status) => status === 0).length;
    expect(taken).toBeGreaterThanOrEqual(3);
    expect(taken).toBeLessThan(8);
    expect(statuses.slice(taken)).toEqual(Array(8 - taken).fill(commandStatus.ESME_RTHROTTLED));
    expect(requests()).toHaveLength(taken);
  });

  it("stops the reading of its socket when as many are unanswered as the window says", async () => {
    const { writer } = await open({ window: 5 });
    const { promise, resolve } = Promise.withResolvers<void>();
    writer.onSend = () => promise;
    const client = await bound();
    for (let i = 0; i < 5; i++) client.send(submitSm());
    await until(() => writer.sends.length === 5, "the window is full");
    const behind = client.send(submitSm());
    await new Promise((wait) => setTimeout(wait, 100));
    expect(writer.sends).toHaveLength(5);
    resolve();
    expect((await client.answerTo(behind)).commandStatus).toBe(0);
  });

  it("has an id of eight characters for a client of 3.3, and the request knows it", async () => {
    const { requests } = await open();
    const client = await bound({ interfaceVersion: 0x33 });
    const { messageId } = await client.call(submitSm());
    expect(messageId).toMatch(/^[0-9a-z]{8}$/);
    expect(requests()[0]).toMatchObject({ messageId: expect.stringMatching(UUID), receiptTo: { ids: [messageId] } });
  });

  it("that cannot be sent says why by its status", async () => {
    await open();
    const client = await bound();
    const statusOf = async (more: Parameters<typeof submitSm>[0]) => (await client.call(submitSm(more))).commandStatus;
    expect(await statusOf({ destinationAddr: "12" })).toBe(commandStatus.ESME_RINVDSTADR);
    expect(await statusOf({ sourceAddr: "A name that is too" })).toBe(commandStatus.ESME_RINVSRCADR);
    expect(await statusOf({ shortMessage: Buffer.alloc(0) })).toBe(commandStatus.ESME_RINVMSGLEN);
    expect(await statusOf({ dataCoding: 4 })).toBe(commandStatus.ESME_RSUBMITFAIL);
    expect(await statusOf({ validityPeriod: "soon" })).toBe(commandStatus.ESME_RINVEXPIRY);
    expect(await statusOf({ scheduleDeliveryTime: "991301000000000+" })).toBe(commandStatus.ESME_RINVSCHED);
    expect(await statusOf({})).toBe(0);
  });

  it("on a receiver's bind is refused, and unknown commands and broken PDUs are nacked by their own number", async () => {
    await open();
    const receiver = await bound({ command: "bind_receiver" });
    expect((await receiver.call(submitSm())).commandStatus).toBe(commandStatus.ESME_RINVBNDSTS);
    const unknown = Buffer.from("00000010000001ff00000000000004d2", "hex");
    receiver.write(unknown);
    expect(await receiver.answerTo(1234)).toMatchObject({
      command: "generic_nack",
      commandStatus: commandStatus.ESME_RINVCMDID,
    });
    receiver.write(Buffer.from("0000001200000004000000000000162e4142", "hex"));
    expect(await receiver.answerTo(0x162e)).toMatchObject({
      command: "generic_nack",
      commandStatus: commandStatus.ESME_RINVCMDLEN,
    });
    expect((await receiver.call({ command: "enquire_link" })).commandStatus).toBe(0);
  });

  it("of a part is answered when the part is kept, so that a client with a window of one goes on", async () => {
    const { parts, requests } = await open();
    const client = await bound();
    const ids: (string | undefined)[] = [];
    for (const sequence of [1, 2]) {
      const header = concatenationHeader({ reference: 7, referenceBits: 8, total: 2, sequence });
      const shortMessage = Buffer.concat([header, Buffer.from(`part ${sequence}`)]);
      const answer = await client.call(submitSm({ esmClass: 0x43, shortMessage }));
      expect(answer.commandStatus).toBe(0);
      ids.push(answer.messageId);
    }
    expect(requests()).toEqual([]);
    expect(parts()).toMatchObject([
      { messageId: ids[0], to: "491701234567", reference: 7, total: 2, part: 1, octets: Buffer.from("part 1") },
      { messageId: ids[1], total: 2, part: 2, receiptTo: { ids: [ids[1]] } },
    ]);
  });
});

describe("other requests", () => {
  const multi = (...addresses: string[]) => ({
    ...submitSm(),
    command: "submit_multi" as const,
    destinations: addresses.map((address) => ({ kind: "address" as const, ton: 1, npi: 1, address })),
  });

  it("submit_multi sends to each, and names those that it does not send to", async () => {
    const { requests } = await open();
    const client = await bound();
    const answer = await client.call(multi("491701234567", "12", "491701234568"));
    expect(answer.commandStatus).toBe(0);
    expect(requests().map(({ to }) => to)).toEqual(["491701234567", "491701234568"]);
    const body = answer.frame.subarray(16);
    const id = body.subarray(0, body.indexOf(0)).toString();
    expect(requests().map(({ messageId }) => messageId)).toEqual([id, id]);
    const failed = body.subarray(id.length + 1);
    expect(failed.toString("hex")).toBe(`01${"0101"}${Buffer.from("12\0").toString("hex")}0000000b`);
    expect((await client.call(multi("12"))).commandStatus).toBe(commandStatus.ESME_RINVDSTADR);
  });

  it("data_sm is taken as submit_sm is", async () => {
    const { requests } = await open();
    const client = await bound();
    const tlvs = [{ tag: 0x0424, value: Buffer.from("in a payload") }];
    const answer = await client.call({
      ...submitSm({ shortMessage: Buffer.alloc(0), tlvs, esmClass: 0 }),
      command: "data_sm",
    });
    expect(answer).toMatchObject({ command: "data_sm_resp", commandStatus: 0, messageId: requests()[0]!.messageId });
    expect(requests()[0]).toMatchObject({ text: "in a payload" });
  });

  it("query_sm and cancel_sm ask what HTTP asks, and replace_sm is refused", async () => {
    const harness = await open();
    const client = await bound();
    const id = "0198a000-0000-7000-8000-000000000001";
    const query = { command: "query_sm", messageId: id, sourceAddr: "ACME" } as const;
    expect((await client.call(query)).commandStatus).toBe(commandStatus.ESME_RQUERYFAIL);
    harness.statuses.set(`acme/${id}`, {
      ...{ id, status: "delivered", final: true, to: "+491701234567", lane: "otp", encoding: "gsm7", segments: 1 },
      ...{ acceptedAt: "2026-12-01T10:00:00.000Z", updatedAt: "2026-12-01T10:00:05.000Z", attempts: 1, history: [] },
    } as never);
    const found = await client.call(query);
    expect(found.frame.subarray(16).toString("latin1")).toBe([id, "261201100005000+", "\x02\0"].join("\0"));
    const cancel = {
      command: "cancel_sm",
      serviceType: "",
      messageId: id,
      sourceAddr: "",
      destinationAddr: "",
    } as const;
    expect((await client.call(cancel)).commandStatus).toBe(commandStatus.ESME_RINVMSGID);
    harness.cancelled = { outcome: "cancelled", cancelled: ["491701234567"], gone: [] };
    expect((await client.call(cancel)).commandStatus).toBe(0);
    harness.cancelled = { outcome: "too-late", status: undefined };
    expect((await client.call(cancel)).commandStatus).toBe(commandStatus.ESME_RCANCELFAIL);
    expect((await client.call({ command: "replace_sm", messageId: id } as never)).commandStatus).toBe(
      commandStatus.ESME_RREPLACEFAIL,
    );
  });
});

describe("the end of a session", () => {
  it("by the client's unbind comes behind the answers that it waits for", async () => {
    const { writer } = await open();
    const { promise, resolve } = Promise.withResolvers<void>();
    writer.onSend = () => promise;
    const client = await bound();
    const submitted = client.send(submitSm());
    await until(() => writer.sends.length === 1, "it is being written");
    const unbind = client.send({ command: "unbind" });
    await new Promise((wait) => setTimeout(wait, 50));
    expect(client.received.some((one) => one.sequence === unbind)).toBe(false);
    resolve();
    await client.answerTo(unbind);
    expect(client.received.map((one) => one.sequence).slice(-2)).toEqual([submitted, unbind]);
  });

  it("by the client's unbind is answered during a drain too, and the drain waits for nothing more", async () => {
    const { writer, door } = await open();
    const { promise, resolve } = Promise.withResolvers<void>();
    writer.onSend = () => promise;
    const client = await bound();
    const submitted = client.send(submitSm());
    await until(() => writer.sends.length === 1, "it is being written");
    const unbind = client.send({ command: "unbind" });
    await new Promise((wait) => setTimeout(wait, 50));
    const drained = door.drain(60_000);
    resolve();
    await client.answerTo(unbind, 1_000);
    expect(client.received.map((one) => one.sequence).slice(-2)).toEqual([submitted, unbind]);
    await drained;
  });

  it("by a drain answers what is under way, and unbinds", async () => {
    const { writer, door } = await open();
    const { promise, resolve } = Promise.withResolvers<void>();
    writer.onSend = () => promise;
    const client = await bound();
    const submitted = client.send(submitSm());
    await until(() => writer.sends.length === 1, "it is being written");
    const drained = door.drain(5_000);
    await new Promise((wait) => setTimeout(wait, 50));
    expect(client.received.some(({ command }) => command === "unbind")).toBe(false);
    resolve();
    expect((await client.answerTo(submitted)).commandStatus).toBe(0);
    await until(() => client.received.some(({ command }) => command === "unbind"), "unbind");
    client.write(Buffer.from("00000010800000060000000000000001", "hex"));
    await drained;
    await until(() => client.closed, "closed");
  });
});
