import { z } from "zod";
import { type AccessKey, accessKeySchema, hasExpired } from "../../../domain/catalog/access-key.ts";

/** A key as it is listed. */
export interface ListedKey extends Omit<AccessKey, "sha256"> {
  readonly account: string;
  readonly kind: "API key" | "SMPP password";
}

const accountKeys = z.object({
  id: z.string(),
  apiKeys: z.array(accessKeySchema("key")).default([]),
  smpp: z.object({ passwords: z.array(accessKeySchema("password")).default([]) }).optional(),
});

/** The keys of a catalog's accounts as its files have them; `only`: of this account. */
export function keysOf(accounts: unknown, only: string | undefined): ListedKey[] {
  return z
    .array(accountKeys)
    .parse(accounts ?? [])
    .filter(({ id }) => only === undefined || id === only)
    .flatMap(({ id: account, apiKeys, smpp }) => [
      ...apiKeys.map((key) => ({ account, kind: "API key" as const, ...key })),
      ...(smpp?.passwords ?? []).map((key) => ({ account, kind: "SMPP password" as const, ...key })),
    ]);
}

/** A line for each. `now`: epoch ms. */
export function keyTable(keys: readonly ListedKey[], now: number): string {
  const rows = keys.map((key) => [
    key.account,
    key.id,
    key.kind,
    key.scopes?.join(", ") ?? "all",
    key.expires === undefined
      ? "no end"
      : `${hasExpired(key, now) ? "ended" : "until"} ${new Date(key.expires).toISOString()}`,
  ]);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
