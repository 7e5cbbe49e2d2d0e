import type { Secret } from "../config/secret.ts";
import { secret, text, url } from "../config/settings.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { readTls, type TlsMaterial } from "../tls/tls-files.ts";

/** The settings of the schema registry. */
export const registrySettings = {
  registryUrl: url()
    .default("http://127.0.0.1:18081/apis/ccompat/v7")
    .describe("Schema registry: the root of its Confluent-compatible API"),
  registryUser: text().optional().describe("User of the registry (HTTP Basic)"),
  registryPassword: secret().optional().describe("Password of that user"),
  registryToken: secret().optional().describe("Token of the registry instead of a user (HTTP Bearer)"),
  registryTlsCa: text()
    .optional()
    .describe(
      "File with the certificates of the authorities that the registry's may be of, PEM; those that Node.js knows when not set",
    ),
  registryTlsCert: text()
    .optional()
    .describe("File with our own certificate and its chain, PEM, for a registry that asks for one"),
  registryTlsKey: text().optional().describe("File with the key of that certificate, PEM without a passphrase"),
};

/** The parsed `registrySettings`. */
export interface RegistryConfig {
  readonly registryUrl: string;
  readonly registryUser?: string | undefined;
  readonly registryPassword?: Secret | undefined;
  readonly registryToken?: Secret | undefined;
  readonly registryTlsCa?: string | undefined;
  readonly registryTlsCert?: string | undefined;
  readonly registryTlsKey?: string | undefined;
}

/** Where a registry is, and what is shown there. */
export interface RegistryAddress {
  readonly url: string;
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** Undefined: over plain HTTP. */
  readonly tls: TlsMaterial | undefined;
}

/** @throws SluiceError `CONFIG_INVALID`, `TLS_INVALID` (permanent) naming the setting */
export function registryAddress(config: RegistryConfig): RegistryAddress {
  const url = config.registryUrl.replace(/\/+$/, "");
  const { registryTlsCa: ca, registryTlsCert: cert, registryTlsKey: key } = config;
  const secure = url.startsWith("https:");
  if (!secure && (ca ?? cert ?? key) !== undefined)
    throw invalid("SLUICE_REGISTRY_TLS_… are given, and SLUICE_REGISTRY_URL is not https:");
  return {
    url,
    authorization: authorizationOf(config),
    tls: secure ? readTls({ ca, cert, key }, "SLUICE_REGISTRY_TLS") : undefined,
  };
}

function authorizationOf({ registryUser: user, registryPassword: password, registryToken: token }: RegistryConfig) {
  if (token !== undefined && user !== undefined)
    throw invalid("SLUICE_REGISTRY_TOKEN and SLUICE_REGISTRY_USER exclude each other: give one");
  if (token !== undefined) return `Bearer ${token.reveal()}`;
  if (user === undefined && password === undefined) return undefined;
  if (user === undefined || password === undefined)
    throw invalid("SLUICE_REGISTRY_USER and SLUICE_REGISTRY_PASSWORD belong together: give both, or neither");
  return `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString("base64")}`;
}

function invalid(message: string): SluiceError {
  return new SluiceError(message, { code: "CONFIG_INVALID" });
}
