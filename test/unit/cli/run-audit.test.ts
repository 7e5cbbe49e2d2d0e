import { describe, expect, it } from "vitest";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Event, SendRequest } from "../../../schemas/generated/types.ts";
import { REQUEST_TOPICS } from "../../../services/cli/audit-topics.ts";
import { type AuditedTopics, auditTopics } from "../../../services/cli/run-audit.ts";

const P = 6;
const TO = "491711234567";
const HOME = partitionFor(TO, P);
const ELSEWHERE = (HOME + 1) % P;
const ID = "0190a0b0-0000-7000-8000-000000000001";
const UNTIL = 1_000;
const OTP = REQUEST_TOPICS[0]!;

/** Request topics in memory, and the final event of the one message there is. */
class Log {
  readonly records: (InRecord & { readonly request: SendRequest })[] = [];
  ended = true;
  /** When the scope was opened. */
  private readonly scope: number | undefined;

  /** `scope`: so many records stood there when the audit began; default: all. */
  constructor(scope?: number) {
    this.scope = scope;
  }

  add(partition: number, timestamp: number, key = TO, src?: string): string {
    const offset = this.records.filter((record) => record.partition === partition).length;
    const request = { accountId: "acme", messageId: ID, to: TO, from: null, text: "hi", metadata: {} };
    const headers = src === undefined ? {} : { src };
    const place = { topic: OTP, partition, offset };
    this.records.push({ ...place, key: Buffer.from(key), value: null, headers, timestamp, request: request as never });
    return `${OTP}/${partition}/${offset}`;
  }

  private ends(of: readonly InRecord[]): number[][] {
    return REQUEST_TOPICS.map((topic) =>
      Array.from({ length: P }, (_, p) => of.filter((r) => r.topic === topic && r.partition === p).length),
    );
  }

  get topics(): AuditedTopics {
    const final = {
      ...{ type: "final", attempt: 1, state: "delivered", providerMessageIds: [], facts: { messageId: ID, to: TO } },
      ...{ resubmitted: null, reason: null, errorClass: null, due: null },
    } as unknown as Event;
    return {
      scopeEnds: async () => this.ends(this.records.slice(0, this.scope)),
      requestEnds: async () => this.ends(this.records),
      requestCount: () => this.records.length,
      requests: async (partition, ends, meant, take) => {
        for (const record of this.records)
          if (record.partition === partition && record.offset < ends[0]![partition]! && meant(record))
            take(record.request, record);
      },
      end: async () => 0,
      deadLetters: async () => {},
      receipts: async () => {},
      events: async (partition, meant, take) => {
        const last = this.records.findLast((record) => record.partition === HOME);
        if (partition !== HOME || last === undefined || !this.ended) return;
        const headers = { id: `${ID}/1/final`, src: `${OTP}/${HOME}/${last.offset}` };
        const record: InRecord = { ...last, topic: "sms.events", headers };
        if (meant(record)) take(final, record);
      },
    };
  }
}

const audit = (log: Log, more = {}) => auditTopics({ partitions: P, ...more }, log.topics);

describe("requests that the router moves behind the audit's end", () => {
  it("are in the audit, since what they were moved from is", async () => {
    const log = new Log();
    const from = log.add(ELSEWHERE, UNTIL - 1, "+491711234567");
    log.add(HOME, UNTIL + 5_000, TO, from);
    const counts = { accepted: 1, misplaced: 1, repeats: 0 };
    expect(await audit(log, { until: UNTIL })).toMatchObject({ ...counts, terminal: 1, missing: 0 });
    log.ended = false;
    expect(await audit(log, { until: UNTIL })).toMatchObject({ ...counts, terminal: 0, missing: 1 });
    // What stands behind the end by itself is not.
    log.add(HOME, UNTIL + 6_000);
    expect(await audit(log, { until: UNTIL })).toMatchObject(counts);
  });

  it.each([
    ["by time", undefined, UNTIL],
    ["in the log as it was", 1, undefined],
  ])("are not missing where they stood in their own partition under another key (%s)", async (_, scope, until) => {
    const log = new Log(scope);
    const from = log.add(HOME, UNTIL - 1, "+491711234567");
    log.add(HOME, UNTIL + 5_000, TO, from);
    const report = await audit(log, { until });
    expect(report).toMatchObject({ accepted: 1, terminal: 1, missing: 0, missingIds: [] });
  });
});
