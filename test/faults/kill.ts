import { randomInt } from "node:crypto";
import { type Random, seededRandom } from "../../infra/simulators/behaviour/random-source.ts";
import type { Installation, Service } from "./installation.ts";

/** The run's random source: SLUICE_SEED repeats a schedule that was printed. */
export function schedule(): { seed: number; random: Random } {
  const seed = Number(process.env.SLUICE_SEED ?? randomInt(1, 1_000_000));
  return { seed, random: seededRandom(seed) };
}

/** The items in a drawn order. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const drawn = items.map((item) => ({ item, at: random() }));
  return drawn.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

export interface Kill {
  readonly service: string;
  /** From the kill until a new process is ready: in the group, its partitions restored; milliseconds. */
  readonly recoveryMs: number;
}

/** kill -9, and a new process at once; resolves when that is ready. `dead`: what to do between the two. */
export async function killAndRestart(
  { control }: Installation,
  service: Service | string,
  dead: () => void | Promise<void> = () => {},
): Promise<Kill> {
  const began = performance.now();
  const killed = await control.signal(service, "SIGKILL", { keepDown: true }).then(
    () => true,
    () => false, // it may be dead already
  );
  if (killed) await dead();
  await control.start(service);
  return { service, recoveryMs: Math.round(performance.now() - began) };
}
