import { asked, SPAN_MS, spanChoice } from "../asked.js";
import { el, table, when } from "../elements.js";
import { count } from "../format.js";
import { replayPanel } from "../replay-panel.js";

/** Records that could not be processed, and why. */
export function show(container, { person }) {
  const reason = el("select", { id: "reason", change: () => rows.load() }, el("option", { value: "" }, "all reasons"));
  const span = spanChoice(() => rows.load());
  const render = (body, { reasons, letters }) => {
    const chosen = reason.value;
    reason.replaceChildren(
      el("option", { value: "" }, "all reasons"),
      ...reasons.map((one) =>
        el("option", { value: one.reason, selected: one.reason === chosen }, `${one.reason} (${count(one.count)})`),
      ),
    );
    body.replaceChildren(
      table(
        "Dead letters, the newest first",
        [
          { title: "When", of: ({ at }) => when(at) },
          { title: "Letter", of: ({ letter }) => letter },
          { title: "Reason", of: (row) => `${row.reason}${row.replayed ? " (replayed)" : ""}` },
          { title: "What was wrong", of: ({ detail }) => detail },
          { title: "Put aside by", of: ({ service }) => service },
          { title: "Record", of: ({ topic, partition, offset }) => `${topic} ${partition}/${offset}` },
          {
            title: "Message",
            of: ({ messageId }) =>
              messageId === "" ? "–" : el("a", { href: `#/messages/${messageId}`, class: "id" }, messageId.slice(0, 8)),
          },
        ],
        letters,
        { empty: "No dead letters in this time: all that came could be read and sent on." },
      ),
    );
  };
  const rows = asked(
    () => `/api/dead-letters?span=${span.value()}&reason=${encodeURIComponent(reason.value)}`,
    render,
    { everyMs: 15_000 },
  );
  container.append(
    el(
      "div",
      { class: "head" },
      el("h1", {}, "Dead letters"),
      el("span", { class: "choice" }, el("label", { for: "reason" }, "Reason"), reason),
      span.element,
    ),
    el("section", { class: "card", "aria-label": "Dead letters" }, rows.element),
  );
  const replay =
    person.role === "viewer"
      ? undefined
      : replayPanel(() => ({
          from: Date.now() - SPAN_MS[span.value()],
          ...(reason.value === "" ? {} : { reason: reason.value }),
        }));
  if (replay !== undefined) container.append(replay.element);
  return () => {
    rows.close();
    replay?.close();
  };
}
