import { describe, expect, it } from "vitest";
import { parseSmppReceipt } from "../../../domain/receipts/smpp-receipt.ts";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import type { ShortMessage } from "../../../domain/smpp/pdu.ts";
import type { SmppSession } from "../../../domain/smpp/session.ts";
import { seededRandom } from "../../../infra/simulators/behaviour/random-source.ts";
import { formatMessageId, type Receipt, receiptDate, receiptMessage } from "../../../infra/simulators/smsc/receipt.ts";
import { type SmscBehaviour, smscBehaviourSchema } from "../../../infra/simulators/smsc/settings.ts";
import { decideSubmit, planReceipts, ruleFor, segmentsOf } from "../../../infra/simulators/smsc/submit-decision.ts";

const behaviour = (changes: unknown): SmscBehaviour => smscBehaviourSchema.parse(changes);
const random = seededRandom(3);

describe("the status of a submit", () => {
  it("is throttled above the limit and its tolerance", () => {
    const limited = behaviour({ rate: { segmentsPerSecond: 100, tolerance: 0.1, status: "ESME_RMSGQFUL" } });
    expect(decideSubmit(limited, undefined, 1, 109, random)).toEqual({ status: 0, cause: "accepted" });
    expect(decideSubmit(limited, undefined, 1, 110, random)).toEqual({
      status: commandStatus.ESME_RMSGQFUL,
      cause: "throttled",
    });
    expect(decideSubmit(limited, undefined, 3, 108, random).cause).toBe("throttled");
    expect(decideSubmit(behaviour({}), undefined, 3, 1e9, random).cause).toBe("accepted");
  });

  it("follows the shares of errors, and a rule before them", () => {
    const errors = behaviour({ errors: { permanentShare: 0.1, temporaryShare: 0.2 } });
    const causes: Record<string, number> = {};
    for (let i = 0; i < 20_000; i++) {
      const { cause } = decideSubmit(errors, undefined, 1, 0, random);
      causes[cause] = (causes[cause] ?? 0) + 1;
    }
    expect(causes.permanent! / 20_000).toBeCloseTo(0.1, 1);
    expect(causes.temporary! / 20_000).toBeCloseTo(0.18, 1);
    const ruled = behaviour({
      errors: { permanentShare: 1 },
      rules: [
        { prefix: "4917", status: "ESME_RSYSERR" },
        { prefix: "49", status: "ESME_ROK" },
      ],
    });
    const first = ruleFor(ruled.rules, "491701");
    expect(decideSubmit(ruled, first, 1, 0, random)).toEqual({ status: commandStatus.ESME_RSYSERR, cause: "rule" });
    expect(decideSubmit(ruled, ruleFor(ruled.rules, "4930"), 1, 0, random).cause).toBe("accepted");
    expect(ruleFor(ruled.rules, "44")).toBeUndefined();
  });
});

describe("the receipts of a message", () => {
  const certain = { delay: { kind: "constant", ms: 1_000 }, states: { DELIVRD: 1 } };

  it("come as they were asked for", () => {
    const plain = behaviour({ receipts: certain });
    expect(planReceipts(plain, undefined, 1, random).receipts).toEqual([{ state: "DELIVRD", delayMs: 1_000 }]);
    expect(planReceipts(plain, undefined, 0, random).receipts).toEqual([]);
    expect(planReceipts(plain, undefined, 2, random).receipts).toEqual([]);
    const failing = behaviour({ receipts: { ...certain, states: { UNDELIV: 1 } } });
    expect(planReceipts(failing, undefined, 2, random).receipts).toMatchObject([{ state: "UNDELIV" }]);
  });

  it("are lost, doubled, disordered and early by their shares", () => {
    const lost = planReceipts(
      behaviour({ receipts: { ...certain, lossShare: 1, beforeResponseShare: 1 } }),
      undefined,
      1,
      random,
    );
    expect(lost).toMatchObject({ receipts: [], lost: true, beforeResponse: false });
    const doubled = planReceipts(behaviour({ receipts: { ...certain, duplicateShare: 1 } }), undefined, 1, random);
    expect(doubled.receipts.map(({ delayMs }) => delayMs)).toEqual([1_000, 2_000]);
    const early = planReceipts(behaviour({ receipts: { ...certain, beforeResponseShare: 1 } }), undefined, 1, random);
    expect(early).toMatchObject({ beforeResponse: true, receipts: [{ delayMs: 0 }] });
    const ordered = planReceipts(behaviour({ receipts: { ...certain, intermediateShare: 1 } }), undefined, 1, random);
    expect(ordered.receipts).toEqual([
      { state: "DELIVRD", delayMs: 1_000 },
      { state: "ENROUTE", delayMs: 500 },
    ]);
    const disordered = behaviour({ receipts: { ...certain, intermediateShare: 1, disorderShare: 1 } });
    expect(planReceipts(disordered, undefined, 1, random).receipts[1]!.delayMs).toBeGreaterThan(1_000);
    const ruled = planReceipts(behaviour({ receipts: certain }), { prefix: "1", state: "REJECTD" }, 1, random);
    expect(ruled.receipts).toMatchObject([{ state: "REJECTD" }]);
    const ruledLost = planReceipts(behaviour({ receipts: certain }), { prefix: "1", loseReceipt: true }, 1, random);
    expect(ruledLost).toMatchObject({ lost: true, receipts: [] });
  });
});

describe("segmentsOf", () => {
  const message = (payload: number, dataCoding: number, esmClass = 0): ShortMessage =>
    ({
      esmClass,
      dataCoding,
      shortMessage: Buffer.alloc(payload < 0 ? 5 : 0),
      tlvs: payload > 0 ? [{ tag: 0x424, value: Buffer.alloc(payload) }] : [],
    }) as unknown as ShortMessage;

  it("counts what message_payload is split into", () => {
    const cases = [
      [-1, 0],
      [0, 0],
      [160, 0],
      [161, 0],
      [307, 0],
      [140, 8],
      [142, 8],
      [270, 8],
    ] as const;
    expect(cases.map(([payload, coding]) => segmentsOf(message(payload, coding)))).toEqual([1, 1, 1, 2, 3, 1, 2, 3]);
    expect(segmentsOf(message(500, 0, 0x40))).toBe(1);
  });
});

describe("the deliver_sm of a receipt", () => {
  const receipt: Receipt = {
    id: 0xabc123,
    state: "UNDELIV",
    sourceAddrTon: 5,
    sourceAddrNpi: 0,
    sourceAddr: "Sluice",
    destAddrTon: 1,
    destAddrNpi: 1,
    destinationAddr: "491701234567",
    submittedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    reference: "ref-1",
    systemId: "sluice",
    bind: {} as SmppSession,
    onOtherBind: false,
    malformed: false,
    attempts: 0,
  };
  const now = Date.UTC(2026, 0, 2, 23, 59, 59);

  it("says in appendix B's form what a reader of receipts understands", () => {
    const message = receiptMessage(
      receipt,
      behaviour({ ids: { receipt: "decimal" }, receipts: { format: "text" } }),
      0x1500,
      now,
    );
    const text = Buffer.from(message.shortMessage!).toString("latin1");
    expect(text).toBe(
      "id:11256099 sub:001 dlvrd:000 submit date:2601020304 done date:2601022359 stat:UNDELIV err:001 text:",
    );
    expect(message).toMatchObject({
      sourceAddr: "491701234567",
      sourceAddrTon: 1,
      destinationAddr: "Sluice",
      destAddrTon: 5,
      esmClass: 4,
      tlvs: [],
    });
    expect(parseSmppReceipt({ text })).toMatchObject({
      ok: true,
      receipt: { providerMessageId: "11256099", state: "undelivered", errorCode: "001" },
    });
  });

  it("carries parameters, and the reference when the settings say so", () => {
    const settings = behaviour({ receipts: { format: "tlv", echoReference: true } });
    const message = receiptMessage(receipt, settings, 0x1500, now);
    expect(message.shortMessage).toHaveLength(0);
    expect(message.tlvs).toEqual([
      { tag: 0x1e, value: "abc123\0" },
      { tag: 0x427, value: "\u0005" },
      { tag: 0x1500, value: "ref-1" },
    ]);
  });

  it("writes ids and dates", () => {
    expect(formatMessageId(255, "hex")).toBe("ff");
    expect(formatMessageId(255, "decimal")).toBe("255");
    expect(receiptDate(Date.UTC(2025, 11, 31, 23, 59))).toBe("2512312359");
  });
});
