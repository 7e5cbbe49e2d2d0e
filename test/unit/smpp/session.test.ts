import { afterEach, describe, expect, it } from "vitest";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import type { DeliverSmPdu, SubmitSmPdu } from "../../../domain/smpp/pdu.ts";
import { encodePdu } from "../../../domain/smpp/pdu-encoder.ts";
import type { Anomaly, CloseReason, RequestResult } from "../../../domain/smpp/request-result.ts";
import { SmppSession } from "../../../domain/smpp/session.ts";
import type { SessionHandlers, SessionOptions } from "../../../domain/smpp/session-types.ts";
import { tlvTag, tlvText } from "../../../domain/smpp/tlv.ts";
import { socketPair, until } from "./loopback.ts";

const options: SessionOptions = { window: 10, responseTimeoutMs: 2_000, enquireLinkMs: 0 };
const message = { sourceAddr: "Sluice", destinationAddr: "491701234567", shortMessage: Buffer.from("hello") };

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

interface Pair {
  client: SmppSession;
  server: SmppSession;
  clientSocket: Awaited<ReturnType<typeof socketPair>>["client"];
  serverSocket: Awaited<ReturnType<typeof socketPair>>["server"];
  closed: { client?: CloseReason; server?: CloseReason };
  anomalies: Anomaly[];
}

/** A client and a server session over real sockets; the server accepts binds and does what `handlers` says. */
async function pair(
  settings: { client?: Partial<SessionOptions>; server?: Partial<SessionOptions>; bind?: boolean } = {},
  handlers: { client?: Partial<SessionHandlers<SmppSession>>; server?: Partial<SessionHandlers<SmppSession>> } = {},
): Promise<Pair> {
  const sockets = await socketPair();
  cleanups.push(sockets.close);
  const closed: Pair["closed"] = {};
  const anomalies: Anomaly[] = [];
  const server = new SmppSession(
    sockets.server,
    { ...options, ...settings.server },
    {
      onBind: (pdu, session) => session.respondBind(pdu, 0, "smsc"),
      onClose: (reason) => {
        closed.server = reason;
      },
      ...handlers.server,
    },
  );
  const client = new SmppSession(
    sockets.client,
    { ...options, ...settings.client },
    {
      onAnomaly: (anomaly) => anomalies.push(anomaly),
      onClose: (reason) => {
        closed.client = reason;
      },
      ...handlers.client,
    },
  );
  const made = { client, server, clientSocket: sockets.client, serverSocket: sockets.server, closed, anomalies };
  if (settings.bind === false) return made;
  client.bind("bind_transceiver", { systemId: "esme", password: "secret" }, 2_000, () => {});
  await until(() => client.state === "bound" && server.state === "bound", "bound");
  return made;
}

describe("requests and responses", () => {
  it("gives every submit its own response, also when they come out of order", async () => {
    const waiting: SubmitSmPdu[] = [];
    const answerAll = (session: SmppSession): void => {
      for (const pdu of waiting.reverse()) session.respondSubmit(pdu.sequence, 0, `id-${pdu.destinationAddr}`);
    };
    const { client } = await pair(
      {},
      {
        server: { onSubmit: (pdu, session) => (waiting.push(pdu) === 10 ? answerAll(session) : undefined) },
      },
    );
    const results = new Map<string, RequestResult>();
    for (let i = 0; i < 10; i++) {
      const context = { number: String(i) };
      const taken = client.submit(
        { ...message, destinationAddr: String(i) },
        (result, { number }) => results.set(number, result),
        context,
      );
      expect(taken).toBe("accepted");
    }
    await until(() => results.size === 10, "10 results");
    for (const [number, result] of results) {
      expect(result).toEqual({ kind: "response", commandStatus: 0, messageId: `id-${number}` });
    }
    expect(client.outstanding).toBe(0);
  });

  it("gives the status of a refusal, and of a generic_nack", async () => {
    const { client } = await pair(
      {},
      {
        server: {
          onSubmit: (pdu, session) => session.respondSubmit(pdu.sequence, commandStatus.ESME_RTHROTTLED, "ignored"),
        },
      },
    );
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => results.length === 1, "a result");
    expect(results[0]).toEqual({ kind: "response", commandStatus: commandStatus.ESME_RTHROTTLED, messageId: "" });

    const nacked = await pair();
    const submitted = nacked.serverSocket;
    submitted.removeAllListeners("data");
    submitted.on("data", (chunk: Buffer) => {
      submitted.write(encodePdu({ command: "generic_nack", commandStatus: 3, sequence: chunk.readUInt32BE(12) }));
    });
    nacked.client.submit(message, (result) => results.push(result), undefined);
    await until(() => results.length === 2, "a nack");
    expect(results[1]).toEqual({ kind: "response", commandStatus: 3, messageId: "" });
  });

  it("hands back submits that must not leave any more at the end of their turn, and stands", async () => {
    const arrived: string[] = [];
    const leaving: number[] = [];
    let mayLeave = false;
    const { client } = await pair(
      {},
      {
        client: {
          onLeaving: (requests) => {
            leaving.push(requests);
            return mayLeave;
          },
        },
        server: {
          onSubmit: (pdu, session) => {
            arrived.push(pdu.destinationAddr);
            session.respondSubmit(pdu.sequence, 0, "1");
          },
        },
      },
    );
    const results: RequestResult[] = [];
    for (const destinationAddr of ["1", "2"])
      client.submit({ ...message, destinationAddr }, (result) => results.push(result), undefined);
    await until(() => results.length === 2, "both are handed back");
    expect(results.map((result) => result.kind === "unanswered" && result.sent)).toEqual(["never", "never"]);
    expect([client.outstanding, client.state]).toEqual([0, "bound"]);
    mayLeave = true;
    client.submit({ ...message, destinationAddr: "3" }, (result) => results.push(result), undefined);
    await until(() => results.length === 3, "the third is answered");
    expect(arrived).toEqual(["3"]);
    expect(leaving).toEqual([2, 1]);
  });

  it("refuses submits beyond the window and says when there is room", async () => {
    const waiting: SubmitSmPdu[] = [];
    let capacity = 0;
    const { client, server } = await pair(
      { client: { window: 2 } },
      {
        server: { onSubmit: (pdu) => waiting.push(pdu) },
        client: { onCapacity: () => capacity++ },
      },
    );
    const done = (): void => {};
    expect([1, 2, 3].map(() => client.submit(message, done, undefined))).toEqual([
      "accepted",
      "accepted",
      "window_full",
    ]);
    expect(client.windowFree).toBe(0);
    await until(() => waiting.length === 2, "2 submits");
    expect(capacity).toBe(0);
    server.respondSubmit(waiting[0]!.sequence, 0, "1");
    await until(() => capacity === 1, "capacity");
    expect(client.submit(message, done, undefined)).toBe("accepted");
  });

  it("delivers in the other direction", async () => {
    const received: string[] = [];
    const results: RequestResult[] = [];
    const onDeliver = (pdu: DeliverSmPdu, session: SmppSession): void => {
      received.push(pdu.shortMessage.toString());
      session.respondDeliver(pdu.sequence, commandStatus.ESME_RX_T_APPN);
    };
    const { server, client } = await pair({}, { client: { onDeliver } });
    expect(server.deliver(message, (result) => results.push(result), undefined)).toBe("accepted");
    await until(() => results.length === 1, "an acknowledgement");
    expect(received).toEqual(["hello"]);
    expect(results[0]).toEqual({ kind: "response", commandStatus: commandStatus.ESME_RX_T_APPN, messageId: "" });
    expect(client.state).toBe("bound");
  });

  it("throws for a field that can not be sent, and takes no slot for it", async () => {
    const { client } = await pair();
    expect(() => client.submit({ ...message, shortMessage: Buffer.alloc(300) }, () => {}, undefined)).toThrow(
      "short_message",
    );
    expect(client.outstanding).toBe(0);
  });

  it("keeps submits off a receiver bind, and refuses those that come", async () => {
    const { client, clientSocket, server } = await pair({ bind: false });
    expect(client.submit(message, () => {}, undefined)).toBe("not_bound");
    client.bind("bind_receiver", { systemId: "esme", password: "x" }, 2_000, () => {});
    await until(() => client.state === "bound", "bound");
    expect(client.submit(message, () => {}, undefined)).toBe("not_bound");
    const statuses: number[] = [];
    clientSocket.on("data", (chunk: Buffer) => statuses.push(chunk.readUInt32BE(8)));
    clientSocket.write(encodePdu({ ...submitPdu(77) }));
    await until(() => statuses.length === 1, "an answer");
    expect(statuses).toEqual([commandStatus.ESME_RINVBNDSTS]);
    expect(server.bindType).toBe("bind_receiver");
  });

  it("ends by a fault in handling what came, which goes no further, and hands back what is unanswered", async () => {
    const onDeliver = () => {
      throw new Error("not foreseen");
    };
    const { client, server, closed } = await pair({}, { client: { onDeliver }, server: { onSubmit: () => {} } });
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    server.deliver(message, () => {}, undefined);
    await until(() => closed.client !== undefined, "the end of the link");
    expect(closed.client).toEqual({ code: "fault", detail: "not foreseen" });
    expect(results).toEqual([{ kind: "unanswered", reason: closed.client, sent: "maybe" }]);
  });
});

function submitPdu(sequence: number): SubmitSmPdu {
  return {
    command: "submit_sm",
    commandStatus: 0,
    sequence,
    serviceType: "",
    sourceAddrTon: 0,
    sourceAddrNpi: 0,
    sourceAddr: "1",
    destAddrTon: 0,
    destAddrNpi: 0,
    destinationAddr: "2",
    esmClass: 0,
    protocolId: 0,
    priorityFlag: 0,
    scheduleDeliveryTime: "",
    validityPeriod: "",
    registeredDelivery: 0,
    replaceIfPresent: 0,
    dataCoding: 0,
    smDefaultMsgId: 0,
    shortMessage: Buffer.alloc(0),
    tlvs: [],
  };
}

describe("time-outs and ends", () => {
  it("ends an unanswered submit as timeout, and reports the late and the doubled response", async () => {
    const waiting: SubmitSmPdu[] = [];
    const { client, server, anomalies } = await pair(
      { client: { responseTimeoutMs: 60 } },
      {
        server: { onSubmit: (pdu) => waiting.push(pdu) },
      },
    );
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => results.length === 1, "a timeout");
    expect(results).toEqual([{ kind: "timeout" }]);
    server.respondSubmit(waiting[0]!.sequence, 0, "late");
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => waiting.length === 2, "the second");
    server.respondSubmit(waiting[1]!.sequence, 0, "2");
    server.respondSubmit(waiting[1]!.sequence, 0, "2");
    server.respondSubmit(9_999, 0, "3");
    server.respondDeliver(waiting[1]!.sequence, 0);
    await until(() => anomalies.length === 4, "anomalies");
    expect(anomalies.map(({ kind }) => kind)).toEqual([
      "late_response",
      "duplicate_response",
      "unknown_response",
      "duplicate_response",
    ]);
    expect(client.anomalies.duplicate_response).toBe(2);
    expect(results).toHaveLength(2);
    expect(client.state).toBe("bound");
  });

  it("hands the answer to a request that has timed out over, once, with what was given with the request", async () => {
    const waiting: SubmitSmPdu[] = [];
    const late: unknown[] = [];
    const { client, server, anomalies } = await pair(
      { client: { responseTimeoutMs: 60, window: 2 } },
      {
        client: { onLateResponse: (result, context) => late.push([result, context]) },
        server: { onSubmit: (pdu) => waiting.push(pdu) },
      },
    );
    let ended = 0;
    const submit = (context: string) => client.submit(message, () => ended++, context);
    for (const context of ["a", "b"]) submit(context);
    await until(() => ended === 2, "time-outs");
    // They hold no slot of the window, and are remembered for longer than its ring of numbers.
    for (let n = 0; n < 8; n++) {
      expect(submit("answered")).toBe("accepted");
      await until(() => waiting.length === 3 + n, "a request");
      server.respondSubmit(waiting[2 + n]!.sequence, 0, "x");
      await until(() => ended === 3 + n, "its answer");
    }
    server.respondDeliver(waiting[0]!.sequence, 0);
    server.respondSubmit(waiting[0]!.sequence, 0, "5501");
    server.respondSubmit(waiting[0]!.sequence, 0, "5501");
    server.respondSubmit(waiting[1]!.sequence, commandStatus.ESME_RSYSERR, "");
    await until(() => anomalies.length === 4, "anomalies");
    expect(late).toEqual([
      [{ kind: "response", commandStatus: 0, messageId: "5501" }, "a"],
      [{ kind: "response", commandStatus: commandStatus.ESME_RSYSERR, messageId: "" }, "b"],
    ]);
    expect(anomalies.map(({ kind }) => kind)).toEqual([
      "unknown_response",
      "late_response",
      "unknown_response",
      "late_response",
    ]);
    expect(ended).toBe(10);
  });

  it("does not take a response of another kind for an answer", async () => {
    const { client, server, anomalies } = await pair(
      { client: { responseTimeoutMs: 100 } },
      {
        server: { onSubmit: (pdu, session) => session.respondDeliver(pdu.sequence, 0) },
      },
    );
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => results.length === 1, "a result");
    expect(results).toEqual([{ kind: "timeout" }]);
    expect(anomalies.map(({ kind }) => kind)).toEqual(["mismatched_response"]);
    expect(server.state).toBe("bound");
  });

  it("hands back what was sent and what never left when the connection breaks", async () => {
    const waiting: SubmitSmPdu[] = [];
    const { client, serverSocket, closed } = await pair({}, { server: { onSubmit: (pdu) => waiting.push(pdu) } });
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => waiting.length === 1, "the first");
    client.submit(message, (result) => results.push(result), undefined);
    client.destroy({ code: "closed_here", detail: "test" });
    expect(results).toMatchObject([
      { kind: "unanswered", sent: "maybe", reason: { code: "closed_here" } },
      { kind: "unanswered", sent: "never" },
    ]);
    expect(client.submit(message, () => {}, undefined)).toBe("not_bound");
    await until(() => closed.server !== undefined && serverSocket.destroyed, "the server sees it");
    expect(waiting).toHaveLength(1);
  });

  it("reports one end only, after the results", async () => {
    const order: string[] = [];
    const { client, serverSocket } = await pair({}, { client: { onClose: () => order.push("closed") } });
    client.submit(message, () => order.push("result"), undefined);
    serverSocket.destroy();
    await until(() => order.length > 0, "an end");
    client.close({ code: "closed_here", detail: "again" });
    client.destroy({ code: "closed_here", detail: "again" });
    expect(order).toEqual(["result", "closed"]);
  });

  it("unbinds in both directions", async () => {
    const first = await pair();
    first.client.unbind();
    expect(first.client.submit(message, () => {}, undefined)).toBe("not_bound");
    await until(() => first.closed.client !== undefined && first.closed.server !== undefined, "both ends");
    expect(first.closed).toMatchObject({ client: { code: "unbound" }, server: { code: "peer_unbound" } });
    const second = await pair();
    second.server.unbind();
    await until(() => second.closed.client !== undefined && second.closed.server !== undefined, "both ends");
    expect(second.closed).toMatchObject({ client: { code: "peer_unbound" }, server: { code: "unbound" } });
  });

  it("answers a peer's unbind when its own requests are answered, and takes no new ones meanwhile", async () => {
    const waiting: SubmitSmPdu[] = [];
    const { client, server, closed } = await pair({}, { server: { onSubmit: (pdu) => waiting.push(pdu) } });
    const results: RequestResult[] = [];
    for (let i = 0; i < 3; i++) client.submit(message, (result) => results.push(result), undefined);
    await until(() => waiting.length === 3, "submitted");
    server.unbind();
    await until(() => client.state === "unbinding", "the unbind");
    expect(client.submit(message, () => {}, undefined)).toBe("not_bound");
    for (const { sequence } of waiting) server.respondSubmit(sequence, 0, "ok");
    await until(() => closed.client !== undefined && closed.server !== undefined, "both ends");
    expect(results).toEqual(waiting.map(() => ({ kind: "response", commandStatus: 0, messageId: "ok" })));
    expect(closed).toMatchObject({ client: { code: "peer_unbound" }, server: { code: "unbound" } });
  });

  it("tells a request that crossed the peer's unbind, and was refused for it, from one that was answered", async () => {
    const { client, server, closed } = await pair({}, { server: { onSubmit: () => {} } });
    const results: RequestResult[] = [];
    server.unbind();
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => closed.client !== undefined && closed.server !== undefined, "both ends");
    expect(results).toEqual([{ kind: "unanswered", reason: closed.client, sent: "refused" }]);
  });

  it("goes with a peer that unbinds and answers nothing more after the response time-out", async () => {
    let submits = 0;
    const { client, server, closed } = await pair(
      { client: { responseTimeoutMs: 60 } },
      { server: { onSubmit: () => submits++ } },
    );
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => submits === 1, "submitted");
    server.unbind();
    await until(() => closed.client !== undefined, "the end");
    expect(closed.client!.code).toBe("peer_unbound");
    expect(results).toEqual([{ kind: "timeout" }]);
  });

  it("probes a quiet link, in both directions, and keeps it while it answers", async () => {
    const { client, server, clientSocket, closed } = await pair({
      client: { enquireLinkMs: 30, responseTimeoutMs: 500 },
      server: { enquireLinkMs: 30, responseTimeoutMs: 500 },
    });
    const start = clientSocket.bytesRead;
    await until(() => clientSocket.bytesRead - start >= 16 * 8, "several probes");
    expect([client.state, server.state, closed]).toEqual(["bound", "bound", {}]);
  });

  it("ends a link whose peer has fallen silent", async () => {
    const { client, server, closed } = await pair({ client: { enquireLinkMs: 30, responseTimeoutMs: 60 } });
    server.mute(true);
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => closed.client !== undefined, "the end");
    expect(closed.client!.code).toBe("enquire_link_timeout");
    expect(results).toHaveLength(1);
  });
});

describe("peers that break the protocol", () => {
  it("answers malformed and unknown PDUs with generic_nack and reads on", async () => {
    const { client, clientSocket, server } = await pair(
      {},
      {
        server: { onSubmit: (pdu, session) => session.respondSubmit(pdu.sequence, 0, "ok") },
      },
    );
    const nacks: number[] = [];
    clientSocket.on("data", (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; at += chunk.readUInt32BE(at)) {
        if (chunk.readUInt32BE(at + 4) === 0x80000000)
          nacks.push(chunk.readUInt32BE(at + 8), chunk.readUInt32BE(at + 12));
      }
    });
    clientSocket.write(Buffer.from("00000012 00000004 00000000 00000063 0102".replaceAll(" ", ""), "hex"));
    clientSocket.write(Buffer.from("00000010 00000111 00000000 00000064".replaceAll(" ", ""), "hex"));
    await until(() => nacks.length === 4, "two nacks");
    expect(nacks).toEqual([commandStatus.ESME_RINVCMDLEN, 0x63, commandStatus.ESME_RINVCMDID, 0x64]);
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => results.length === 1, "a response");
    expect(results[0]).toMatchObject({ kind: "response", messageId: "ok" });
    expect(server.anomalies).toMatchObject({ malformed_pdu: 1, unknown_command: 1 });
  });

  /** What the client writes to a centre that writes these octets. */
  async function answersTo(octets: string, onDeliver?: SessionHandlers<SmppSession>["onDeliver"]) {
    const { client, serverSocket, anomalies } = await pair(
      {},
      onDeliver === undefined ? {} : { client: { onDeliver } },
    );
    serverSocket.removeAllListeners("data");
    let written = "";
    serverSocket.on("data", (chunk: Buffer) => {
      written += chunk.toString("hex");
    });
    // An enquire_link behind it shows that the PDU has been dealt with, and that the stream is whole.
    serverSocket.write(Buffer.from(`${octets}00000010000000150000000000000099`.replaceAll(" ", ""), "hex"));
    const alive = "00000010800000150000000000000099";
    await until(() => written.endsWith(alive), "the enquire_link is answered");
    expect(client.state).toBe("bound");
    return { written: written.slice(0, -alive.length), kinds: anomalies.map(({ kind }) => kind) };
  }

  const mandatory = "00 01 01 34393137303030303030313200 05 00 41434d4500 04 00 00 00 00 00 00 00 00 02 5221";
  it.each([
    ["a NUL behind short_message", "00000034 00000005 00000000 00000007", "00"],
    ["a parameter that is cut off", "00000039 00000005 00000000 00000007", "140300086162"],
  ])("hands on a deliver_sm with %s", async (_what, head, behind) => {
    const texts: string[] = [];
    const octets = head + mandatory + behind;
    const { written, kinds } = await answersTo(octets, (pdu, session) => {
      texts.push(pdu.shortMessage.toString());
      session.respondDeliver(pdu.sequence, 0, pdu.command);
    });
    expect([texts, written, kinds]).toEqual([["R!"], "0000001180000005000000000000000700", ["malformed_pdu"]]);
  });

  it("refuses a deliver_sm and a data_sm whose fields are not whole by their own responses, not to be repeated", async () => {
    expect((await answersTo("00000012 00000005 00000000 00000007 0001")).written).toBe(
      "0000001180000005000000650000000700",
    );
    expect((await answersTo("00000012 00000103 00000000 00000007 0001")).written).toBe(
      "0000001180000103000000650000000700",
    );
  });

  it("answers a data_sm with a data_sm_resp", async () => {
    const octets = `0000003800000103000000000000000700010134393137303030303030313200050041434d450004
      0000001e000535353031000427000102`;
    const ids: unknown[] = [];
    const { written } = await answersTo(octets.replaceAll(/\s/g, ""), (pdu, session) => {
      ids.push(tlvText(pdu.tlvs, tlvTag.receipted_message_id));
      session.respondDeliver(pdu.sequence, 0, pdu.command);
    });
    expect([ids, written]).toEqual([["5501"], "0000001180000103000000000000000700"]);
  });

  it("says nothing to outbind and alert_notification, which have no responses", async () => {
    const { written, kinds } = await answersTo(
      "00000014 0000000b 00000000 00000001 61006200 0000001a 00000102 00000000 00000002 01013400 01013500 0000",
    );
    expect([written, kinds]).toEqual(["", []]);
  });

  it("does not answer responses that it does not know", async () => {
    const { client, clientSocket, server, serverSocket } = await pair();
    const before = serverSocket.bytesWritten;
    clientSocket.write(Buffer.from("00000014 80000999 00000000 00000001 61616161".replaceAll(" ", ""), "hex"));
    await until(() => server.anomalies.unknown_command === 1, "seen");
    expect(serverSocket.bytesWritten).toBe(before);
    expect(client.state).toBe("bound");
  });

  it.each(["00000000", "0000000F", "00010001", "FFFFFFFF"])("nacks and closes at command_length %s", async (length) => {
    const { clientSocket, closed } = await pair();
    const nack: Buffer[] = [];
    clientSocket.on("data", (chunk: Buffer) => nack.push(chunk));
    clientSocket.write(Buffer.from(`${length}0000000400000000000000630102`, "hex"));
    await until(() => closed.server !== undefined && closed.client !== undefined, "closed");
    expect(closed.server!.code).toBe("framing_lost");
    expect(Buffer.concat(nack).toString("hex")).toBe("00000010800000000000000200000000");
  });

  it.each([
    ["an id without its NUL", "00000012 80000004 00000000 SEQUENCE 6162", 0, "ab"],
    ["a parameter that is cut off", "00000016 80000004 00000000 SEQUENCE 6100 142000ff", 0, "a"],
    ["a refusal with a torn body", "00000011 80000004 00000058 SEQUENCE 61", commandStatus.ESME_RTHROTTLED, "a"],
  ])("reads a response with %s, and reports its repeat", async (_what, octets, commandStatus, messageId) => {
    const { client, serverSocket, anomalies } = await pair();
    serverSocket.removeAllListeners("data");
    serverSocket.on("data", (chunk: Buffer) => {
      const sequence = chunk.subarray(12, 16).toString("hex");
      const answer = Buffer.from(octets.replace("SEQUENCE", sequence).replaceAll(" ", ""), "hex");
      serverSocket.write(Buffer.concat([answer, answer]));
    });
    const results: RequestResult[] = [];
    client.submit(message, (result) => results.push(result), undefined);
    await until(() => anomalies.some(({ kind }) => kind === "duplicate_response"), "the repeat is reported");
    expect(results).toEqual([{ kind: "response", commandStatus, messageId }]);
    expect([client.state, client.outstanding]).toEqual(["bound", 0]);
  });

  it("hands every unanswered submit back once when garbage comes in mid-stream", async () => {
    const { client, server, closed } = await pair();
    const results: RequestResult[] = [];
    for (let i = 0; i < 10; i++) client.submit(message, (result) => results.push(result), undefined);
    await until(() => server.outstanding === 0 && client.outstanding === 10, "submitted");
    await new Promise((resolve) => setImmediate(resolve));
    server.writeRaw(Buffer.from("deadbeef00112233445566778899aabb", "hex"));
    await until(() => closed.client !== undefined, "closed");
    expect(closed.client!.code).toBe("framing_lost");
    expect(results).toHaveLength(10);
    expect(results.every((result) => result.kind === "unanswered" && result.sent === "maybe")).toBe(true);
  });

  it("ends a link on which a wrong command_length swallows all that follows, although octets keep coming", async () => {
    const { client, server, closed } = await pair(
      { client: { responseTimeoutMs: 100, enquireLinkMs: 30 } },
      { server: { onSubmit: (pdu, session) => session.respondSubmit(pdu.sequence, 0, "ok") } },
    );
    server.writeRaw(Buffer.from("0000ea60 00000015 00000000 00000001".replaceAll(" ", ""), "hex"));
    const results: RequestResult[] = [];
    let submits = 0;
    await until(() => {
      if (
        closed.client === undefined &&
        client.submit(message, (result) => results.push(result), undefined) === "accepted"
      )
        submits++;
      return closed.client !== undefined;
    }, "the end");
    expect(closed.client!.code).toBe("framing_lost");
    expect(results).toHaveLength(submits);
    expect(results.some(({ kind }) => kind === "response")).toBe(false);
  });

  it("refuses a second bind and a refused bind's submits", async () => {
    const { client, closed } = await pair(
      { bind: false },
      {
        server: { onBind: (pdu, session) => session.respondBind(pdu, commandStatus.ESME_RINVPASWD, "smsc") },
      },
    );
    const statuses: (number | "timeout")[] = [];
    client.bind("bind_transceiver", { systemId: "esme", password: "bad" }, 2_000, (status) => statuses.push(status));
    await until(() => closed.client !== undefined, "closed");
    expect(statuses).toEqual([commandStatus.ESME_RINVPASWD]);
    expect(closed.server!.code).toBe("bind_refused");
    const bound = await pair();
    bound.client.bind("bind_transceiver", { systemId: "esme", password: "x" }, 2_000, (status) =>
      statuses.push(status),
    );
    await until(() => statuses.length === 2, "refused");
    expect(statuses[1]).toBe(commandStatus.ESME_RALYBND);
    expect(bound.server.state).toBe("bound");
  });
});

describe("back-pressure and batches", () => {
  it("refuses submits while the socket is full, and goes on after its drain", async () => {
    let received = 0;
    let capacity = 0;
    const { client, serverSocket } = await pair(
      { client: { window: 65_536, responseTimeoutMs: 60_000 } },
      {
        server: { onSubmit: () => received++ },
        client: { onCapacity: () => capacity++ },
      },
    );
    serverSocket.pause();
    const large = { ...message, tlvs: [{ tag: 0x424, value: Buffer.alloc(60_000) }] };
    let sent = 0;
    while (client.submit(large, () => {}, undefined) === "accepted") {
      sent++;
      if (sent % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(sent).toBeLessThan(1_000);
    }
    expect(client.writable).toBe(false);
    expect(client.submit(large, () => {}, undefined)).toBe("blocked");
    expect(capacity).toBe(0);
    serverSocket.resume();
    await until(() => capacity === 1 && received === sent, "all received");
    expect(client.writable).toBe(true);
  });

  it("writes the PDUs of one turn together", async () => {
    const { client, serverSocket } = await pair({ client: { window: 1_000 } });
    const chunks: number[] = [];
    serverSocket.on("data", (chunk: Buffer) => chunks.push(chunk.length));
    for (let i = 0; i < 300; i++) client.submit(message, () => {}, undefined);
    const octets = 300 * (16 + 17 + 6 + 12 + 5);
    await until(() => chunks.reduce((sum, size) => sum + size, 0) === octets, "all octets");
    expect(chunks.length).toBeLessThanOrEqual(3);
  });
});
