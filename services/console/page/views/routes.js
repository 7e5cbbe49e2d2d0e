import { asked } from "../asked.js";
import { el, table } from "../elements.js";
import { explainForm } from "../explain-form.js";
import { simulatePanel } from "../simulate-panel.js";

/** The catalog's routes as they are, and what would become of a message. */
export function show(container, { person }) {
  const account = el("select", { id: "account" }, el("option", { value: "" }, "no account"));
  const routes = asked(
    () => "/api/routes",
    (body, answer) => renderRoutes(body, answer, account),
  );
  const answer = el("div");
  const mayAsk = person.role !== "viewer";
  container.append(
    el("h1", {}, "Routes"),
    mayAsk
      ? explainForm(account, answer)
      : el("p", { class: "card muted" }, "Explaining a number, and simulating a change, is for operators and admins."),
    answer,
    el("section", { class: "card" }, el("h2", {}, "Routes, in the order in which they are asked"), routes.element),
  );
  const simulate = mayAsk ? simulatePanel() : undefined;
  if (simulate !== undefined) container.append(simulate.element);
  return () => {
    routes.close();
    simulate?.close();
  };
}

function renderRoutes(body, { routes, accounts }, account) {
  account.replaceChildren(
    el("option", { value: "" }, "no account"),
    ...accounts.map(({ id, name }) => el("option", { value: id }, `${id} (${name})`)),
  );
  const conditions = (when) =>
    Object.entries(when)
      .map(
        ([name, value]) =>
          `${name}: ${Array.isArray(value) ? value.map((one) => (typeof one === "object" ? JSON.stringify(one) : one)).join(", ") : JSON.stringify(value)}`,
      )
      .join("; ");
  const weight = (one) => (one.weight === undefined || one.weight === 1 ? "" : ` ×${one.weight}`);
  body.replaceChildren(
    table(
      "Routes",
      [
        { title: "Route", of: ({ id }) => id },
        { title: "Holds when", of: ({ when }) => conditions(when) || "always" },
        { title: "Strategy", of: ({ strategy }) => strategy },
        { title: "Providers", of: ({ providers }) => providers.map((one) => `${one.id}${weight(one)}`).join(", ") },
      ],
      routes,
    ),
  );
}
