import { asked, deliveredShare, perDelivered, spanChoice } from "../asked.js";
import { el, table } from "../elements.js";
import { amounts, count, percent } from "../format.js";
import { ask } from "../server.js";

/** Messages by one of the labels that customers put on them. */
export function show(container) {
  const label = el("input", {
    id: "label",
    value: "campaign",
    maxlength: 64,
    pattern: "[\\w.:\\-]{1,64}",
    list: "labels",
    autocomplete: "off",
    change: () => rows.load(),
  });
  const span = spanChoice(() => {
    rows.load();
    suggest();
  });
  const known = el("datalist", { id: "labels" });
  // Names of labels are a help, no more: the view does without them.
  const suggest = () =>
    ask(`/api/labels?span=${span.value()}`).then(
      ({ value }) => known.replaceChildren(...value.map((one) => el("option", { value: one.label }))),
      () => {},
    );
  suggest();
  const render = (body, found) =>
    body.replaceChildren(
      table(
        "Messages by label",
        [
          { title: label.value || "campaign", of: (row) => row.label },
          { title: "Account", of: ({ account }) => account },
          { title: "Messages", number: true, of: ({ messages }) => count(messages) },
          {
            title: "Delivered",
            number: true,
            of: (row) => `${count(row.ended.delivered)} (${percent(deliveredShare(row))})`,
          },
          {
            title: "Not delivered",
            number: true,
            of: ({ ended }) => count(ended.undelivered + ended.failed + ended.expired + ended.rejected),
          },
          { title: "Unknown", number: true, of: ({ ended }) => count(ended.unknown) },
          { title: "Cost", number: true, of: ({ costs }) => amounts(costs) },
          { title: "Per delivered", number: true, of: perDelivered },
        ],
        found,
        { empty: "No message carries this label in this time." },
      ),
      el(
        "p",
        { class: "muted" },
        "Costs are of submissions, with what is owed so far to providers that charge on delivery.",
      ),
    );
  const rows = asked(
    () => `/api/campaigns?span=${span.value()}&label=${encodeURIComponent(label.value || "campaign")}`,
    render,
  );
  container.append(
    el(
      "div",
      { class: "head" },
      el("h1", {}, "Campaigns"),
      el("span", { class: "choice" }, el("label", { for: "label" }, "Label"), label, known),
      span.element,
    ),
    el("div", { class: "card" }, rows.element),
  );
  return () => rows.close();
}
