import type { Content } from "../catalog/content.ts";

/** Why a text does not go. Says which rule, never the text. */
export interface ContentVerdict {
  readonly code: "content-denied" | "content-not-allowed" | "content-domain";
  /** For people. */
  readonly reason: string;
}

interface Phrases {
  readonly id: string;
  readonly phrases: readonly (readonly string[])[];
}

/** The content rules of an account, ready for use. What they cost grows with the text and with each phrase, never faster. */
export class ContentRules {
  readonly mode: Content["mode"];
  private readonly allow: readonly Phrases[];
  private readonly deny: readonly Phrases[];
  private readonly onlyAllowed: boolean;
  private readonly domains: readonly string[] | undefined;

  constructor({ mode, allow, deny, onlyAllowed, domains }: Content) {
    this.mode = mode;
    this.allow = allow.map(folded);
    this.deny = deny.map(folded);
    this.onlyAllowed = onlyAllowed;
    this.domains = domains?.map(fold);
  }

  /** Undefined: the text may go. */
  judge(text: string): ContentVerdict | undefined {
    const plain = fold(text);
    const words = plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
    const foreign = this.domains === undefined ? undefined : linkedDomains(plain).find((one) => !this.isOwn(one));
    if (foreign !== undefined)
      return { code: "content-domain", reason: "content: a link leads to a domain that domains does not name" };
    if (this.allow.some((rule) => holds(rule, words))) return undefined;
    const denied = this.deny.find((rule) => holds(rule, words));
    if (denied !== undefined) return { code: "content-denied", reason: `content: rule ${denied.id} denies it` };
    if (!this.onlyAllowed) return undefined;
    return { code: "content-not-allowed", reason: "content: no rule of allow holds, and onlyAllowed is set" };
  }

  private isOwn(domain: string): boolean {
    return this.domains!.some((own) => domain === own || domain.endsWith(`.${own}`));
  }
}

/** Letters that look the same in another width or with capitals are the same. */
function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

function folded({ id, phrases }: Content["deny"][number]): Phrases {
  return { id, phrases: phrases.map((phrase) => fold(phrase).split(" ")) };
}

function holds({ phrases }: Phrases, words: readonly string[]): boolean {
  return phrases.some((phrase) => {
    for (let at = 0; at + phrase.length <= words.length; at++)
      if (phrase.every((pattern, i) => matches(pattern, words[at + i]!))) return true;
    return false;
  });
}

/** A word against a pattern with `*` and `?`: at worst the product of their lengths, since only the last `*` is gone back to. */
export function matches(pattern: string, word: string): boolean {
  let p = 0;
  let star = -1;
  let from = 0;
  for (let w = 0; w < word.length; ) {
    if (p < pattern.length && pattern[p] !== "*" && (pattern[p] === "?" || pattern[p] === word[w])) {
      p++;
      w++;
    } else if (pattern[p] === "*") {
      star = p++;
      from = w;
    } else if (star >= 0) {
      p = star + 1;
      w = ++from;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** The domains of all links of a folded text, with and without a scheme. */
export function linkedDomains(text: string): string[] {
  const domains: string[] = [];
  for (const token of text.split(/[\s<>()[\]{}"',;|]+/u)) {
    const scheme = token.indexOf("://");
    const host = hostOf(scheme < 0 ? token : token.slice(scheme + 3));
    const labels = host.split(".");
    const top = labels.at(-1) ?? "";
    const named = labels.length > 1 && labels.every((label) => /^[\p{L}\p{N}-]{1,63}$/u.test(label));
    // An amount or a time is no link; an address of numbers with a scheme is.
    if (scheme >= 0 ? host !== "" : named && /^(?:\p{L}{2,}|xn--[\p{N}\p{L}-]+)$/u.test(top)) domains.push(host);
  }
  return domains;
}

function hostOf(address: string): string {
  const end = address.search(/[/?#\\]/);
  const authority = end < 0 ? address : address.slice(0, end);
  const host = authority.slice(authority.lastIndexOf("@") + 1).split(":")[0]!;
  return host.replace(/[.!]+$/, "");
}
