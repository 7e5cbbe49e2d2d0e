import { z } from "zod";
import { cOctets } from "./fields.ts";

/** Types of number and numbering plans that SMPP 3.4 knows (5.2.5, 5.2.6). */
const TONS = [0, 1, 2, 3, 4, 5, 6] as const;
const NPIS = [0, 1, 3, 4, 6, 8, 9, 10, 14, 18] as const;

/** What may stand before a destination's E.164 digits. */
export const destinationPrefixes = ["none", "plus", "00"] as const;

const ton = z.literal(TONS, `a type of number (SMPP 3.4, 5.2.5): ${TONS.join(", ")}`);
const npi = z.literal(NPIS, `a numbering plan (SMPP 3.4, 5.2.6): ${NPIS.join(", ")}`);

const numbering = (usualTon: (typeof TONS)[number], usualNpi: (typeof NPIS)[number]) =>
  z.strictObject({ ton: ton.default(usualTon), npi: npi.default(usualNpi) });

/** How a message centre wants the addresses of a submit_sm, and its service_type. What is left out is as most centres have it. */
export const smppAddresses = z.strictObject({
  /** 5.2.11: at most 5 octets and the closing one. */
  serviceType: cOctets(5).default(""),
  destination: numbering(1, 1)
    .extend({ prefix: z.enum(destinationPrefixes).default("none") })
    .prefault({}),
  /** Senders that are a name, a short code, a full number. */
  alphanumeric: numbering(5, 0).prefault({}),
  shortCode: numbering(3, 0).prefault({}),
  international: numbering(1, 1).prefault({}),
});

export type SmppAddresses = z.output<typeof smppAddresses>;

/** As most centres have it. */
export const USUAL_ADDRESSES: SmppAddresses = smppAddresses.parse({});

const PREFIXES = { none: "", plus: "+", "00": "00" } as const;

/** The destination_addr of E.164 digits. */
export function destinationAddress(digits: string, { destination }: SmppAddresses): string {
  return PREFIXES[destination.prefix] + digits;
}
