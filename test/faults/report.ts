import { appendFileSync } from "node:fs";

/** One figure that a promise's test has found; `make faults` puts them into its table. */
export interface Figure {
  readonly promise: number;
  readonly name: string;
  readonly value: string;
}

/** True for the long form of the promises (`make faults`); the short form is what CI runs. */
export const LONG = process.env.SLUICE_FAULTS === "long";

/** Reports a figure: printed at once, and collected by whoever runs all promises. */
export function figure(promise: number, name: string, value: string | number): void {
  const found: Figure = { promise, name, value: typeof value === "number" ? value.toLocaleString("en-US") : value };
  console.log(`promise ${promise}: ${found.name}: ${found.value}`);
  const file = process.env.SLUICE_FAULTS_REPORT;
  if (file) appendFileSync(file, `${JSON.stringify(found)}\n`);
}
