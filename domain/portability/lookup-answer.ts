import type { Lookup } from "../catalog/lookup.ts";
import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import { joinMccMnc, readMccMnc } from "../numbers/network-code.ts";

/** What a look-up's answer says of a number. `unusable`: nothing that can be understood; `reason` is for people and repeats none of it. */
export type LookupAnswer =
  | { readonly kind: "network"; readonly mccMnc: string }
  | { readonly kind: "unknown" }
  | { readonly kind: "unusable"; readonly reason: string };

const UNKNOWN: LookupAnswer = { kind: "unknown" };

/** `country`: of the number asked for, which a network abroad cannot have. */
export function readLookupAnswer(
  { answer, unknown }: Pick<Lookup, "answer" | "unknown">,
  status: number,
  text: string,
  country: string,
): LookupAnswer {
  if (unknown.statuses.includes(status)) return UNKNOWN;
  if (status < 200 || status > 299) return unusable(`status ${status}`);
  const body = parsed(text);
  if (body === undefined) return unusable("not JSON");
  if (unknown.path !== undefined && unknown.values!.includes(String(at(body, unknown.path)))) return UNKNOWN;
  const codes =
    "mccMnc" in answer ? oneCode(at(body, answer.mccMnc)) : twoCodes(at(body, answer.mcc), at(body, answer.mnc));
  if (typeof codes !== "string") return codes;
  const countries = countriesOfMobileCode(codes.slice(0, 3));
  if (countries === undefined) return unusable("a mobile country code that is not assigned");
  return countries.includes(country) ? { kind: "network", mccMnc: codes } : unusable("a network of another country");
}

function unusable(reason: string): LookupAnswer {
  return { kind: "unusable", reason };
}

/** Undefined where it is no JSON: JSON has no undefined. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function at(body: unknown, path: string): unknown {
  let value = body;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Empty fields say that the network is not known; missing ones that the answer is another one than the catalog says. */
const isEmpty = (value: unknown) => value === null || value === "";

function oneCode(value: unknown): string | LookupAnswer {
  if (isEmpty(value)) return UNKNOWN;
  if (value === undefined) return unusable("answer.mccMnc: not there");
  return readMccMnc(plain(value)) ?? unusable("answer.mccMnc: no country and network code");
}

function twoCodes(mcc: unknown, mnc: unknown): string | LookupAnswer {
  if (isEmpty(mcc) || isEmpty(mnc)) return UNKNOWN;
  if (mcc === undefined) return unusable("answer.mcc: not there");
  if (mnc === undefined) return unusable("answer.mnc: not there");
  const [country, network] = [plain(mcc), plain(mnc)];
  if (!/^\d{3}$/.test(country)) return unusable("answer.mcc: no mobile country code");
  if (!/^\d{1,3}$/.test(network)) return unusable("answer.mnc: no mobile network code");
  return joinMccMnc(country, network, typeof mnc === "number");
}

function plain(value: unknown): string {
  if (typeof value === "string") return value.trim();
  return typeof value === "number" && Number.isInteger(value) ? String(value) : "?";
}
