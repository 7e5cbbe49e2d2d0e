import { auditAll } from "../faults/audit.ts";
import type { InteropCase } from "./interop-case.ts";

const WAIT_MS = 60_000;

/** The last one: whatever the others have sent is accounted for. */
export const CLOSING_CASE: InteropCase = {
  name: "sluice audit over all of these",
  needs: [],
  limitMs: 120_000,
  run: async ({ installation }) => {
    const { accepted, missing, duplicated, contradicting } = await auditAll(installation, WAIT_MS);
    if (missing + duplicated + contradicting > 0)
      throw new Error(`missing ${missing}, duplicated ${duplicated}, contradicting ${contradicting}`);
    return `${accepted} messages`;
  },
};
