import { expect, it } from "vitest";
import type { ListedWord } from "../../../domain/consent/suppression-list.ts";
import { consentRecord } from "../../../pipeline/follow/consent-copy.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { besideRecipients, recipientOptOuts } from "../../../services/cli/suppressions/beside-recipients.ts";
import { recordsOf } from "../../../services/cli/suppressions/suppressions-command.ts";
import { codecs, NOW, P } from "../router/router-world.ts";

const [STOPPED, BY_API, LIFTED] = ["491713920012", "491713920013", "491713920014"] as const;
const line = (destination: string, over: Partial<ListedWord> = {}): ListedWord => ({
  ...{ line: 1, destination, state: "opted_out", at: NOW, source: "import", account: "acme" },
  ...over,
});

it("finds the pairs of which the recipient's own opt-out is the last word", async () => {
  const log: InRecord[][] = Array.from({ length: P }, () => []);
  const say = (
    destination: string,
    state: "opted_in" | "opted_out",
    source: string,
    at: number,
    accountId = "acme",
  ) => {
    const made = consentRecord(codecs.consent, P, { accountId, destination, state, source, at }) as OutRecord;
    const home = log[made.partition]!;
    home.push({
      ...made,
      key: Buffer.from(made.key as string),
      offset: home.length,
      headers: {},
      timestamp: at,
    } as never);
  };
  say(STOPPED, "opted_out", "keyword", NOW - 9);
  say(STOPPED, "opted_out", "keyword", NOW - 9, "bank");
  say(BY_API, "opted_out", "api", NOW - 9);
  say(LIFTED, "opted_out", "keyword", NOW - 9);
  say(LIFTED, "opted_in", "keyword", NOW - 8);
  const reader = {
    watermarks: async () => log.map(({ length }) => ({ low: 0, high: length })),
    readRange: async (_: string, partition: number, from: number, to: number, take: (record: InRecord) => void) => {
      for (const record of log[partition]!.slice(from, to)) take(record);
    },
  };
  const asked = { reader, codecs: { consent: codecs.consent, loadSchema: async () => "loaded" }, partitions: P };
  expect(
    await recipientOptOuts(
      asked as never,
      [STOPPED, BY_API, LIFTED].map((to) => line(to)),
    ),
  ).toEqual(new Set([`acme:${STOPPED}`]));
});

it("leaves out what would take the place of a recipient's own opt-out, and counts it", () => {
  const held = new Set([`acme:${STOPPED}`]);
  const out = line(STOPPED);
  const own = line(STOPPED, { source: "keyword" });
  const lift = line(STOPPED, { state: "opted_in" });
  const others = [line(BY_API), line(STOPPED, { account: "bank" }), line(BY_API, { state: "opted_in" })];
  const all = [out, own, lift, ...others];
  expect(besideRecipients(all, held, false)).toEqual({ kept: [own, ...others], optOuts: 1, optIns: 1 });
  expect(besideRecipients(all, held, true)).toEqual({ kept: [own, lift, ...others], optOuts: 1, optIns: 0 });
  expect(besideRecipients([own, out], new Set(), false).kept).toEqual([own]);
});

it("writes who has said it", () => {
  const lines = [line(STOPPED, { source: "keyword" }), line(BY_API)];
  const written = recordsOf(lines, "list.csv", codecs.consent, P).map(({ value }) => codecs.consent.decode(value));
  expect(written).toMatchObject([
    { ok: true, value: { source: "keyword", detail: "list.csv", destination: STOPPED } },
    { ok: true, value: { source: "import", detail: "list.csv", destination: BY_API } },
  ]);
});
