import { el, table, when } from "./elements.js";
import { ask } from "./server.js";

/** Looks up what holds of a number: a card. */
export function consentLookup() {
  const number = el("input", {
    id: "said-stop",
    type: "tel",
    required: true,
    maxlength: 40,
    autocomplete: "off",
    placeholder: "+491713920012",
  });
  const answer = el("div", { role: "status" });
  const submit = async (event) => {
    event.preventDefault();
    answer.replaceChildren(el("p", { class: "muted" }, "Looking…"));
    try {
      answer.replaceChildren(...consentWords(await ask("/api/consent", { body: { number: number.value } })));
    } catch (error) {
      answer.replaceChildren(el("p", { class: "trouble", role: "alert" }, error.message));
    }
  };
  return el(
    "form",
    { class: "card search", submit },
    el("h2", {}, "Has somebody said stop?"),
    el("label", { for: "said-stop" }, "Number, in international form"),
    el("div", { class: "row" }, number, el("button", { type: "submit" }, "Look up")),
    answer,
  );
}

/** What is known of a number: a sentence, and a table of the words where there are any. */
export function consentWords({ number, words }) {
  return [
    el("p", {}, consentVerdict(number, words)),
    ...(words.length === 0
      ? []
      : [table(`What has been said of ${number}`, COLUMNS, words), el("p", { class: "muted" }, LANES)]),
  ];
}

/** One sentence: whether messages go. `words`: what holds for all accounts first. */
export function consentVerdict(number, words) {
  if (words.length === 0) return `Nobody has said anything of ${number}: messages go.`;
  if (words[0].account === null && words[0].suppressed) {
    const others = words.slice(1).filter(({ suppressed }) => !suppressed);
    if (others.length === 0) return `Nothing goes to ${number} from any account.`;
    return `Nothing goes to ${number}, but from ${names(others)}: they have said start to it since.`;
  }
  const stopped = words.filter(({ account, suppressed }) => account !== null && suppressed);
  if (stopped.length === 0) return `Messages go to ${number}.`;
  return `Nothing goes to ${number} from ${names(stopped)}; from other accounts messages go.`;
}

const LANES = "Lanes that an account's optOut leaves out go all the same.";

const names = (words) => words.map(({ account }) => account).join(", ");

const STATES = { opted_out: "stop", opted_in: "start" };
const SOURCES = {
  keyword: "the recipient, by a message",
  api: "the account, over the API",
  webhook: "the account, by a webhook",
  import: "an operator, by a file",
};

const COLUMNS = [
  { title: "Account", of: ({ account }) => account ?? "all accounts" },
  { title: "Last word", of: ({ state }) => STATES[state] ?? state },
  { title: "Said by", of: ({ source, detail }) => `${SOURCES[source] ?? source}${detail ? ` (${detail})` : ""}` },
  { title: "When", of: ({ at }) => when(at) },
  {
    title: "Messages",
    of: ({ suppressed }) =>
      el(
        "span",
        { class: "condition", "data-tone": suppressed ? "bad" : "good" },
        suppressed ? "✕ nothing goes" : "● go",
      ),
  },
];
