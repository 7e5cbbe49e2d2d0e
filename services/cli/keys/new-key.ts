import { createHash, randomBytes, randomInt } from "node:crypto";
import type { Scope } from "../../../domain/catalog/access-key.ts";

/** What a new key is to be. */
export interface KeyTerms {
  readonly name: string;
  /** Undefined: all. */
  readonly scopes: readonly Scope[] | undefined;
  /** As it is to stand in the file. */
  readonly expires: string | undefined;
  /** A password of SMPP instead, which has eight octets at the most (SMPP 3.4, 4.1.1, with its NUL nine). */
  readonly smpp: boolean;
}

export interface NewKey {
  /** Kept nowhere. */
  readonly secret: string;
  /** The entry of accounts.yaml: a line of YAML, in its flow style. */
  readonly entry: string;
}

/** 256 bits: nobody finds one by trying, nor from its hash. */
const KEY_OCTETS = 32;
/** By which scanners of repositories and logs know one of ours. */
const PREFIX = "slk_";
const SMPP_PASSWORD_LENGTH = 8;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Makes a key out of the system's random numbers, and what the catalog has to say of it. */
export function newKey({ name, scopes, expires, smpp }: KeyTerms): NewKey {
  const secret = smpp
    ? Array.from({ length: SMPP_PASSWORD_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]!).join("")
    : `${PREFIX}${randomBytes(KEY_OCTETS).toString("base64url")}`;
  const sha256 = createHash("sha256").update(secret).digest("hex");
  const fields = [
    `id: ${name}`,
    `sha256: "${sha256}"`,
    ...(scopes === undefined ? [] : [`scopes: [${scopes.join(", ")}]`]),
    ...(expires === undefined ? [] : [`expires: "${expires}"`]),
  ];
  return { secret, entry: `- { ${fields.join(", ")} }` };
}
