import { type OutgoingTlv, octetTlv, tlvTag } from "../tlv.ts";

/** interface_version of a bind (SMPP 3.4, 5.2.4): 0x00 to 0x33 is 3.3 or earlier, 0x34 is 3.4, 0x50 is 5.0. */
const VERSION_3_4 = 0x34;
const VERSION_5_0 = 0x50;

/** A client of 3.3 knows neither optional parameters nor ids of more than eight characters. */
export function isBefore34(interfaceVersion: number): boolean {
  return interfaceVersion < VERSION_3_4;
}

export function is50(interfaceVersion: number): boolean {
  return interfaceVersion >= VERSION_5_0;
}

/** What a bind's answer says of this side's version, which is 3.4; nothing to clients that could not read it. */
export function versionTlvs(interfaceVersion: number): readonly OutgoingTlv[] | undefined {
  return isBefore34(interfaceVersion) ? undefined : [octetTlv(tlvTag.sc_interface_version, VERSION_3_4)];
}
