import type { FaultPoint } from "./fault-point.ts";

/** Outside of tests a fault point is nothing: an empty function, which the compiler of Node removes. */
export function faultPoint(_point: FaultPoint): void {}
