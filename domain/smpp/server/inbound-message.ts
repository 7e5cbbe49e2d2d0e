import { udhIndicator } from "../esm-class.ts";
import type { OutgoingShortMessage } from "../pdu.ts";
import type { SubmittedAddress } from "./read-submission.ts";

/** What a message from a handset, or a part of one, says. */
export interface InboundContent {
  /** data_coding (SMPP 3.4, 5.2.19). */
  readonly dataCoding: number;
  /** Whether the octets begin with a user data header. */
  readonly header: boolean;
  readonly octets: Uint8Array;
}

/** The deliver_sm of it (SMPP 3.4, 4.6.1): from the handset (`dest` of what the client sends) to the client's number (`source`). */
export function inboundMessage(
  { source, dest }: { readonly source: SubmittedAddress; readonly dest: SubmittedAddress },
  { dataCoding, header, octets }: InboundContent,
): OutgoingShortMessage {
  return {
    sourceAddrTon: dest.ton,
    sourceAddrNpi: dest.npi,
    sourceAddr: dest.address,
    destAddrTon: source.ton,
    destAddrNpi: source.npi,
    destinationAddr: source.address,
    esmClass: header ? udhIndicator : 0,
    dataCoding,
    shortMessage: octets,
  };
}
