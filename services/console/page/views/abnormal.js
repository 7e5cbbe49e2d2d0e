import { asked } from "../asked.js";
import { el, table, when } from "../elements.js";
import { amounts, count } from "../format.js";

/** What is abnormal in the traffic of accounts and providers, the newest word first. */
export function show(container) {
  const rows = asked(() => "/api/abnormal", render, { everyMs: 15_000 });
  container.append(
    el("h1", {}, "Abnormal traffic"),
    el("section", { class: "card", "aria-label": "Suspicions that go on" }, rows.element),
  );
  return () => rows.close();
}

function render(body, { open, more, silent }) {
  const notes = [
    more > 0 ? `${count(more)} further ones are not shown.` : "",
    silent > 0 ? `Of ${count(silent)} nothing was said for half an hour: is an analytics-sink watching?` : "",
    "Score: how surprising it is, as a logarithm; from 30 on a warning, from 60 critical. Nothing acts on it.",
  ];
  body.replaceChildren(
    table(
      "Suspicions, the newest word first",
      [
        { title: "Kind", of: ({ kind, level }) => `${kind} (${level})` },
        { title: "Whose", of: whose },
        {
          title: "Range or sender",
          of: ({ range, sender }) => [range, sender].filter((one) => one !== null).join(", ") || "–",
        },
        { title: "Why", of: ({ words }) => words },
        { title: "Score", number: true, of: ({ score }) => count(score) },
        { title: "An hour", number: true, of: ({ hourly }) => amounts(hourly) },
        { title: "Since", of: ({ since }) => when(since) },
        { title: "Seen last", of: ({ seenAt }) => when(seenAt) },
      ],
      open,
      { empty: "Nothing abnormal is going on." },
    ),
    el("p", { class: "muted" }, notes.filter((note) => note !== "").join(" ")),
  );
}

function whose({ kind, account, provider, country }) {
  const named = [
    // Nobody in particular pumps where many do so together.
    account !== null ? `account ${account}` : kind === "pumping" ? "many accounts" : "",
    provider === null ? "" : `provider ${provider}`,
    country ?? "",
  ];
  return named.filter((one) => one !== "").join(", ");
}
