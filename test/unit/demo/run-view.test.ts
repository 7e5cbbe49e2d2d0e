import { describe, expect, it } from "vitest";
import { Progress, progressLine } from "../../../infra/demo/progress.ts";
import { RunView } from "../../../infra/demo/run-view.ts";
import type { Event, Health } from "../../../schemas/generated/types.ts";
import { BLANK_HEALTH } from "../pipeline/blank-health.ts";

function event(type: Event["type"], messageId: string, provider: string | null = "smsc-a") {
  return { type, provider, facts: { messageId } as Event["facts"] };
}

function health(provider: string, partition: number, circuit: Health["circuit"], at: number): Health {
  return { ...BLANK_HEALTH, provider, partition, circuit, at, rate: 1, effectiveRate: 1 };
}

function runOfTen(): RunView {
  const view = new RunView(10, ["smsc-a", "smsc-b"]);
  view.look(1_000, 0);
  view.accept(8);
  for (const id of ["1", "2", "3", "4"]) view.event(event("submitted", id));
  view.event(event("submitted", "5", "smsc-b"));
  view.event(event("submitted", "1", "smsc-b"));
  view.event(event("returned", "6"));
  for (const id of ["1", "2", "2"]) view.event(event("final", id));
  return view;
}

describe("RunView", () => {
  it("counts messages, not events, and measures rates between two looks", () => {
    const snapshot = runOfTen().look(3_000, 0);
    expect(snapshot).toMatchObject({ total: 10, accepted: 8, submitted: 5, ended: 2 });
    expect(snapshot).toMatchObject({ acceptedRate: 4, submittedRate: 3, endedRate: 1 });
    expect(snapshot.providers.map(({ id, submitted, rate }) => [id, submitted, rate])).toEqual([
      ["smsc-a", 4, 2],
      ["smsc-b", 1, 1],
    ]);
  });

  it("shows a provider by the best of its partitions, and as silent when none has spoken of late", () => {
    const view = new RunView(1, ["smsc-a"]);
    const circuit = (wall: number) => view.look(1, wall).providers[0]!.circuit;
    expect(circuit(0)).toBe("silent");
    view.health(health("smsc-a", 0, "open", 10_000));
    expect(circuit(10_500)).toBe("open");
    view.health(health("smsc-a", 1, "half_open", 10_000));
    expect(circuit(10_500)).toBe("half_open");
    expect(circuit(20_000)).toBe("silent");
    view.health(health("smsc-a", 0, "closed", 20_000));
    expect(circuit(20_000)).toBe("closed");
    view.health(health("other", 0, "closed", 20_000));
  });
});

describe("Progress", () => {
  const snapshot = runOfTen().look(3_000, 0);

  function output(isTTY: boolean) {
    const written: string[] = [];
    return { out: { isTTY, columns: 60, write: (text: string) => void written.push(text) }, written };
  }

  it("says how far, how fast, and how each provider does", () => {
    const line = progressLine(snapshot);
    expect(line).toContain(" 20%  accepted 8 (4/s)  submitted 5 (3/s)  ended 2 (1/s)");
    expect(line).toContain("smsc-a silent 2/s");
  });

  it("gives up the bar where there is little room", () => {
    const full = progressLine(snapshot);
    expect(full).toMatch(/^\[####-{20}\] {2}20%/);
    expect(progressLine(snapshot, full.length - 10)).toMatch(/^\[##-{12}\] {2}20%/);
    expect(progressLine(snapshot, 100)).toMatch(/^ 20%/);
  });

  it("rewrites one line on a terminal, within its width, with messages above it", () => {
    const { out, written } = output(true);
    const progress = new Progress(out);
    progress.show(snapshot, 0);
    progress.say("provider down");
    progress.end();
    const [first, second, third] = written;
    expect(first!.startsWith("\r\x1b[K 20%")).toBe(true);
    expect(first!.length).toBeLessThanOrEqual(60 + 4);
    expect(second).toContain("provider down\n 20%");
    expect(third).toBe("\n");
    expect([progress.due(400), progress.due(500)]).toEqual([false, true]);
  });

  it("writes plain lines elsewhere, every two seconds", () => {
    const { out, written } = output(false);
    const progress = new Progress(out);
    expect(progress.due(0)).toBe(true);
    progress.show(snapshot, 0);
    progress.say("provider down");
    progress.end();
    expect(written).toEqual([`${progressLine(snapshot)}\n`, "provider down\n"]);
    expect([progress.due(1_900), progress.due(2_000)]).toEqual([false, true]);
  });
});
