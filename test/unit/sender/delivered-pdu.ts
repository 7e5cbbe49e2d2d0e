import type { DeliverSmPdu } from "../../../domain/smpp/pdu.ts";
import { type DeliverTerms, readDeliverSm } from "../../../services/sender/deliver-sm.ts";

/** A deliver_sm from a handset to Sluice, and what differs in it. */
export function deliverSmPdu(change: Partial<DeliverSmPdu>): DeliverSmPdu {
  return {
    command: "deliver_sm",
    commandStatus: 0,
    sequence: 1,
    serviceType: "",
    sourceAddrTon: 1,
    sourceAddrNpi: 1,
    sourceAddr: "491711234567",
    destAddrTon: 5,
    destAddrNpi: 0,
    destinationAddr: "Sluice",
    esmClass: 0,
    protocolId: 0,
    priorityFlag: 0,
    scheduleDeliveryTime: "",
    validityPeriod: "",
    registeredDelivery: 0,
    replaceIfPresent: 0,
    dataCoding: 0,
    smDefaultMsgId: 0,
    shortMessage: Buffer.alloc(0),
    tlvs: [],
    ...change,
  };
}

export function readDelivered(change: Partial<DeliverSmPdu>, terms: DeliverTerms = {}) {
  return readDeliverSm(deliverSmPdu(change), "alpha", "as-is", 9, terms);
}
