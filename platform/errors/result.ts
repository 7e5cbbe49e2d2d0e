/** The expected outcomes of an operation as a value; exceptions are left for faults. */
export type Result<Value, Failure> = Success<Value> | Failed<Failure>;

export interface Success<Value> {
  readonly ok: true;
  readonly value: Value;
}

export interface Failed<Failure> {
  readonly ok: false;
  readonly failure: Failure;
}

/** Wraps a value as a success. */
export function succeed<Value>(value: Value): Success<Value> {
  return { ok: true, value };
}

/** Wraps a reason as an expected failure. */
export function fail<Failure>(failure: Failure): Failed<Failure> {
  return { ok: false, failure };
}

/** Marks a branch that the types exclude; a new union member then fails to compile instead of being missed. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable branch reached with ${JSON.stringify(value)}`);
}
