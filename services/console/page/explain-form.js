import { el } from "./elements.js";
import { explanation } from "./explanation.js";
import { labelsByName } from "./labels-field.js";
import { ask } from "./server.js";

/** Asks which provider a message would have: all that `sluice explain` may be asked. `account`: a choice; `answer`: where the answer is shown. */
export function explainForm(account, answer) {
  const input = (id, attributes = {}) => el("input", { id, autocomplete: "off", ...attributes });
  const to = input("to", { required: true, placeholder: "+491713920012", maxlength: 40 });
  const from = input("from", { maxlength: 21 });
  const labels = input("labels", { maxlength: 500, placeholder: "campaign=spring" });
  const at = input("at", { type: "datetime-local" });
  const sendAt = input("send-at", { type: "datetime-local" });
  const text = el("textarea", { id: "text", rows: 2, maxlength: 2_000 });
  const transliterate = input("transliterate", { type: "checkbox" });
  const lane = el(
    "select",
    { id: "lane" },
    ["transactional", "otp", "marketing"].map((one) => el("option", {}, one)),
  );
  // What is not said is not asked: then the server's own default holds.
  const given = (name, value) => (value === "" || value === false ? {} : { [name]: value });
  const question = () => ({
    ...{ to: to.value, lane: lane.value, account: account.value },
    ...given("from", from.value),
    ...given("text", text.value),
    ...given("transliterate", transliterate.checked),
    ...given("at", at.value === "" ? "" : new Date(at.value).toISOString()),
    ...given("sendAt", sendAt.value === "" ? "" : new Date(sendAt.value).toISOString()),
    ...(labels.value.trim() === "" ? {} : { metadata: labelsByName(labels.value) }),
  });
  const submit = async (event) => {
    event.preventDefault();
    try {
      answer.replaceChildren(explanation(await ask("/api/explain", { body: question() })));
    } catch (error) {
      answer.replaceChildren(el("p", { class: "trouble", role: "alert" }, error.message));
    }
  };
  const field = (id, title, one) => el("span", { class: "field" }, el("label", { for: id }, title), one);
  return el(
    "form",
    { class: "card", submit },
    el("h2", {}, "Which provider would a message have, and why?"),
    el(
      "div",
      { class: "fields" },
      field("to", "To", to),
      field("account", "Account", account),
      field("lane", "Lane", lane),
      field("from", "Sender", from),
      field("labels", "Labels", labels),
      field("at", "When (else now)", at),
      field("send-at", "For later (sendAt)", sendAt),
    ),
    field("text", "Text (else one of a single segment)", text),
    el(
      "div",
      { class: "actions" },
      el("span", { class: "check" }, transliterate, el("label", { for: "transliterate" }, "transliterate")),
      el("button", { type: "submit" }, "Explain"),
    ),
  );
}
