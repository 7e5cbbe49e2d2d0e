import type { ProcessSpec } from "./process-spec.ts";

type Node = Pick<ProcessSpec, "name" | "dependsOn">;

/**
 * Levels of processes in the order in which they may end: no process ends before everything that depends on it.
 * Dependencies on names outside the list count as absent. Throws on a circle, naming its members.
 */
export function stopOrder(specs: readonly Node[]): string[][] {
  let left = [...specs];
  const levels: string[][] = [];
  while (left.length > 0) {
    const needed = new Set(left.flatMap((spec) => spec.dependsOn));
    const level = left.filter((spec) => !needed.has(spec.name));
    if (level.length === 0) throw new Error(`circular dependsOn among ${left.map((spec) => spec.name).join(", ")}`);
    levels.push(level.map((spec) => spec.name));
    left = left.filter((spec) => needed.has(spec.name));
  }
  return levels;
}

/** Throws unless names are unique, every dependency exists, and there is no circle. */
export function assertStartable(specs: readonly Node[]): void {
  const names = new Set<string>();
  for (const { name } of specs) {
    if (names.has(name)) throw new Error(`two processes are named ${name}`);
    names.add(name);
  }
  for (const { name, dependsOn } of specs) {
    const unknown = dependsOn.find((other) => !names.has(other));
    if (unknown !== undefined) throw new Error(`${name} depends on ${unknown}, which does not exist`);
  }
  stopOrder(specs);
}
