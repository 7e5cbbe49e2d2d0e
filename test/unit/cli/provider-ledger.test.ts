import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ProviderLedger, readProviderLedger } from "../../../services/cli/provider-ledger.ts";

const A = "0190a0b0-0000-7000-8000-000000000001";
const B = "0190a0b0-0000-7000-8000-000000000002";
const servers: ReturnType<typeof createServer>[] = [];

async function serving(...chunks: string[]): Promise<string> {
  const server = createServer((_, response) => {
    for (const chunk of chunks) response.write(chunk);
    response.end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const line = (reference: string, ...accepted: number[]) =>
  `${JSON.stringify({ reference, parts: accepted.map((count, at) => ({ part: at + 1, received: 9, accepted: count })) })}\n`;
const END = '{"end":true,"references":1,"untracked":0,"complete":true}\n';

describe("provider ledgers", () => {
  it("add up over providers, part by part", async () => {
    const ledger = new ProviderLedger();
    const whole = line(A, 1, 0) + line(B, 1) + line("not an id", 5) + END;
    await readProviderLedger(await serving(whole.slice(0, 70), whole.slice(70)), ledger);
    await readProviderLedger(await serving(line(A, 1, 1), END), ledger);
    expect([ledger.sent(A), ledger.sent(B), ledger.messages]).toEqual([2, 1, 2]);
    expect(ledger.sent("0190a0b0-0000-7000-8000-000000000003")).toBe(0);
  });

  it("counts the part that went out most often, not their sum", () => {
    const ledger = new ProviderLedger();
    for (let part = 1; part <= 4; part++) ledger.add(A, part, 1);
    expect(ledger.sent(A)).toBe(1);
  });

  it("are not believed when incomplete", async () => {
    const ledger = new ProviderLedger();
    await expect(readProviderLedger(await serving(line(A, 1)), ledger)).rejects.toThrow("not complete");
    const untracked = '{"end":true,"references":1,"untracked":3,"complete":false}\n';
    await expect(readProviderLedger(await serving(untracked), ledger)).rejects.toThrow("not complete");
  });
});
