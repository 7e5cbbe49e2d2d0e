import { el } from "./elements.js";

/**
 * Asks before something is done, in a dialog that keyboard and screen reader are held in. `body`: elements; `note`: whether a word why
 * may be given. @returns what was said, or undefined when it is not to be done
 */
export function confirm({ title, act, body, note = false }) {
  return new Promise((resolve) => {
    const why = el("input", { id: "why", maxlength: 500, autocomplete: "off" });
    const close = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const dialog = el(
      "dialog",
      {
        "aria-labelledby": "confirm-title",
        cancel: (event) => {
          event.preventDefault();
          close(undefined);
        },
      },
      el(
        "form",
        {
          submit: (event) => {
            event.preventDefault();
            close({ note: why.value });
          },
        },
        el("h2", { id: "confirm-title" }, title),
        el("div", { class: "confirm-body", tabindex: "0", role: "group", "aria-label": "What would happen" }, body),
        note ? el("span", { class: "field" }, el("label", { for: "why" }, "Why (for the history)"), why) : null,
        el(
          "div",
          { class: "actions" },
          el("button", { type: "submit" }, act),
          el("button", { type: "button", class: "quiet", click: () => close(undefined) }, "Cancel"),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
