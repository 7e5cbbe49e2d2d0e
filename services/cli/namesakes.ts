import type { AuditCounts } from "./audit-counts.ts";

/** A message that the providers accepted more often than its own events explain. */
export interface Suspect {
  readonly id: string;
  readonly sent: number;
  readonly allowed: number;
}

/** Suspects named in one partition; more of them are no coincidence. */
export const MAX_SUSPECTS = 100_000;

/**
 * Providers know a message by its id alone: of an id that was given to several numbers they have accepted one for each. Takes back
 * what was counted as duplicated for that, by partition, where the messages of the id together explain it.
 */
export function excuseNamesakes(found: readonly AuditCounts[], suspects: readonly (readonly Suspect[])[]): void {
  const together = new Map<string, { sent: number; allowed: number; messages: number }>();
  for (const { id, sent, allowed } of suspects.flat()) {
    const known = together.get(id) ?? { sent: 0, allowed: 0, messages: 0 };
    const { messages } = known;
    together.set(id, { sent: Math.max(known.sent, sent), allowed: known.allowed + allowed, messages: messages + 1 });
  }
  for (const [partition, some] of suspects.entries())
    for (const { id } of some ?? []) {
      const { sent, allowed, messages } = together.get(id)!;
      if (messages < 2 || sent > allowed) continue;
      const counts = found[partition]!;
      counts.duplicated--;
      const named = counts.duplicatedIds.indexOf(id);
      if (named >= 0) counts.duplicatedIds.splice(named, 1);
    }
}
