import { el } from "./elements.js";
import { ask } from "./server.js";

/** Shows a letter with its record; texts and numbers are for operators. @throws Refused */
export async function showLetter(name, person) {
  const letter = await ask(`/api/dead-letters/letter?letter=${encodeURIComponent(name)}`);
  const { kind, content, unreadable, octets, headers, ...facts } = letter;
  const rows = Object.entries(facts).filter(([, value]) => value !== null && value !== "");
  const close = () => {
    dialog.close();
    dialog.remove();
  };
  const dialog = el(
    "dialog",
    { "aria-labelledby": "letter-title", cancel: () => dialog.remove() },
    el("h2", { id: "letter-title" }, `Dead letter ${name}`),
    el(
      "div",
      { class: "confirm-body", tabindex: "0", role: "group", "aria-label": "The letter" },
      el(
        "dl",
        { class: "letter" },
        rows.flatMap(([field, value]) => [el("dt", {}, field), el("dd", {}, String(value))]),
      ),
      el("h3", {}, kind === undefined ? "The record cannot be read" : `The record: ${kind}`),
      unreadable === undefined ? null : el("p", { class: "trouble" }, unreadable),
      el("pre", { class: "record" }, JSON.stringify(content ?? octets, undefined, 2)),
      el("h3", {}, "Its headers"),
      el("pre", { class: "record" }, JSON.stringify(headers, undefined, 2)),
      person.role === "viewer" ? el("p", { class: "muted" }, "Texts and numbers are for operators and admins.") : null,
    ),
    el("div", { class: "actions" }, el("button", { type: "button", click: close }, "Close")),
  );
  document.body.append(dialog);
  dialog.showModal();
}
