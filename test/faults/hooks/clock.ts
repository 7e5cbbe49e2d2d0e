/**
 * A wall clock that a test can move, for one process: `node --import=<this file>`. With FAULT_CLOCK_DIR the offset in
 * milliseconds stands in its file `<SLUICE_INSTANCE>`, and takes effect within 50 ms. Monotonic time goes on as it is, as it does when
 * an administrator or NTP sets a machine's clock; so do the clocks of brokers and simulators.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const RealDate = Date;
const realNow = Date.now;
let offset = 0;

/** Moves the clock by so many milliseconds, either way. */
export function moveClock(ms: number): void {
  offset += ms;
}

const MovedDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [realNow() + offset] : args, newTarget),
  apply: () => new RealDate(realNow() + offset).toString(),
  get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
});

function now(): number {
  return realNow() + offset;
}

globalThis.Date = MovedDate;

const { FAULT_CLOCK_DIR, SLUICE_INSTANCE } = process.env;
if (FAULT_CLOCK_DIR && SLUICE_INSTANCE) {
  const file = join(FAULT_CLOCK_DIR, SLUICE_INSTANCE);
  let applied = 0;
  const look = () => {
    try {
      const wanted = Number(readFileSync(file, "utf8"));
      if (Number.isFinite(wanted)) {
        offset += wanted - applied;
        applied = wanted;
      }
    } catch {
      // No file: the clock is as it is.
    }
  };
  // A process may also be born with a clock that is wrong.
  look();
  setInterval(look, 50).unref();
}
