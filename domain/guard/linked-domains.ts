/** The domains that the links of a text lead to, as handsets and browsers find them. */
import { domainToASCII } from "node:url";
import { withoutEnd } from "../text/without-end.ts";
import { withoutJoiners } from "./fold-text.ts";

/** What ends a link on either side: blanks, brackets, quotes of any script, and what lists are made with. */
const BETWEEN = /[\p{Z}\p{Cc}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\s"'`´<>,;|]+/u;
/** "evil[.]net", "evil(dot)net": written so that filters do not see it. */
const DOT_IN_BRACKETS = /[([{]\s?(?:\.|dot)\s?[)\]}]/gi;
/** Full stops of other scripts, which browsers take for dots; the others are dots by NFKC. */
const OTHER_DOTS = /[\u3002\uff61]/g;
/** What is neither of a domain's labels nor between them. */
const NO_DOMAIN = /([^\p{L}\p{N}\p{M}\p{Join_Control}_.-]+)/u;
/** A character before the "@" of an address. */
const LOCAL_PART = /^[\p{L}\p{N}\p{M}._%+-]$/u;
/** A character that no host ends with. */
const BEHIND_HOST = /^[^\p{L}\p{N}\p{M}_-]$/u;
const NUMBERS = /^[\d.]+$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const TOP = /^(?:[a-z]{2,63}|xn--[a-z0-9-]+)$/;
const PORT = /^:\d/;

/**
 * The ASCII form (IDNA) in which two spellings of one domain are the same: capitals, scripts and punycode; without a dot at its end. Empty where
 * it can be no domain.
 */
export function domainKey(name: string): string {
  const ascii = domainToASCII(name) || domainToASCII(withoutJoiners(name));
  return ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
}

/**
 * Domains and addresses of all links of a plain text (`plainText`), by their keys, each as often as it stands there. With a scheme, whichever
 * it is, everything is a link, also what is no domain; without one what has a dot between letters and ends as domains do: an amount or a time does not.
 */
export function linkedDomains(plain: string): string[] {
  const dotted = plain.replace(OTHER_DOTS, ".").replace(DOT_IN_BRACKETS, ".");
  const domains: string[] = [];
  if (!dotted.includes(".") && !/:[\\/]{2}/.test(dotted)) return domains;
  // An address of version 6 stands in brackets, which end a link otherwise.
  for (const [, address] of dotted.matchAll(/:[\\/]{2}[^\s\\/]*(\[[\da-f:.]+\])/gi)) domains.push(address!);
  for (const token of dotted.split(BETWEEN)) addLinks(token, domains);
  return domains;
}

/** A token is what stands between slashes, one after the other: behind the first domain it is a path. */
function addLinks(token: string, domains: string[]): void {
  if (!token.includes(".") && !token.includes(":")) return;
  const pieces = token.split(/([\\/?#]+)/);
  for (let i = 0; i < pieces.length; i += 2) {
    const [piece, slashes = ""] = [pieces[i]!, pieces[i + 1]];
    const found = domains.length;
    addBare(piece, slashes, domains);
    if (piece.endsWith(":") && /^[\\/]{2}/.test(slashes)) {
      const host = hostOf(pieces[i + 2] ?? "");
      if (host !== "") domains.push(domainKey(host) || host);
      return;
    }
    if (domains.length > found) return;
  }
}

/** Of an authority (RFC 3986): without user, port, and what a sentence puts behind it. */
function hostOf(authority: string): string {
  const host = authority.slice(authority.lastIndexOf("@") + 1).split("..")[0]!;
  return withoutEnd(host, BEHIND_HOST).replace(/:\d*$/, "");
}

function addBare(piece: string, slashes: string, domains: string[]): void {
  if (!piece.includes(".")) return;
  const halves = piece.split("@");
  const text = halves.map((half, i) => (i < halves.length - 1 ? withoutEnd(half, LOCAL_PART) : half)).join(" ");
  // Labels and dots, and every other time what is between them.
  const parts = text.split(NO_DOMAIN);
  for (let i = 0; i < parts.length; i += 2) {
    const between = parts[i + 1];
    addRuns(parts[i]!, between === undefined ? slashes : between + parts[i + 2]!.slice(0, 1), domains);
  }
}

/** `part`: labels and dots in any order; `after`: what follows, so far as it says whether numbers are an address. */
function addRuns(part: string, after: string, domains: string[]): void {
  const address = PORT.test(after) || /^[\\/?#]/.test(after);
  const runs = part
    .split("..")
    .map((run) => run.slice(run.startsWith(".") ? 1 : 0, run.endsWith(".") ? -1 : undefined));
  for (const [i, run] of runs.entries()) {
    if (!run.includes(".")) continue;
    if (NUMBERS.test(run)) {
      if (address && i === runs.length - 1 && !part.endsWith(".") && IPV4.test(run)) domains.push(run);
      continue;
    }
    const key = domainKey(run);
    const labels = key.split(".");
    if (TOP.test(labels.at(-1)!) && labels.every((label) => label !== "" && label.length <= 63)) domains.push(key);
  }
}
