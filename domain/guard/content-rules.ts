import type { Content } from "../catalog/content.ts";
import { foldText, plainText } from "./fold-text.ts";
import { domainKey, linkedDomains } from "./linked-domains.ts";

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

const BETWEEN_WORDS = /[^\p{L}\p{N}\p{M}]+/u;

/** The content rules of an account, ready for use. What they cost grows with the text and with each phrase, never faster. */
export class ContentRules {
  readonly mode: Content["mode"];
  private readonly allow: readonly Phrases[];
  private readonly deny: readonly Phrases[];
  private readonly onlyAllowed: boolean;
  /** By their keys. */
  private readonly domains: ReadonlySet<string> | undefined;
  /** Characters of the longest of them. */
  private readonly longest: number;

  constructor({ mode, allow, deny, onlyAllowed, domains }: Content) {
    this.mode = mode;
    this.allow = allow.map(folded);
    this.deny = deny.map(folded);
    this.onlyAllowed = onlyAllowed;
    this.domains = domains === undefined ? undefined : new Set(domains.map((name) => domainKey(plainText(name))));
    this.longest = Math.max(0, ...[...(this.domains ?? [])].map(({ length }) => length));
  }

  /** Undefined: the text may go. */
  judge(text: string): ContentVerdict | undefined {
    const foreign =
      this.domains !== undefined &&
      linkedDomains(plainText(text)).some((one) => !isOf(one, this.domains!, this.longest));
    if (foreign)
      return { code: "content-domain", reason: "content: a link leads to a domain that domains does not name" };
    if (this.allow.length + this.deny.length === 0) return undefined;
    const words = foldText(text)
      .split(BETWEEN_WORDS)
      .filter((word) => word !== "");
    if (this.allow.some((rule) => holds(rule, words))) return undefined;
    const denied = this.deny.find((rule) => holds(rule, words));
    if (denied !== undefined) return { code: "content-denied", reason: `content: rule ${denied.id} denies it` };
    if (!this.onlyAllowed) return undefined;
    return { code: "content-not-allowed", reason: "content: no rule of allow holds, and onlyAllowed is set" };
  }
}

/** The domain or one above it; `longest`: more characters than these have none of them. */
function isOf(domain: string, domains: ReadonlySet<string>, longest: number): boolean {
  for (let at = 0; at >= 0; at = domain.indexOf(".", at) + 1 || -1)
    if (domain.length - at <= longest && domains.has(domain.slice(at))) return true;
  return false;
}

function folded({ id, phrases }: Content["deny"][number]): Phrases {
  return { id, phrases: phrases.map((phrase) => foldText(phrase).split(" ")) };
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
      w += pattern[p] === "?" ? characterAt(word, w) : 1;
      p++;
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

/** UTF-16 units of a character. */
function characterAt(word: string, at: number): number {
  return word.codePointAt(at)! > 0xffff ? 2 : 1;
}
