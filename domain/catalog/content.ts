import { z } from "zod";
import { foldText, plainText } from "../guard/fold-text.ts";
import { domainKey } from "../guard/linked-domains.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import { kebabId } from "./fields.ts";

/** Words, each of letters, digits, `*` for any letters and digits and `?` for one of them. */
const WORDS = /^[\p{L}\p{N}\p{M}*?]+(?: [\p{L}\p{N}\p{M}*?]+)*$/u;
const MATCHES_NOTHING = "matches nothing: one of its signs, such as a fraction, is no letter or digit in a text";
const NO_DOMAIN = "no link can lead there: it is no domain (IDNA)";

const phrase = z
  .string()
  .min(2)
  .max(60, "60 characters at the most")
  .regex(WORDS, "words of letters, digits, * and ?, with one blank between them")
  .refine((text) => /[\p{L}\p{N}]/u.test(text), "matches anything: no letter and no digit");

const contentRule = z.strictObject({
  /** Stands on the events of messages that it decides about. */
  id: kebabId,
  /** Any of these, capitals or not, as words that follow each other. */
  phrases: z.array(phrase).min(1).max(100, "100 phrases at the most"),
});

const domain = z
  .string()
  .max(253)
  .regex(
    /^(?:[\p{L}\p{N}\p{M}_-]{1,63}\.)+[\p{L}\p{N}\p{M}-]{2,63}$/u,
    "a domain such as example.com, without https:// and path",
  );

/** What texts of an account may hold. */
export const contentSchema = z
  .strictObject({
    /** Whether a message is stopped, or only its event says that it would have been. */
    mode: z.enum(["monitor", "filter"]).default("monitor"),
    /** A text that one of these matches goes, whatever `deny` says. */
    allow: z.array(contentRule).max(50, "50 rules at the most").default([]),
    /** Nothing goes that no rule of `allow` matches. */
    onlyAllowed: z.boolean().default(false),
    deny: z.array(contentRule).max(50, "50 rules at the most").default([]),
    /** Links may lead to these domains and those below them, and nowhere else; anywhere if absent. */
    domains: z.array(domain).max(100, "100 domains at the most").optional(),
  })
  .superRefine(({ allow, deny, domains, onlyAllowed }, context) => {
    const say = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
    const ids = new Set<string>();
    for (const [list, rules] of Object.entries({ allow, deny }))
      for (const [index, { id }] of rules.entries()) {
        if (ids.has(id)) say([list, index, "id"], `"${id}" is also another rule`);
        ids.add(id);
      }
    if (onlyAllowed && allow.length === 0) say(["onlyAllowed"], "nothing is allowed: no message goes");
    if (allow.length + deny.length === 0 && domains === undefined) say([], "says nothing: allow, deny or domains");
    const phrases = [...allow, ...deny].reduce((sum, rule) => sum + rule.phrases.length, 0);
    if (phrases > 200) say([], `has ${phrases} phrases: 200 at the most, each message is compared with all`);
  });

export type Content = z.output<typeof contentSchema>;

/** What of a content rule no text can match. A catalog that holds such has been accepted before: it must stay readable. */
export function contentWarnings({
  accounts,
}: {
  readonly accounts: readonly { readonly content?: Content | undefined }[];
}): CatalogProblem[] {
  return accounts.flatMap(({ content }, index) => {
    if (content === undefined) return [];
    const at = ["accounts", index, "content"];
    return [
      ...(["allow", "deny"] as const).flatMap((list) =>
        content[list].flatMap(({ phrases }, rule) =>
          phrases.flatMap((text, i) =>
            WORDS.test(foldText(text)) ? [] : [problemAt([...at, list, rule, "phrases", i], MATCHES_NOTHING)],
          ),
        ),
      ),
      ...(content.domains ?? []).flatMap((name, i) =>
        domainKey(plainText(name)) === "" ? [problemAt([...at, "domains", i], NO_DOMAIN)] : [],
      ),
    ];
  });
}
