import { commandId, headerOctets } from "../../../domain/smpp/command-id.ts";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import { encodePdu } from "../../../domain/smpp/pdu-encoder.ts";
import type { Random } from "../behaviour/random-source.ts";

/** The response in whose place, or before which, a malformed PDU stands. */
export interface RespondedSubmit {
  readonly sequence: number;
  readonly status: number;
  readonly messageId: string;
}

/** These stand in place of a submit_sm_resp and have its sequence number. */
const inPlaceKinds = ["without-nul", "without-id", "cut-off-parameter", "strange-parameter"] as const;
/** Kinds after which the next PDU is still found; the last two come before the response and do no more harm. */
export const framedKinds = [...inPlaceKinds, "unknown-command", "cut-off-deliver"] as const;
/** Kinds after which nobody can say any more where a PDU begins. */
export const streamBreakingKinds = ["length-below-header", "length-beyond-limit", "garbage", "swallowing"] as const;
/** What real centres have sent. */
export const malformedKinds = [...framedKinds, ...streamBreakingKinds] as const;
export type MalformedKind = (typeof malformedKinds)[number];

const inPlace: ReadonlySet<MalformedKind> = new Set(inPlaceKinds);

/** Whether the kind stands in place of the response; otherwise before it. */
export function standsForResponse(kind: MalformedKind): boolean {
  return inPlace.has(kind);
}

/** A command_id that no version of the protocol has. */
const unknownCommand = 0x00000999;
/** A length that the framer has to believe: what follows is taken for the rest of this PDU. */
const swallowingOctets = 60_000;
const garbageOctets = 48;

/** The octets of a malformed PDU. */
export function malformedPdu(kind: MalformedKind, response: RespondedSubmit, random: Random): Buffer {
  const { sequence, status, messageId } = response;
  const id = Buffer.from(status === 0 ? messageId : "", "latin1");
  const respond = (body: Buffer): Buffer => pdu(commandId.submit_sm_resp, status, sequence, body);
  const nul = Buffer.alloc(1);
  switch (kind) {
    case "without-nul":
      return respond(id);
    case "without-id":
      return respond(nul);
    case "cut-off-parameter":
      return respond(Buffer.concat([id, nul, Buffer.from("142000ff01", "hex")]));
    case "strange-parameter":
      return respond(Buffer.concat([id, nul, Buffer.from("3ffe0003010203" + "00000000", "hex")]));
    case "unknown-command":
      return pdu(unknownCommand, 0, sequence, Buffer.alloc(7, 0xaa));
    case "cut-off-deliver":
      return pdu(commandId.deliver_sm, 0, sequence, Buffer.from("0001013439", "hex"));
    case "length-below-header":
      return lengthOnly(headerOctets - 1);
    case "length-beyond-limit":
      return lengthOnly(0xffffffff);
    case "garbage":
      return Buffer.from(
        Array.from({ length: garbageOctets }, (_, at) => Math.floor(random() * 256) | (at === 0 ? 0x80 : 0)),
      );
    case "swallowing":
      return lengthOnly(swallowingOctets);
  }
}

function pdu(id: number, status: number, sequence: number, body: Buffer): Buffer {
  const octets = Buffer.alloc(headerOctets + body.length);
  octets.writeUInt32BE(octets.length, 0);
  octets.writeUInt32BE(id, 4);
  octets.writeUInt32BE(status, 8);
  octets.writeUInt32BE(sequence, 12);
  body.copy(octets, headerOctets);
  return octets;
}

/** A header whose command_length is not true. */
function lengthOnly(length: number): Buffer {
  const octets = encodePdu({ command: "generic_nack", commandStatus: commandStatus.ESME_ROK, sequence: 1 });
  octets.writeUInt32BE(length, 0);
  return octets;
}
