import { is50 } from "./interface-version.ts";

/** registered_delivery (SMPP 3.4, 5.2.17): bits 0 and 1 ask for the final receipt, bit 4 for notifications on the way. */
const FINAL = 0x03;
const ON_FAILURE = 0x02;
const ON_SUCCESS = 0x03;
const INTERMEDIATE = 0x10;

/** What a submission asks to be told. */
export interface AskedReceipts {
  readonly delivered: boolean;
  readonly failed: boolean;
  readonly intermediate: boolean;
}

/**
 * Bits are tested one by one: clients set others beside them. Both low bits are reserved in 3.4, and read there as "whatever comes of it"; 5.0
 * makes them "only when it is delivered".
 */
export function askedReceipts(registeredDelivery: number, interfaceVersion: number): AskedReceipts {
  const final = registeredDelivery & FINAL;
  return {
    delivered: final !== 0 && final !== ON_FAILURE,
    failed: final !== 0 && !(final === ON_SUCCESS && is50(interfaceVersion)),
    intermediate: (registeredDelivery & INTERMEDIATE) !== 0,
  };
}

/** The same as one octet that means one thing in every version: bit 0 delivered, bit 1 failed, bit 4 intermediate. */
export function packAsked({ delivered, failed, intermediate }: AskedReceipts): number {
  return (delivered ? 1 : 0) + (failed ? 2 : 0) + (intermediate ? INTERMEDIATE : 0);
}

export function unpackAsked(packed: number): AskedReceipts {
  return {
    delivered: (packed & 1) !== 0,
    failed: (packed & 2) !== 0,
    intermediate: (packed & INTERMEDIATE) !== 0,
  };
}
