import { networkTable } from "./network-table.ts";

/** Network codes as other systems write them (ITU-T E.212). */

const known: ReadonlySet<string> = new Set(networkTable.map(({ mccMnc }) => mccMnc));

/** Country and network code in one: `26201`, `262-01`, `262 01`. Undefined for anything else. */
export function readMccMnc(text: string): string | undefined {
  const [, mcc, mnc] = /^(\d{3})[-/ .:]?(\d{2,3})$/.exec(text.trim()) ?? [];
  return mcc === undefined ? undefined : mcc + mnc!;
}

/** `zerosLost`: the network code was a number, and has its zeros as the network is known. One digit never is whole. */
export function joinMccMnc(mcc: string, mnc: string, zerosLost = false): string {
  return mcc + (zerosLost || mnc.length < 2 ? withZeros(mcc, mnc) : mnc);
}

/** As the network is known, else as is usual there: three digits in the Americas' 3xx, two elsewhere. */
function withZeros(mcc: string, mnc: string): string {
  const [two, three] = [mnc.padStart(2, "0"), mnc.padStart(3, "0")];
  if (known.has(mcc + two) !== known.has(mcc + three)) return known.has(mcc + two) ? two : three;
  return mcc.startsWith("3") ? three : two;
}
