import { el, table, when } from "./elements.js";
import { percent } from "./format.js";

const STATES = {
  unknown: { word: "not known yet", sign: "○", tone: "idle" },
  room: { word: "room", sign: "●", tone: "good" },
  "near-end": { word: "near its end", sign: "!", tone: "warn" },
  "used-up": { word: "used up", sign: "✕", tone: "bad" },
};
const PERIODS = { day: "today", month: "this month" };
const REACTIONS = { wait: "messages wait", refuse: "messages are refused" };
/** Browsers colour it by these: little is good. */
const BAR = { min: 0, max: 1, low: 0.8, high: 0.999, optimum: 0 };
const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 });

/** What accounts may spend, and have: a card. */
export function accountBudgets(accounts) {
  return el(
    "section",
    { class: "card" },
    el("h2", {}, "Budgets"),
    table("Budgets by account, those that are used most first", COLUMNS, budgetRows(accounts), {
      empty: "No account has a budget.",
    }),
  );
}

/** A row a budget and period: what is used most comes first. */
export function budgetRows(accounts) {
  return accounts
    .flatMap(({ id, budget }) => (budget?.periods ?? []).map((use) => ({ id, ...budget, ...use })))
    .sort((a, b) => (b.used ?? 0) - (a.used ?? 0));
}

const COLUMNS = [
  { title: "Account", of: ({ id }) => id },
  { title: "Time", of: ({ period }) => PERIODS[period] },
  { title: "State", of: state },
  { title: "Budget", number: true, of: (row) => amount(row.most, row) },
  { title: "Spent", number: true, of: (row) => amount(row.spent, row) },
  { title: "Left", number: true, of: (row) => amount(row.left, row) },
  { title: "Used", of: used },
  { title: "Begins anew", of: ({ ends }) => when(ends) },
  { title: "At its end", of: ({ whenReached }) => REACTIONS[whenReached] },
];

function state({ state: name }) {
  const { word, sign, tone } = STATES[name];
  return el("span", { class: "condition", "data-tone": tone }, `${sign} ${word}`);
}

function amount(text, { currency }) {
  return text === null ? "–" : `${money.format(Number(text))} ${currency}`;
}

function used({ id, period, used: share }) {
  if (share === null) return "–";
  return el(
    "span",
    { class: "meter" },
    el("meter", { ...BAR, value: Math.min(1, share), "aria-label": `used by ${id} ${PERIODS[period]}` }),
    el("span", {}, percent(share)),
  );
}
