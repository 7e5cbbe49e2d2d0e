import { defaultAlphabets } from "../../../../domain/text/data-coding.ts";
import { duration, integer, oneOf, port, text } from "../../../../platform/config/settings.ts";

/** The settings of the SMPP door. */
export const smppSettings = {
  smppPort: port({ allowZero: true })
    .optional()
    .describe("Port on which SMPP clients are taken in (docs/smpp-door.md). Default: none are"),
  smppHost: text().default("127.0.0.1").describe("Address on which SMPP clients are taken in"),
  smppTlsCert: text()
    .optional()
    .describe("File with the certificate chain (PEM) of the SMPP port: with it clients must use TLS"),
  smppTlsKey: text().optional().describe("File with the private key (PEM) of that certificate"),
  smppMaxConnections: integer({ min: 1, max: 10_000 })
    .default(500)
    .describe("SMPP connections, bound or not; further ones are closed at once"),
  smppBindsPerAccount: integer({ min: 1, max: 1_000 })
    .default(10)
    .describe("Binds of an account at a time on this instance, unless its smpp.maxBinds says otherwise"),
  smppWindow: integer({ min: 1, max: 10_000 })
    .default(500)
    .describe("Unanswered requests of a bind, from which on its socket is not read until some are answered"),
  smppReceiptWindow: integer({ min: 1, max: 10_000 })
    .default(50)
    .describe("deliver_sm of a bind that its client may leave unanswered"),
  smppHold: duration({ min: 0, max: 60_000 })
    .default(5_000)
    .describe(
      "How long a submission waits for its answer while the account is above its rate or Kafka takes nothing, before it is refused",
    ),
  smppSessionInit: duration({ min: 1_000, max: 600_000 })
    .default(10_000)
    .describe("How long a connection may be open without a bind"),
  smppEnquireLink: duration({ min: 1_000, max: 3_600_000 })
    .default(30_000)
    .describe("Silence of a client after which it is asked whether it is there"),
  smppResponseTimeout: duration({ min: 1_000, max: 600_000 })
    .default(30_000)
    .describe(
      "How long a client may take to answer enquire_link, before its connection is closed, and deliver_sm, before it gets it again",
    ),
  smppDefaultAlphabet: oneOf(defaultAlphabets)
    .default("gsm")
    .describe("What SMPP clients mean by data_coding 0: the GSM alphabet with one septet an octet, Latin-1, or ASCII"),
  smppPartsTimeout: duration({ min: 10_000, max: 3_600_000 })
    .default(600_000)
    .describe("How long the parts of a long message are waited for, from the first on, before it is given up"),
} as const;
