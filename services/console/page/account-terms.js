import { accountBudgets } from "./account-budgets.js";
import { el, table } from "./elements.js";
import { count } from "./format.js";

const REACTIONS = { next: "the next sender", wait: "messages wait", refuse: "messages are refused" };

/** Budgets, keys and caps as the catalog has them, with what has been used of them: three cards. */
export function accountTerms({ version, accounts, more, caps, wholeUsage }) {
  const from = version === 0 ? "As the console's files have them" : `As version ${version} of the catalog has them`;
  const left = more > 0 ? ` ${count(more)} more accounts are not shown.` : "";
  return [
    accountBudgets(accounts),
    el(
      "section",
      { class: "card" },
      el("h2", {}, "Keys and bounds"),
      table("Keys and bounds by account", ACCOUNT_COLUMNS, accounts, { empty: "The catalog has no accounts." }),
      el(
        "p",
        { class: "muted" },
        `${from}. Keys are shown by name; of the keys themselves only digests are kept.${left}`,
      ),
    ),
    el(
      "section",
      { class: "card" },
      el("h2", {}, "Caps of senders and campaigns"),
      table("Caps, and who has used most of them", CAP_COLUMNS, caps.flatMap(capRows), {
        empty: "The catalog has no caps.",
      }),
      caps.length === 0
        ? null
        : el(
            "p",
            { class: "muted" },
            "Of each cap the ten that have used most of it; routers say what they have counted each second.",
          ),
      wholeUsage
        ? null
        : el(
            "p",
            { class: "trouble" },
            "More than 50,000 counts are told. The figures here lack some of them and may be too low; what routers allow does not.",
          ),
    ),
  ];
}

const ACCOUNT_COLUMNS = [
  { title: "Account", of: ({ id }) => id },
  { title: "Name", of: ({ name }) => name },
  { title: "Keys", of: ({ keys }) => keys.join(", ") || "none" },
  { title: "Lanes", of: ({ lanes }) => lanes?.join(", ") ?? "all" },
  {
    title: "Messages a second",
    number: true,
    of: ({ maxPerSecond }) => (maxPerSecond === null ? "no bound" : `at most ${count(maxPerSecond)}`),
  },
  { title: "Sender, where none is named", of: ({ from }) => from ?? "–" },
  { title: "A message may cost", of: ({ maxPrice }) => priceInWords(maxPrice) },
];

const CAP_COLUMNS = [
  { title: "Cap", of: ({ cap }) => cap.id },
  { title: "Sender or campaign", of: usedBy },
  { title: "Accounts", of: ({ cap }) => cap.accounts?.join(", ") ?? "all" },
  { title: "This hour", number: true, of: ({ hour, cap }) => used(hour, cap.maxPerHour) },
  { title: "Today", number: true, of: ({ day, cap }) => used(day, cap.maxPerDay) },
  { title: "Counted are", of: ({ cap }) => cap.count },
  { title: "When it is reached", of: ({ cap }) => REACTIONS[cap.whenReached] },
];

function capRows(cap) {
  return cap.fullest.length === 0 ? [{ cap, hour: 0, day: 0 }] : cap.fullest.map((one) => ({ cap, ...one }));
}

/** Whose count it is. */
export function usedBy({ value, sharedBy, cap }) {
  if (value === undefined) return `no ${cap.of} has used it`;
  return sharedBy === null ? value : `other ${cap.of}s of ${sharedBy}`;
}

function used(value, most) {
  return most === null ? "–" : `${count(value)} of ${count(most)}`;
}

function priceInWords(price) {
  if (price === null) return "no bound";
  const { currency, amount, lanes, countries } = price;
  const others = Object.entries({ ...lanes, ...countries }).map(([name, most]) => `${name} ${most}`);
  const general = amount === null ? [] : [others.length === 0 ? amount : `${amount} in general`];
  return `${[...general, ...others].join(", ")} ${currency}`;
}
