import { expect, it } from "vitest";
import type { SubmitSmPdu } from "../../../../../domain/smpp/pdu.ts";
import type { SmppSession } from "../../../../../domain/smpp/session.ts";
import { MetricRegistry } from "../../../../../platform/telemetry/metric-registry.ts";
import type { CentreAnswers } from "../../../../../services/ingest/doors/smpp/centre-answers.ts";
import { doorMetrics } from "../../../../../services/ingest/doors/smpp/door-metrics.ts";
import { loginOf } from "../../../../../services/ingest/doors/smpp/smpp-accounts.ts";
import { SmppBind } from "../../../../../services/ingest/doors/smpp/smpp-bind.ts";
import { until } from "../../../smpp/loopback.ts";
import { ACME, KEY } from "../../ingest-harness.ts";
import { submitSm } from "./smpp-harness.ts";

const KNOWN = { account: ACME, key: ACME.apiKeys[0]! };
const ASKED = { interfaceVersion: 0x34, login: loginOf(ACME.id, KEY)! };

it("what Kafka does not take is tried again in its order, and charged once", async () => {
  const tried: string[][] = [[], [], [], []];
  const answered: number[] = [];
  let charged = 0;
  let tries = 0;
  const session = { holdReading() {}, respondSubmit: (sequence: number) => void answered.push(sequence) };
  const bind = new SmppBind(session as unknown as SmppSession, KNOWN, ASKED, {
    window: 10,
    holdMs: 60_000,
    submissions: {
      terms: { defaultAlphabet: "gsm", now: Date.now, newId: () => ({ id: "", shown: "" }) },
      turn: (_, how) => {
        if (how !== "look") charged++;
        return "now";
      },
      accept: async (_, { content }) => {
        // Three messages, and all are refused three times.
        const round = Math.floor(tries++ / 3);
        tried[round]!.push(content.octets.toString());
        return round < 3 ? "refused" : { status: 0, id: "" };
      },
    },
    answers: {} as CentreAnswers,
    metrics: doorMetrics(new MetricRegistry()),
  });
  for (const [at, text] of ["a", "b", "c"].entries())
    bind.submit({
      ...submitSm({ shortMessage: Buffer.from(text) }),
      sequence: at + 1,
      commandStatus: 0,
    } as SubmitSmPdu);
  await until(() => answered.length === 3, "all are answered");
  expect(tried).toEqual([
    ["a", "b", "c"],
    ["a", "b", "c"],
    ["a", "b", "c"],
    ["a", "b", "c"],
  ]);
  expect(answered).toEqual([1, 2, 3]);
  expect(charged).toBe(3);
});
