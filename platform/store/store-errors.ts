import { SluiceError } from "../errors/sluice-error.ts";

/** Where a store is, and the setting that says so, for messages that people act upon. */
export interface StorePlace {
  /** Folder of one instance; no two processes may share it. */
  readonly folder: string;
  /** Name of the setting that gives the folder. */
  readonly setting: string;
}

/** What LevelDB says of a fault, beside its words. */
interface LevelFault {
  readonly code?: string;
  readonly message?: string;
  readonly cause?: unknown;
}

/** The innermost of an error's causes: what the database itself said. */
export function rootOf(error: unknown): LevelFault {
  let at = error as LevelFault;
  for (let depth = 0; depth < 8 && at?.cause !== undefined; depth++) at = at.cause as LevelFault;
  return at ?? {};
}

/** Whether the database's files contradict themselves or some are missing: reading the log again mends it, trying again does not. */
export function isUnreadable(error: unknown): boolean {
  const { code, message = "" } = rootOf(error);
  if (code === "LEVEL_CORRUPTION") return true;
  return /^(Corruption|Invalid argument|NotFound)|missing files|No such file/.test(message);
}

/** A fault of a store as one error that names the folder, its setting and what to do. Codes: STORE_LOCKED, STORE_NO_SPACE, STORE_FAULT. */
export function storeError(error: unknown, { folder, setting }: StorePlace): SluiceError {
  if (error instanceof SluiceError) return error;
  const { code, message = String(error) } = rootOf(error);
  const details = { folder };
  if (code === "LEVEL_LOCKED")
    return new SluiceError(
      `The folder ${folder} is in use by another process: give each instance a name or a folder of its own (${setting})`,
      { code: "STORE_LOCKED", class: "transient", cause: error, details },
    );
  if (/No space left|Disk quota|File too large|ENOSPC|EDQUOT|EFBIG/.test(message))
    return new SluiceError(
      `No space is left for the folder ${folder} (${setting}): free some, or name a folder on another disk. Nothing is lost: it is a copy of what Kafka has`,
      { code: "STORE_NO_SPACE", class: "transient", cause: error, details },
    );
  return new SluiceError(`The store in the folder ${folder} (${setting}) does not work: ${message}`, {
    code: "STORE_FAULT",
    class: "transient",
    cause: error,
    details,
  });
}
