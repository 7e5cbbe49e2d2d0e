import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Person } from "./roles.ts";

/** Who comes by a one-time login: whoever can write the file has the machine anyway. */
const PERSON: Person = { name: "one-time login", role: "admin" };
/** A login that nobody has used is worth nothing after this time, ms. */
const VALID_MS = 60 * 60_000;
/** 192 bits. */
const TOKEN_BYTES = 24;

/**
 * Makes a one-time login: whoever shows the token while it stands in the file is let in, once. One that was made before and not
 * used counts no more. @returns the token
 */
export function makeOneTimeLogin(file: string): string {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, digest(token).toString("hex"), { mode: 0o600 });
  renameSync(draft, file);
  return token;
}

/** Uses a one-time login up. @returns undefined when it is not the one that counts, or too old. `now`: epoch ms */
export function useOneTimeLogin(file: string, token: string, now: number): Person | undefined {
  let kept: Buffer;
  try {
    if (now - statSync(file).mtimeMs > VALID_MS) return undefined;
    kept = Buffer.from(readFileSync(file, "utf8").trim(), "hex");
  } catch {
    return undefined; // there is none
  }
  const given = digest(token);
  if (kept.length !== given.length || !timingSafeEqual(kept, given)) return undefined;
  rmSync(file, { force: true });
  return PERSON;
}

/** The page's address that logs in by the token. A fragment is sent to no server, so it stands in no log. */
export const oneTimeAddress = (url: string, token: string): string => `${url}/#login=${token}`;

const digest = (token: string): Buffer => createHash("sha256").update(token).digest();
