/**
 * Codes of Node.js for a certificate that is not accepted: ours refuses theirs (X509 verification, its name) or theirs refuses ours
 * (alerts of TLS, RFC 8446, 6.2).
 */
const CERTIFICATE = new RegExp(
  `^(?:${[
    "CERT_[A-Z_]+",
    "(?:DEPTH_ZERO_)?SELF_SIGNED_CERT(?:_IN_CHAIN)?",
    "UNABLE_TO_(?:GET_ISSUER_CERT|GET_ISSUER_CERT_LOCALLY|GET_CRL|VERIFY_LEAF_SIGNATURE|DECRYPT_[A-Z_]+|DECODE_[A-Z_]+)",
    "ERROR_IN_(?:CERT|CRL)_[A-Z_]+",
    "CRL_[A-Z_]+",
    "INVALID_(?:CA|PURPOSE)",
    "PATH_LENGTH_EXCEEDED",
    "HOSTNAME_MISMATCH",
    "ERR_TLS_CERT_[A-Z_]+",
    "ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|NO_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_[A-Z]+|ACCESS_DENIED)",
  ].join("|")})$`,
);

/** A certificate was refused, by either side. */
export function isCertificateFault(code: string): boolean {
  return CERTIFICATE.test(code);
}
