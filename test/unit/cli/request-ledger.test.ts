import { beforeAll, describe, expect, it } from "vitest";
import { messageIdFromKey } from "../../../domain/message/message-id.ts";
import { RequestLedger, type RequestRecord } from "../../../services/cli/request-ledger.ts";

const TOPIC = "sms.requests.otp";

/** A partition of requests, decided by a router that drops what has an id it knows, by the given rule. */
function audited(
  requests: readonly Partial<RequestRecord>[],
  idOf: (request: RequestRecord, offset: number) => string,
) {
  const ledger = new RequestLedger(3);
  const decided = new Set<string>();
  requests.forEach((changes, offset) => {
    const request = { accountId: "acme", messageId: null, to: "491700000012", from: null, text: "hi", ...changes };
    ledger.add(TOPIC, offset * 2, request, offset);
    const id = idOf(request, offset);
    if (!decided.has(id)) ledger.decided(`${TOPIC}/3/${offset * 2}`);
    decided.add(id);
  });
  return ledger.finish();
}

/** As ids were made before: an empty text is a text like others. */
const asBefore = ({ accountId, messageId }: RequestRecord, offset: number) =>
  messageIdFromKey(accountId, messageId?.toLowerCase() ?? `${TOPIC}/3/${offset * 2}`);

describe("requests against decisions, by place", () => {
  let blanks: Partial<RequestRecord>[] = [];
  beforeAll(() => {
    blanks = ["", " ", "\0", "00000000-0000-0000-0000-000000000000"].flatMap((messageId) =>
      [0, 1, 2].map((n) => ({ messageId, text: n === 2 ? "text 1" : `text ${n}`, to: `49170000001${n}` })),
    );
  });

  it("finds every message that was lost because an empty id became one constant for the account", () => {
    const { repeats, undecided } = audited(blanks, asBefore);
    expect(repeats).toBe(0);
    expect(undecided.map(({ row }) => row)).toEqual([1, 2, 4, 5, 7, 8, 10, 11]);
    expect(undecided[0]).toEqual({ place: `${TOPIC}/3/2`, row: 1 });
  });

  it("finds what was lost by one constant id, and by ids that differ in case", () => {
    const constant = [0, 1, 2].map((n) => ({ messageId: "n/a", text: `text ${n}` }));
    expect(audited(constant, asBefore).undecided.length).toBe(2);
    const numbers = [0, 1].map((n) => ({ messageId: "n/a", to: `49170000001${n}` }));
    expect(audited(numbers, asBefore).undecided.length).toBe(1);
  });

  it("takes what says the same under an id for a repeat, in whatever form the id stands", () => {
    const id = "018cd0ee-7d66-7c83-a1ae-76e27f428589";
    const repeats = [{ messageId: id }, { messageId: id }, { messageId: id.toUpperCase(), to: "+49 170 0000012" }];
    expect(audited(repeats, asBefore)).toEqual({ repeats: 2, undecided: [] });
    // Spellings of one sender, and of none.
    const from = (...senders: (string | null)[]) => senders.map((sender) => ({ messageId: id, from: sender }));
    expect(audited(from("491713920012", "00491713920012"), asBefore)).toEqual({ repeats: 1, undecided: [] });
    expect(audited(from(null, ""), asBefore)).toEqual({ repeats: 1, undecided: [] });
    expect(audited(from("12345", "0012345", "ACME"), asBefore).undecided.length).toBe(2);
  });

  it("knows places by dead letters and decisions of this partition only", () => {
    const ledger = new RequestLedger(3);
    const says = { accountId: "acme", messageId: null, to: "1", from: null, text: "hi" };
    for (let n = 0; n < 5; n++) ledger.add(TOPIC, n * 10, says, n);
    for (const place of [`${TOPIC}/3/0`, `${TOPIC}/3/40`, `${TOPIC}/3/41`, `${TOPIC}/2/10`, "other/3/20", "", "x/y/z"])
      ledger.decided(place);
    expect(ledger.finish().undecided.map(({ row }) => row)).toEqual([1, 2, 3]);
  });
});
