import { asked } from "../asked.js";
import { el, setText } from "../elements.js";
import { moment } from "../format.js";

const STATES = {
  firing: { sign: "✕", tone: "bad" },
  pending: { sign: "◐", tone: "warn" },
  resolved: { sign: "●", tone: "good" },
};
const CALLS = { nobody: "Nobody is called.", webhook: "A webhook is called.", slack: "A chat is called." };
const CALLER = {
  elsewhere: "Another console calls.",
  nobody: "Nobody calls yet: it is not settled which console does.",
};

/** The alert rules that hold now, with what is to be done. */
export function show(container, { live }) {
  const alerts = asked(() => "/api/alerts", render, { everyMs: 5_000 });
  container.append(el("h1", {}, "Alerts"), alerts.element);
  let counts;
  const stop = live.listen((state) => {
    const now = JSON.stringify(state?.alerts);
    if (now !== counts) alerts.load();
    counts = now;
  });
  return () => {
    stop();
    alerts.close();
  };
}

function render(body, { watched, rules, at, alerts, leftOut, calls }) {
  const called = `${calls.to === "nobody" ? CALLS.nobody : (CALLER[calls.by] ?? CALLS[calls.to])}${calls.waiting > 0 ? ` ${calls.waiting} words wait.` : ""}${calls.trouble === null ? "" : ` ${calls.trouble}.`}`;
  const words =
    watched === 0
      ? "SLUICE_CONSOLE_METRICS names no metrics pages."
      : `${rules} rules on ${watched} metrics pages${at === null ? "" : `, as of ${moment(at, { date: false })}`}. ${called}`;
  // Only figures may have changed: what one has marked to copy it stays marked.
  const key = JSON.stringify([leftOut, at === null, alerts.map(({ value: _, summary: __, ...alert }) => alert)]);
  if (body.dataset.key !== key) {
    body.dataset.key = key;
    body.replaceChildren(
      alerts.length === 0 ? el("p", { class: "card" }, nothing(watched, at)) : el("div", {}, alerts.map(alertCard)),
      el("p", { class: "muted", id: "watched" }),
      leftOut > 0
        ? el("p", { class: "trouble" }, `${leftOut} series or alerts were left out: there are too many.`)
        : "",
    );
  }
  const summaries = body.querySelectorAll(".alert .outcome");
  for (const [index, { summary }] of alerts.entries()) setText(summaries[index], summary);
  setText(body.querySelector("#watched"), words);
}

function nothing(watched, at) {
  if (watched === 0) return "Nothing is watched here.";
  return at === null ? "The rules are about to be evaluated." : "No alert fires, none is pending.";
}

function alertCard({ name, severity, labels, state, activeSince, firingSince, resolvedAt, summary, runbook }) {
  const { sign, tone } = STATES[state];
  const since = firingSince ?? activeSince;
  const time = resolvedAt === undefined ? `since ${moment(since)}` : `${moment(since)} to ${moment(resolvedAt)}`;
  const marks = Object.entries(labels).map(([label, value]) => `${label}: ${value}`);
  return el(
    "section",
    { class: "card alert", "data-place": [name, severity, ...marks].join(" ") },
    el("h2", {}, el("span", { class: "condition", "data-tone": tone }, `${sign} ${state}`), ` ${name}`),
    el("p", { class: "outcome" }, summary),
    el("p", { class: "muted" }, [severity, time, ...marks].join(" · ")),
    runbook === null
      ? null
      : el(
          "details",
          { open: state === "firing" },
          el("summary", {}, "What to do"),
          runbook.split("\n\n").map((paragraph) => el("p", {}, paragraph)),
        ),
  );
}
