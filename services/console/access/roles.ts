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
