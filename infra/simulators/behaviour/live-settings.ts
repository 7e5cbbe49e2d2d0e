import { z } from "zod";

/** What was wrong with an update. */
export interface SettingsProblem {
  /** Dotted path of the setting, empty for the whole. */
  readonly path: string;
  readonly message: string;
}

type Plain = Record<string, unknown>;

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Maps whose keys are data (weights of states): an update replaces them whole, since one can not leave a key out by merging. */
const replaced = new Set(["states"]);

/** `changes` over `base`: objects are merged key by key, everything else is replaced; so is an object whose `kind` changes. */
export function mergeSettings(base: unknown, changes: unknown, key = ""): unknown {
  if (!isPlain(base) || !isPlain(changes) || replaced.has(key)) return changes;
  if ("kind" in changes && changes.kind !== base.kind) return changes;
  const merged: Plain = { ...base };
  for (const [name, value] of Object.entries(changes)) merged[name] = mergeSettings(base[name], value, name);
  return merged;
}

/** Settings that may change while the simulator runs: each update is checked as a whole before any of it counts. */
export class LiveSettings<S extends z.ZodType> {
  readonly #schema: S;
  #current: z.infer<S>;

  /** Throws ZodError when `initial` is not valid. */
  constructor(schema: S, initial: unknown) {
    this.#schema = schema;
    this.#current = schema.parse(initial);
  }

  get current(): z.infer<S> {
    return this.#current;
  }

  /** Lays `changes` over the current settings; all problems come back at once, and then nothing has changed. */
  update(changes: unknown): readonly SettingsProblem[] {
    if (!isPlain(changes)) return [{ path: "", message: "must be an object of settings" }];
    const parsed = this.#schema.safeParse(mergeSettings(this.#current, changes));
    if (!parsed.success) return settingsProblems(parsed.error);
    this.#current = parsed.data;
    return [];
  }
}

/** Every problem of a failed check, by path. */
export function settingsProblems(error: z.ZodError): readonly SettingsProblem[] {
  return error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
}

/** A share of all cases, 0 … 1. */
export const share = z.number().min(0).max(1);
