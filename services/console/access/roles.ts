/** What a person may do: each role may do what those before it may. */
export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Somebody who has logged in. */
export interface Person {
  readonly name: string;
  readonly role: Role;
}

/** Whether the role may do what needs another one. */
export function mayAs(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Octets at the end of a number that viewers see; what tells countries and providers' ranges apart stands in front. */
const SHOWN_LAST = 2;
const SHOWN_FIRST = 5;

/** A number as the role may see it: whole for operators, `+49171…12` for viewers. `number`: E.164, with or without the plus. */
export function shownNumber(number: string, role: Role): string {
  const digits = number.replace(/^\+/, "");
  if (mayAs(role, "operator")) return `+${digits}`;
  if (digits.length <= SHOWN_FIRST + SHOWN_LAST) return "+…";
  return `+${digits.slice(0, SHOWN_FIRST)}…${digits.slice(-SHOWN_LAST)}`;
}

/** Up to so many digits may be a short code; more in all are somebody's number, however it is spelt. */
const SHORT_CODE_DIGITS = 8;

/** Whether an address or a search is a person's number, with or without words and signs around it, and no short code or name. */
export function isSubscriber(address: string): boolean {
  return address.replaceAll(/\D/g, "").length > SHORT_CODE_DIGITS;
}

/** A sender or another address as the role may see it: `whatsapp:+49171…12` for viewers; names and short codes are whole. */
export function shownAddress(address: string, role: Role): string {
  if (!isSubscriber(address)) return address;
  if (/^\+?[1-9]\d+$/.test(address)) return shownNumber(address, role);
  if (mayAs(role, "operator")) return address;
  return address.replace(/\+?\d.*\d/s, (number) => {
    const shown = shownNumber(number.replaceAll(/\D/g, ""), role);
    return number.startsWith("+") ? shown : shown.slice(1);
  });
}
