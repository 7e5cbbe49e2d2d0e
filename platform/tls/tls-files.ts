import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { errorMessage, SluiceError } from "../errors/sluice-error.ts";

/** Files, by the settings that name them. */
export interface TlsPaths {
  /** Certificates of authorities, PEM; undefined: those that Node.js knows. */
  readonly ca?: string | undefined;
  /** Our own certificate with its chain, PEM. */
  readonly cert?: string | undefined;
  /** Its private key, PEM, not encrypted. */
  readonly key?: string | undefined;
}

/** PEM texts, as `tls.connect` takes them. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A certificate in a PEM file (RFC 7468). */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads what TLS needs, and checks it: a fault of a file is told by its setting at the start, and not by a far end at night.
 * `setting`: the name of the setting of each, without its last word, such as `SLUICE_KAFKA_TLS`. `now`: epoch ms.
 * @throws SluiceError `TLS_INVALID` (permanent) naming the setting and the file
 */
export function readTls({ ca, cert, key }: TlsPaths, setting: string, now = Date.now()): TlsMaterial {
  if ((cert === undefined) !== (key === undefined))
    throw invalid(`${setting}_CERT and ${setting}_KEY belong together: give both, or neither`);
  const authorities = ca === undefined ? {} : { ca: readCertificates(`${setting}_CA`, ca).text };
  if (cert === undefined || key === undefined) return authorities;
  const own = readCertificates(`${setting}_CERT`, cert);
  const secret = readText(`${setting}_KEY`, key);
  const [first] = own.certificates as [X509Certificate];
  if (!first.checkPrivateKey(privateKey(`${setting}_KEY`, key, secret)))
    throw invalid(`${setting}_KEY names ${key}, which is not the key of the certificate in ${cert} (${setting}_CERT)`);
  const until = new Date(first.validTo);
  if (until.getTime() <= now)
    throw invalid(`${setting}_CERT names ${cert}, whose certificate has expired on ${until.toISOString()}: renew it`);
  return { ...authorities, cert: own.text, key: secret };
}

function readCertificates(setting: string, path: string): { text: string; certificates: X509Certificate[] } {
  const text = readText(setting, path);
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) throw invalid(`${setting} names ${path}, which holds no certificate in PEM form`);
  try {
    return { text, certificates: found.map((one) => new X509Certificate(one)) };
  } catch (cause) {
    throw invalid(`${setting} names ${path}, of which a certificate cannot be read: ${errorMessage(cause)}`, cause);
  }
}

function privateKey(setting: string, path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw invalid(`${setting} names ${path}, which holds no private key in PEM form without a passphrase`, cause);
  }
}

function readText(setting: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid(`${setting} names ${path}, which cannot be read: ${errorMessage(cause)}`, cause);
  }
}

function invalid(message: string, cause?: unknown): SluiceError {
  return new SluiceError(message, { code: "TLS_INVALID", cause });
}
