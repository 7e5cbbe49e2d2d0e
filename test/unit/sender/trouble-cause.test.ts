import { expect, test } from "vitest";
import { troubleCause } from "../../../services/sender/trouble-cause.ts";

test.each([
  ["no link: bind refused: ESME_RINVPASWD", "bind-refused"],
  ["no link: connect ECONNREFUSED 127.0.0.1:2775", "link"],
  ["no answer for 5000 ms", "silent"],
  ["on trial: no answer for 5000 ms", "silent"],
  ["throttled for 5003 ms", "throttled"],
  ["quota-reached", "quota"],
  ["402", "account"],
  ["20003", "account"],
  ["ESME_RPROHIBITED", "account"],
  ["CERT_HAS_EXPIRED", "certificate"],
  ["on trial: DEPTH_ZERO_SELF_SIGNED_CERT", "certificate"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate"],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "certificate"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "failing"],
  ["ESME_RSYSERR", "failing"],
  ["4021", "failing"],
  ["removed from the catalog", "removed"],
  ["out of use by the catalog", "removed"],
])("%s: %s", (trouble, cause) => {
  expect(troubleCause(trouble)).toBe(cause);
});
