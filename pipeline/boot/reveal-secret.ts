import { readFileSync } from "node:fs";
import type { SecretReference } from "../../domain/catalog/secret-references.ts";

/** A secret is a line; what an editor puts behind it is none of it. */
const MAX_SECRET = 4_096;

/** Secrets from files (read anew each time) and from the environment of this process. */
export function revealSecret(reference: SecretReference): string {
  if ("env" in reference) {
    const value = process.env[reference.env];
    if (value === undefined || value === "") throw new Error(`the environment variable ${reference.env} is not set`);
    return value;
  }
  let text: string;
  try {
    text = readFileSync(reference.file, "utf8");
  } catch (error) {
    throw new Error(`the file ${reference.file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  const value = text.replace(/\r?\n$/, "");
  if (value === "") throw new Error(`the file ${reference.file} is empty`);
  if (value.length > MAX_SECRET || value.includes("\n"))
    throw new Error(`the file ${reference.file} holds more than one line`);
  return value;
}
