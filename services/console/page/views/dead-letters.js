import { asked } from "../asked.js";
import { el, table, when } from "../elements.js";
import { count } from "../format.js";
import { showLetter } from "../letter-dialog.js";
import { letterFilter } from "../letter-filter.js";
import { replayPanel } from "../replay-panel.js";

/** Records that could not be processed, and why. */
export function show(container, { person }) {
  const filter = letterFilter(() => rows.load());
  const trouble = el("p", { class: "trouble", role: "alert" });
  const open = async (letter) => {
    trouble.textContent = "";
    await showLetter(letter, person).catch((error) => {
      trouble.textContent = error.message;
    });
  };
  const render = (body, { reasons, letters, matched }) => {
    filter.offer(reasons);
    body.replaceChildren(
      letterTable(letters, open),
      matched > letters.length
        ? el("p", { class: "muted" }, `The newest ${count(letters.length)} of ${count(matched)}.`)
        : "",
    );
  };
  const rows = asked(() => `/api/dead-letters?${filter.query()}`, render, { everyMs: 15_000 });
  container.append(
    el("div", { class: "head" }, el("h1", {}, "Dead letters"), filter.head),
    el("section", { class: "card", "aria-label": "Which letters" }, filter.more),
    trouble,
    el("section", { class: "card", "aria-label": "Dead letters" }, rows.element),
  );
  const replay = person.role === "viewer" ? undefined : replayPanel(() => filter.body());
  if (replay !== undefined) container.append(replay.element);
  return () => {
    rows.close();
    replay?.close();
  };
}

function letterTable(letters, open) {
  return table(
    "Dead letters, the newest first",
    [
      { title: "When", of: ({ at }) => when(at) },
      {
        title: "Letter",
        of: ({ letter }) =>
          el(
            "button",
            { type: "button", class: "small", "aria-label": `Show letter ${letter}`, click: () => open(letter) },
            letter,
          ),
      },
      { title: "Reason", of: (row) => `${row.reason}${row.replayed ? " (replayed)" : ""}` },
      { title: "What was wrong", of: ({ detail }) => detail },
      { title: "Put aside by", of: ({ service }) => service },
      {
        title: "Record",
        of: ({ topic, partition, offset }) => (partition === null ? topic : `${topic} ${partition}/${offset}`),
      },
      {
        title: "Message",
        of: ({ messageId }) =>
          messageId === "" ? "–" : el("a", { href: `#/messages/${messageId}`, class: "id" }, messageId.slice(0, 8)),
      },
    ],
    letters,
    { empty: "No dead letter in this time that these filters let through." },
  );
}
