import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { FaultPoint } from "../../platform/fault-point/fault-point.ts";
import { until } from "./until.ts";

/** `clock <ms>`: the process's wall clock jumps by so much at that moment. */
export type PointFault = "kill" | "freeze" | `clock ${number}`;

/** The test's side of hooks/armed.ts and hooks/clock.ts: by files in a folder of its own, one sub-folder an instance. */
export class Hooks {
  private readonly folder = mkdtempSync(join(tmpdir(), "sluice-hooks-"));
  private readonly points = join(this.folder, "points");
  private readonly clocks = join(this.folder, "clocks");

  constructor() {
    mkdirSync(this.points);
    mkdirSync(this.clocks);
  }

  /** For the processes that are to be hooked. */
  get environment(): Record<string, string> {
    const clock = resolve(import.meta.dirname, "hooks/clock.ts");
    return {
      NODE_OPTIONS: `--conditions=fault-points --import=${clock}`,
      FAULT_POINTS_DIR: this.points,
      FAULT_CLOCK_DIR: this.clocks,
    };
  }

  /** The fault happens once, when the instance (`router`, `sender-2`, …) next comes to the point. */
  arm(instance: string, point: FaultPoint, fault: PointFault): void {
    this.put(join(this.points, instance), point, fault);
  }

  hit(instance: string, point: FaultPoint): boolean {
    return existsSync(join(this.points, instance, `${point}.hit`));
  }

  /** Waits until the armed fault has happened. */
  async untilHit(instance: string, point: FaultPoint, ms = 30_000): Promise<void> {
    await until(
      () => `${instance} comes to ${point}`,
      () => this.hit(instance, point),
      ms,
    );
    rmSync(join(this.points, instance, `${point}.hit`));
  }

  /** Sets an instance's wall clock so many milliseconds off the real time, within 50 ms. */
  setClock(instance: string, ms: number): void {
    this.put(this.clocks, instance, String(ms));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private put(folder: string, name: string, text: string): void {
    mkdirSync(folder, { recursive: true });
    // Whole or not at all: its reader may look at any moment.
    const draft = join(this.folder, `${name}.draft`);
    writeFileSync(draft, text);
    renameSync(draft, join(folder, name));
  }
}
