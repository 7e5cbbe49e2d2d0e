import { afterEach, describe, expect, it } from "vitest";
import { smscSettingsSchema } from "../../../infra/simulators/smsc/settings.ts";
import { SmscSimulator } from "../../../infra/simulators/smsc/smsc.ts";

const simulators: SmscSimulator[] = [];
afterEach(() => Promise.all(simulators.splice(0).map((simulator) => simulator.stop())));

async function control(settings: Record<string, unknown> = {}) {
  const simulator = new SmscSimulator(smscSettingsSchema.parse({ port: 0, controlPort: 0, ...settings }));
  simulators.push(simulator);
  await simulator.start();
  const call = async (method: string, path: string, body?: string) => {
    const response = await fetch(`http://127.0.0.1:${simulator.ports.control}${path}`, {
      method,
      ...(body && { body }),
    });
    return { status: response.status, text: await response.text() };
  };
  return { simulator, call };
}

describe("the control port", () => {
  it("shows and changes settings, and names every problem", async () => {
    const { call } = await control();
    expect((await call("GET", "/healthz")).status).toBe(200);
    const changed = await call(
      "PUT",
      "/settings",
      '{"rate":{"segmentsPerSecond":50},"receipts":{"states":{"UNDELIV":1}}}',
    );
    expect(changed.status).toBe(200);
    const settings = JSON.parse((await call("GET", "/settings")).text);
    expect(settings.rate).toEqual({ segmentsPerSecond: 50, tolerance: 0.05, status: "ESME_RTHROTTLED" });
    expect(settings.receipts.states).toMatchObject({ DELIVRD: 0, UNDELIV: 1 });
    const refused = await call(
      "PUT",
      "/settings",
      '{"rate":{"segmentsPerSecond":-1},"errors":{"permanentShare":3},"x":1}',
    );
    expect(refused.status).toBe(400);
    const paths = JSON.parse(refused.text).problems.map(({ path }: { path: string }) => path);
    expect(paths.sort()).toEqual(["", "errors.permanentShare", "rate.segmentsPerSecond"]);
    expect((await call("PUT", "/settings", "{")).text).toContain("not JSON");
    expect(JSON.parse((await call("GET", "/settings")).text)).toEqual(settings);
  });

  it("turns dark and light", async () => {
    const { call } = await control();
    expect((await call("POST", "/dark", '{"mode":"nearly"}')).status).toBe(400);
    for (const mode of ["silent", "refuse"]) {
      expect((await call("POST", "/dark", JSON.stringify({ mode }))).status).toBe(200);
      expect(JSON.parse((await call("GET", "/stats")).text).dark).toBe(mode);
    }
    await call("POST", "/light");
    expect(JSON.parse((await call("GET", "/stats")).text).dark).toBeNull();
    expect((await call("GET", "/nothing")).status).toBe(404);
  });

  it("streams the whole ledger and says that it is whole", async () => {
    const { simulator, call } = await control({ ledgerCapacity: 3_000 });
    for (let i = 0; i < 3_000; i++) simulator.ledger.count(`ref-${i}`, 1, i % 2 === 0);
    const lines = (await call("GET", "/ledger")).text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3_001);
    expect(lines[2_999]).toEqual({ reference: "ref-2999", parts: [{ part: 1, received: 1, accepted: 0 }] });
    expect(lines.at(-1)).toEqual({ end: true, references: 3_000, untracked: 0, complete: true });
    simulator.ledger.count("one-more", 1, true);
    const last = (await call("GET", "/ledger")).text.trimEnd().split("\n").at(-1)!;
    expect(JSON.parse(last)).toEqual({ end: true, references: 3_000, untracked: 1, complete: false });
    await call("POST", "/reset");
    expect(JSON.parse((await call("GET", "/ledger")).text)).toMatchObject({ end: true, references: 0, complete: true });
  });
});
