import { SPAN_MS, spanChoice } from "./asked.js";
import { el } from "./elements.js";
import { count } from "./format.js";
import { readLabels } from "./labels-field.js";

/** By which dead letters are meant: the same for the list, the dry run and the replay. */
export function letterFilter(onChange) {
  const input = (id, attributes = {}) =>
    el("input", { id, maxlength: 128, autocomplete: "off", change: () => onChange(), ...attributes });
  const all = (chosen) => el("option", { value: "", selected: chosen === "" }, "all reasons");
  const reason = el("select", { id: "reason", change: () => onChange() }, all(""));
  const span = spanChoice(() => onChange());
  const until = input("until", { type: "datetime-local" });
  const words = { topic: input("topic"), account: input("letter-account"), provider: input("letter-provider") };
  const labels = input("letter-labels", { maxlength: 500, placeholder: "campaign=spring" });
  const fields = () => ({
    ...given("reason", reason.value),
    ...Object.assign({}, ...Object.entries(words).map(([name, { value }]) => given(name, value.trim()))),
    ...given("to", until.value === "" ? "" : new Date(until.value).getTime()),
  });
  const field = (id, title, one) => el("span", { class: "field" }, el("label", { for: id }, title), one);
  return {
    head: [el("span", { class: "choice" }, el("label", { for: "reason" }, "Reason"), reason), span.element],
    more: el(
      "div",
      { class: "fields" },
      field("topic", "Topic of the record", words.topic),
      field("letter-account", "Account", words.account),
      field("letter-provider", "Provider", words.provider),
      field("letter-labels", "Labels", labels),
      field("until", "Before (else now)", until),
    ),
    /** The filter as an address has it. @throws Error where a label is none */
    query() {
      const query = new URLSearchParams({ span: span.value(), ...fields() });
      for (const label of readLabels(labels.value)) query.append("labels", label);
      return query;
    },
    /** The same as a question's body has it. @throws Error where a label is none */
    body() {
      const named = readLabels(labels.value);
      return {
        from: Date.now() - SPAN_MS[span.value()],
        ...fields(),
        ...(named.length === 0 ? {} : { labels: named }),
      };
    },
    /** Offers the reasons that there are. */
    offer(reasons) {
      const chosen = reason.value;
      const known = reasons.some((one) => one.reason === chosen) || chosen === "";
      reason.replaceChildren(
        all(chosen),
        ...reasons.map((one) =>
          el("option", { value: one.reason, selected: one.reason === chosen }, `${one.reason} (${count(one.count)})`),
        ),
        ...(known ? [] : [el("option", { value: chosen, selected: true }, `${chosen} (0)`)]),
      );
    },
  };
}

function given(name, value) {
  return value === "" || Number.isNaN(value) ? {} : { [name]: value };
}
