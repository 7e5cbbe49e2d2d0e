import type { Server, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Acknowledge, type BindFailure, SmppClient, type SmppClientOptions } from "../../../domain/smpp/client.ts";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import type { SubmitSmPdu } from "../../../domain/smpp/pdu.ts";
import type { CloseReason, RequestResult } from "../../../domain/smpp/request-result.ts";
import { SmppSession } from "../../../domain/smpp/session.ts";
import { listen, until } from "./loopback.ts";

const message = { sourceAddr: "Sluice", destinationAddr: "491701234567", shortMessage: Buffer.from("hello") };

/** An SMSC that accepts one password and leaves submits to the test. */
class Smsc {
  server: Server | undefined;
  port = 0;
  password = "secret";
  answersBinds = true;
  binds = 0;
  readonly sessions: SmppSession[] = [];
  readonly sockets: Socket[] = [];
  readonly submits: { pdu: SubmitSmPdu; session: SmppSession }[] = [];

  async up(): Promise<void> {
    const { server, port } = await listen((socket) => this.#accept(socket), this.port);
    this.server = server;
    this.port = port;
  }

  down(): void {
    this.server?.close();
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.sockets.push(socket);
    const session = new SmppSession(
      socket,
      { window: 100, responseTimeoutMs: 2_000, enquireLinkMs: 0 },
      {
        onBind: (pdu) => {
          this.binds++;
          if (!this.answersBinds) return;
          session.respondBind(pdu, pdu.password === this.password ? 0 : commandStatus.ESME_RINVPASWD, "smsc");
        },
        onSubmit: (pdu) => this.submits.push({ pdu, session }),
        onClose: () => this.sessions.splice(this.sessions.indexOf(session), 1),
      },
    );
    this.sessions.push(session);
  }
}

const smscs: Smsc[] = [];
const clients: SmppClient[] = [];
afterEach(async () => {
  for (const smsc of smscs.splice(0)) smsc.down();
  await Promise.all(clients.splice(0).map((client) => client.stop(0)));
});

interface Seen {
  bound: number;
  unbound: CloseReason[];
  failures: BindFailure[];
  delivered: { text: string; acknowledge: Acknowledge }[];
}

async function setUp(options: Partial<SmppClientOptions> = {}, password = "secret") {
  const smsc = new Smsc();
  smscs.push(smsc);
  await smsc.up();
  const seen: Seen = { bound: 0, unbound: [], failures: [], delivered: [] };
  const client = new SmppClient(
    {
      host: "127.0.0.1",
      port: smsc.port,
      bind: { systemId: "esme", password },
      window: 10,
      responseTimeoutMs: 1_000,
      enquireLinkMs: 0,
      backoff: { initialMs: 10, maxMs: 40, permanentMs: 200 },
      random: () => 0.5,
      ...options,
    },
    {
      onBound: () => seen.bound++,
      onUnbound: (reason) => seen.unbound.push(reason),
      onBindFailure: (failure) => seen.failures.push(failure),
      onDeliver: (pdu, acknowledge) => seen.delivered.push({ text: pdu.shortMessage.toString(), acknowledge }),
    },
  );
  clients.push(client);
  return { smsc, client, seen };
}

describe("SmppClient", () => {
  it("binds, submits, unbinds", async () => {
    const { smsc, client, seen } = await setUp();
    expect(client.state).toBe("closed");
    expect(client.submit(message, () => {}, undefined)).toBe("not_bound");
    client.start();
    expect(client.state).toBe("connecting");
    await until(() => client.state === "bound", "bound");
    expect(client.capacity).toBe(10);
    const results: RequestResult[] = [];
    expect(client.submit(message, (result) => results.push(result), undefined)).toBe("accepted");
    expect([client.outstanding, client.capacity]).toEqual([1, 9]);
    await until(() => smsc.submits.length === 1, "a submit");
    smsc.submits[0]!.session.respondSubmit(smsc.submits[0]!.pdu.sequence, 0, "1");
    await until(() => results.length === 1, "a result");
    await client.stop(1_000);
    expect(client.state).toBe("closed");
    expect(seen).toMatchObject({ bound: 1, unbound: [{ code: "unbound" }], failures: [] });
    await until(() => smsc.sessions.length === 0, "the SMSC's side is closed");
  });

  it("waits for outstanding submits and receipts before it unbinds", async () => {
    const { smsc, client, seen } = await setUp();
    client.start();
    await until(() => client.state === "bound", "bound");
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => smsc.submits.length === 1, "a submit");
    const { session, pdu } = smsc.submits[0]!;
    const acknowledged: RequestResult[] = [];
    session.deliver(message, (result) => acknowledged.push(result), undefined);
    await until(() => seen.delivered.length === 1, "a receipt");
    const stopped = client.stop(5_000);
    expect(client.state).toBe("unbinding");
    expect(client.submit(message, () => {}, undefined)).toBe("not_bound");
    session.respondSubmit(pdu.sequence, 0, "1");
    await until(() => results.length === 1, "the response still counts");
    expect(client.state).toBe("unbinding");
    seen.delivered[0]!.acknowledge();
    await stopped;
    expect(results).toMatchObject([{ kind: "response" }]);
    expect(acknowledged).toMatchObject([{ kind: "response", commandStatus: 0 }]);
  });

  it("unbinds at the deadline and hands the rest back", async () => {
    const { smsc, client } = await setUp();
    client.start();
    await until(() => client.state === "bound", "bound");
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => smsc.submits.length === 1, "a submit");
    await client.stop(30);
    expect(results).toMatchObject([{ kind: "unanswered", sent: "maybe", reason: { code: "unbound" } }]);
  });

  it("binds again after the connection breaks, and hands the unanswered back first", async () => {
    const { smsc, client, seen } = await setUp();
    client.start();
    await until(() => client.state === "bound", "bound");
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => smsc.submits.length === 1, "a submit");
    smsc.down();
    await until(() => seen.unbound.length === 1, "unbound");
    expect(results).toMatchObject([{ kind: "unanswered" }]);
    await until(() => seen.failures.length >= 3, "refused connections");
    expect(seen.failures.slice(0, 3).map(({ attempt, retryInMs }) => [attempt, retryInMs])).toEqual([
      [1, 7.5],
      [2, 15],
      [3, 30],
    ]);
    expect(client.failure).toMatchObject({ class: "transient" });
    await smsc.up();
    await until(() => seen.bound === 2, "bound again");
    expect(client.failure).toBeUndefined();
    const failed = seen.failures.length;
    smsc.down();
    await until(() => seen.failures.length > failed, "refused again");
    expect(seen.failures[failed]!.attempt).toBe(1);
  });

  it("calls a wrong password permanent and tries slowly on", async () => {
    const { smsc, client, seen } = await setUp({}, "wrong");
    client.start();
    await until(() => seen.failures.length === 1, "refused");
    expect(seen.failures[0]).toEqual({
      class: "permanent",
      attempt: 1,
      reason: "bind refused: ESME_RINVPASWD",
      retryInMs: 150,
    });
    expect(client.state).toBe("closed");
    smsc.password = "wrong";
    await until(() => seen.bound === 1, "bound once the account is right");
  });

  it("refuses a password that no bind can carry before it connects", async () => {
    await expect(setUp({}, "p".repeat(65))).rejects.toThrow("password has 65 octets, at most 64 are possible");
    await expect(setUp({}, "Ω")).rejects.toThrow("password holds NUL");
  });

  it("sends a password longer than the standard's eight octets as it is", async () => {
    const long = `123456789${"x".repeat(55)}`;
    const { smsc, client } = await setUp({}, long);
    smsc.password = long;
    client.start();
    await until(() => client.state === "bound", "bound");
  });

  it("gives up a bind that is not answered", async () => {
    const { smsc, client, seen } = await setUp({ bindTimeoutMs: 40 });
    smsc.answersBinds = false;
    client.start();
    await until(() => seen.failures.length === 2, "timed out twice");
    expect(seen.failures[0]).toMatchObject({ class: "transient", reason: "no answer to the bind within 40 ms" });
    smsc.answersBinds = true;
    await until(() => client.state === "bound", "bound");
    expect(smsc.binds).toBeGreaterThanOrEqual(3);
  });

  it("stops while it waits to reconnect", async () => {
    const { smsc, client, seen } = await setUp();
    smsc.down();
    client.start();
    await until(() => seen.failures.length === 1, "refused");
    await client.stop(1_000);
    expect(client.state).toBe("closed");
    await smsc.up();
    expect(smsc.binds).toBe(0);
  });

  it("acknowledges a receipt once, when told, and not on a later link", async () => {
    const { smsc, client, seen } = await setUp();
    client.start();
    await until(() => client.state === "bound", "bound");
    const results: RequestResult[] = [];
    smsc.sessions[0]!.deliver(message, (result) => results.push(result), undefined);
    smsc.sessions[0]!.deliver(message, (result) => results.push(result), undefined);
    await until(() => seen.delivered.length === 2, "two receipts");
    expect([results.length, client.unacknowledged]).toEqual([0, 2]);
    expect(seen.delivered[0]!.acknowledge()).toBe(true);
    expect(seen.delivered[0]!.acknowledge()).toBe(false);
    await until(() => results.length === 1, "acknowledged");
    smsc.down();
    await until(() => seen.unbound.length === 1, "unbound");
    expect(client.unacknowledged).toBe(0);
    await smsc.up();
    await until(() => seen.bound === 2, "bound again");
    expect(seen.delivered[1]!.acknowledge()).toBe(false);
    expect(client.unacknowledged).toBe(0);
  });

  it("sends receipts back when too many wait for their acknowledgement", async () => {
    const { smsc, client, seen } = await setUp({ maxUnacknowledged: 2 });
    client.start();
    await until(() => client.state === "bound", "bound");
    const results: RequestResult[] = [];
    for (let i = 0; i < 3; i++) smsc.sessions[0]!.deliver(message, (result) => results.push(result), undefined);
    await until(() => results.length === 1, "one refused");
    expect(results).toMatchObject([{ kind: "response", commandStatus: commandStatus.ESME_RX_T_APPN }]);
    expect(seen.delivered).toHaveLength(2);
  });

  it("binds again when the SMSC unbinds", async () => {
    const { smsc, client, seen } = await setUp();
    client.start();
    await until(() => client.state === "bound", "bound");
    smsc.sessions[0]!.unbind();
    await until(() => seen.bound === 2, "bound again");
    expect(seen.unbound).toMatchObject([{ code: "peer_unbound" }]);
  });
});
