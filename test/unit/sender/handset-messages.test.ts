/** What a handset has sent, as it was sent. */
import { describe, expect, test } from "vitest";
import { RecentSubmissions } from "../../../services/sender/recent-submissions.ts";
import { readDelivered as read } from "./delivered-pdu.ts";

describe("short codes", () => {
  const known = new RecentSubmissions(100);
  known.submitting("491711836524");

  test.each([
    [6, "836524"],
    [0, "836524"],
    [0, "723456"],
    [1, "836524"],
    [6, "2246824"],
    [1, "2246824"],
  ])("under TON %i %s is the sender, and no number that ends so", (sourceAddrTon, sourceAddr) => {
    const shortMessage = Buffer.from("Hi");
    expect(read({ sourceAddrTon, sourceAddr, shortMessage }, { known, country: "DE" })).toMatchObject({
      kind: "inbound",
      inbound: { from: sourceAddr },
    });
  });

  test("the message that a look-alike of a receipt would be has the code too", () => {
    const shortMessage = Buffer.from("id:5501 stat:DELIVRD err:000");
    expect(read({ sourceAddrTon: 0, sourceAddr: "836524", shortMessage }, { known })).toMatchObject({
      kind: "receipt",
      receipt: { to: "491711836524", inbound: { from: "836524" } },
    });
  });
});
