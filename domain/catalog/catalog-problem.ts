/** One thing wrong or doubtful, and where. Secrets are not repeated. */
export interface CatalogProblem {
  /** `providers[0].smpp.port`. */
  path: string;
  /** The same, step by step. */
  keys: readonly (string | number)[];
  message: string;
}

type Keys = readonly (string | number)[];

export function problemAt(keys: Keys, message: string): CatalogProblem {
  return { path: formatPath(keys), keys, message };
}

export function formatPath(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

const NOUNS: Readonly<Record<string, string>> = {
  accounts: "account",
  providers: "provider",
  routes: "route",
  regions: "region",
  senders: "sender rule",
  caps: "cap",
  quietHours: "quiet hours",
};

/** What people know the faulty entry by: `provider "smsc-a"`; undefined where it has no id, or the fault is in none. */
export function entryOf(input: unknown, [list, index]: Keys): string | undefined {
  const noun = NOUNS[String(list)];
  const id = valueAt(input, list === undefined || index === undefined ? [] : [list, index, "id"]);
  return noun !== undefined && typeof id === "string" && id !== "" ? `${noun} ${JSON.stringify(id)}` : undefined;
}

/** What stands at a path of plain data; undefined where there is nothing. */
export function valueAt(input: unknown, keys: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
