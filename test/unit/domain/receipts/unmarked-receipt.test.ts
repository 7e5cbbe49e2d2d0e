import { describe, expect, it } from "vitest";
import { isReceiptText } from "../../../../domain/receipts/unmarked-receipt.ts";

describe("isReceiptText", () => {
  it.each([
    "id:5501 stat:DELIVRD err:000",
    "id:5501 sub:001 dlvrd:001 submit date:2611231402 done date:2611231402 stat:DELIVRD err:000 text:any words, id:5 too",
    "ID: 5501 SUB: 001 STAT: delivrd ERR: 0",
    "id:abc_1 stat:UNDELIV err:",
    "id:5501 stat:DELIVRD",
    "id:5501 done date:2611231402 DELIVRD err:000",
    "  id:5501\tdone date:20261123140200\tstat:EXPIRED",
    "id:5501 stat:DELIVRD err:000 mcc:262 mnc:01",
    "id:5501 stat:DELIVRD err:000 price:0.05 text:abc",
    "id:5501 stat:DELIVRD err:000 cost: netcode:26201",
    "id:5501 imsi:262010000000012 msc:+491710000000 stat:UNDELIV err:001",
    "id:5501 stat:DELIVRD err:000 operator:Some Mobile DE",
    "id:5501 stat:DELIVRD err:000 msg-id:77",
    "id:5501 submit date:180711070003912+ done date:180711070012012- stat:DELIVRD err:000",
    "id:5501 submit date: done date: stat:EXPIRED err:",
    "id:5501 done date:2026-11-23 14:02:11 stat:DELIVRD",
    "id:5501 done date:2026-11-23T14:02:11+01:00 stat:DELIVRD",
    'id:"5501" stat:"DELIVRD" err:"000"',
    "id:5501|stat:DELIVRD|err:000",
    "id:5501 sub:001 dlvrd:000 submit date:2611231402 done date:2611231402 stat:DND_FAIL err:409 text:",
  ])("takes %j", (text) => {
    expect(isReceiptText(text)).toBe(true);
  });

  it.each([
    "",
    "STOP",
    "id:5501",
    "id:77 stat:pending err:0",
    "Order id:77 has stat:pending since noon",
    "Order id:77 stat:DELIVRD err:000",
    "id:77 thanks stat:DELIVRD err:000",
    "id:77 stat:DELIVRD err:000 thanks",
    "id:77 stat:DELIVRD err:000 id:78",
    "id: stat:DELIVRD err:000",
    "stat:DELIVRD err:000",
    "id:77 stat:DELIVRD, I think err:000",
    "id:77 sub:many stat:DELIVRD",
    "id:77 text:stat:DELIVRD err:000",
    "my id:77",
    "id:77 price:0.05",
    "id:77 stat:DND_FAIL err:409",
    "id:77 done date:2611231402 stat:pending",
    "id:77 done date:noon stat:DELIVRD",
    "id:77 stat:DELIVRD err:000 question: why do I get this and who are you",
    "id:77 stat:DELIVRD err:000 price:0.05 id:78",
  ])("leaves %j to its reader", (text) => {
    expect(isReceiptText(text)).toBe(false);
  });
});
