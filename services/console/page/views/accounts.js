import { accountTerms } from "../account-terms.js";
import { asked, deliveredShare, perDelivered, spanChoice } from "../asked.js";
import { el, table, when } from "../elements.js";
import { amounts, count, millis, percent } from "../format.js";

const COLUMNS = (title) => [
  { title, of: ({ name }) => name },
  { title: "Submitted", number: true, of: ({ submitted }) => count(submitted) },
  { title: "Segments", number: true, of: ({ segments }) => count(segments) },
  { title: "Delivered", number: true, of: (row) => percent(deliveredShare(row)) },
  { title: "To receipt", number: true, of: ({ receiptMs }) => millis(receiptMs?.p50) },
  { title: "Cost", number: true, of: ({ costs }) => amounts(costs) },
  { title: "Per delivered", number: true, of: perDelivered },
];

const WAITS = {
  scheduled: "the time that they were handed in for",
  "quiet-hours": "the end of their recipients' quiet hours",
  "consent-unknown": "a sender that knows what their recipients have said",
};

const WAITING_COLUMNS = [
  { title: "Account", of: ({ account }) => account },
  { title: "Messages", number: true, of: ({ messages }) => count(messages) },
  { title: "They wait for", of: ({ code }) => WAITS[code] ?? code },
  { title: "The first is due", of: ({ next }) => when(next) },
];

/** What each account used, and where to, may use, and has handed in for later. */
export function show(container) {
  const span = spanChoice(() => {
    accounts.load();
    countries.load();
  });
  const part = (path, title) =>
    asked(
      () => `${path}?span=${span.value()}`,
      (body, rows) =>
        body.replaceChildren(
          table(`By ${title.toLowerCase()}`, COLUMNS(title), rows, { empty: "Nothing was sent in this time." }),
        ),
      { everyMs: 15_000 },
    );
  const accounts = part("/api/accounts", "Account");
  const countries = part("/api/countries", "Country");
  const terms = asked(
    () => "/api/account-terms",
    (body, answer) => body.replaceChildren(...accountTerms(answer)),
    { everyMs: 30_000 },
  );
  const waiting = asked(
    () => "/api/scheduled",
    (body, rows) =>
      body.replaceChildren(
        table("Messages that wait for their time, by account", WAITING_COLUMNS, rows, {
          empty: "No message waits for its time.",
        }),
      ),
    { everyMs: 60_000 },
  );
  container.append(
    el("div", { class: "head" }, el("h1", {}, "Accounts and usage"), span.element),
    el("section", { class: "card" }, el("h2", {}, "By account"), accounts.element),
    el("section", { class: "card" }, el("h2", {}, "By country"), countries.element),
    terms.element,
    el("section", { class: "card" }, el("h2", {}, "Waiting for their time"), waiting.element),
  );
  return () => {
    accounts.close();
    countries.close();
    terms.close();
    waiting.close();
  };
}
