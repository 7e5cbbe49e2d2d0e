import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** What a hash costs whoever tries passwords, and us: 32 MiB and about 100 ms each. RFC 7914, section 2. */
const COST = { N: 32_768, r: 8, p: 1 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** A file may ask for more than COST, but not for all of the memory. */
const MAX_MEMORY = 256 * 1024 * 1024;
/** A password is no book: what is longer only costs time. */
export const MAX_PASSWORD = 1_024;

/** `scrypt$N$r$p$salt$key`, the last two in base64url. */
const FORM = /^scrypt\$(\d{4,8})\$(\d{1,2})\$(\d)\$([\w-]{16,64})\$([\w-]{32,128})$/;

/** Whether this can be the hash of a password. */
export const isPasswordHash = (text: string): boolean => FORM.test(text);

/** What a users' file keeps of a password. */
export async function hashPassword(password: string, salt: Buffer = randomBytes(SALT_BYTES)): Promise<string> {
  const key = await derive(password, salt, KEY_BYTES, { ...COST, maxmem: MAX_MEMORY });
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString("base64url")}$${key.toString("base64url")}`;
}

/** Whether the hash is this password's. Takes as long for a wrong one. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const [, N, r, p, salt, key] = FORM.exec(hash) ?? [];
  if (salt === undefined || key === undefined || password.length > MAX_PASSWORD) return false;
  const wanted = Buffer.from(key, "base64url");
  const cost = { N: Number(N), r: Number(r), p: Number(p), maxmem: MAX_MEMORY };
  try {
    const given = await derive(password, Buffer.from(salt, "base64url"), wanted.length, cost);
    return timingSafeEqual(given, wanted);
  } catch {
    return false; // a cost that nobody can pay
  }
}
