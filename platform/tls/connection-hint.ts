/** Settings by which a connection is made, for a hint. */
export interface ConnectionSettings {
  /** Names the address. */
  readonly address: string;
  /** Those of TLS without their last word, such as `SLUICE_KAFKA_TLS`. */
  readonly tls: string;
  /** Those of the login. */
  readonly login: string;
}

/** What is said of a fault in OpenSSL's and Node.js's words and codes (https://nodejs.org/api/tls.html#x509-certificate-error-codes), KafkaJS's and ClickHouse's. */
const FAULTS: readonly (readonly [RegExp, (settings: ConnectionSettings) => string])[] = [
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY_LEAF|GET_ISSUER)|self.signed certificate|unable to (?:verify the first|get (?:local )?issuer) certificate/i,
    ({ tls }) => `its certificate is of an authority that is not known here; name that one's certificate in ${tls}_CA`,
  ],
  [/CERT_HAS_EXPIRED|certificate has expired/, () => "its certificate has expired, and is to be renewed there"],
  [/CERT_NOT_YET_VALID|not yet valid/, () => "its certificate is not valid yet; are both clocks right?"],
  [
    /ALTNAME_INVALID|match certificate's altnames/,
    ({ address }) => `its certificate is for other names; ${address} needs one of those`,
  ],
  [
    /WRONG_VERSION_NUMBER|wrong version number|packet length too long/,
    ({ address, tls }) => `it does not speak TLS there; look at ${address} and ${tls}`,
  ],
  [
    /certificate required|bad certificate|handshake failure|certificate unknown|unknown ca\b|ALERT_(?:BAD_CERTIFICATE|CERTIFICATE_REQUIRED|UNKNOWN_CA|HANDSHAKE_FAILURE|CERTIFICATE_UNKNOWN)/i,
    ({ tls }) => `it wants a certificate of ours that it knows; look at ${tls}_CERT and ${tls}_KEY`,
  ],
  [
    /SASL|SCRAM|AUTHENTICATION_FAILED|Authentication failed|REQUIRED_PASSWORD|: 40[13]\b|\b40[13] \(/,
    ({ login }) => `it refuses the login; look at ${login}`,
  ],
];

/** What to look at when a connection cannot be made, in words; undefined where the fault does not tell. It has no secret in it. */
export function connectionHint(error: unknown, settings: ConnectionSettings): string | undefined {
  const text = textOf(error);
  return FAULTS.find(([pattern]) => pattern.test(text))?.[1](settings);
}

/** Names, codes, statuses and messages of an error and of what it was caused by, eight deep at the most. */
function textOf(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current !== undefined && current !== null; depth++) {
    if (!(current instanceof Error)) {
      parts.push(String(current));
      break;
    }
    const { code, type, status } = current as { readonly [name in "code" | "type" | "status"]?: unknown };
    parts.push(current.name, String(code ?? ""), String(type ?? ""), `: ${String(status ?? "")}`, current.message);
    current = current.cause;
  }
  return parts.join(" ");
}
