import { asked, spanChoice } from "../asked.js";
import { consentLookup } from "../consent-lookup.js";
import { el, table, when } from "../elements.js";
import { count } from "../format.js";

/** Messages from handsets, the newest first; and whether somebody has said stop. */
export function show(container, { live, person }) {
  const number = el("input", { id: "number", maxlength: 64, autocomplete: "off", change: () => rows.load() });
  const every = () => el("option", { value: "" }, "all");
  const provider = el("select", { id: "from-provider", change: () => rows.load() }, every());
  const span = spanChoice(() => rows.load());
  const mayRead = person.role !== "viewer";
  const path = () => {
    const filter = new URLSearchParams({ span: span.value(), provider: provider.value, number: number.value });
    return `/api/inbound?${filter}`;
  };
  const rows = asked(path, (body, found) => body.replaceChildren(...render(found, mayRead)), { everyMs: 15_000 });
  container.append(
    el(
      "div",
      { class: "head" },
      el("h1", {}, "Inbound messages"),
      el("span", { class: "choice" }, el("label", { for: "from-provider" }, "Provider"), provider),
      el("span", { class: "choice" }, el("label", { for: "number" }, "Number"), number),
      span.element,
    ),
    el("section", { class: "card", "aria-label": "Inbound messages" }, rows.element),
    ...(mayRead ? [consentLookup()] : []),
  );
  let known = "";
  const stop = live.listen((state) => {
    const ids = state?.providers.map(({ id }) => id) ?? [];
    if (ids.length === 0 || ids.join() === known) return;
    known = ids.join();
    const chosen = provider.value;
    provider.replaceChildren(every(), ...ids.map((id) => el("option", { value: id, selected: id === chosen }, id)));
  });
  return () => {
    stop();
    rows.close();
  };
}

function render({ messages, matched, looked, notLooked, unreadable }, mayRead) {
  const notes = [
    matched > messages.length ? `The newest ${count(messages.length)} of ${count(matched)}.` : "",
    notLooked > 0 ? `Only the newest ${count(looked)} records of this time were looked at.` : "",
    unreadable > 0 ? `${count(unreadable)} records could not be read.` : "",
    "Parts of long messages stand one by one, as they came.",
    mayRead ? "" : "Texts, and looking for a person's number, are for operators and admins.",
  ];
  return [
    table(
      "Messages from handsets, the newest first",
      [
        { title: "Received", of: ({ at }) => when(at) },
        { title: "From", of: ({ from }) => from || "not given" },
        { title: "Text", of: (message) => textOf(message, mayRead) },
        { title: "To", of: ({ to }) => to },
        { title: "Provider", of: ({ provider }) => provider },
        { title: "Place in sms.inbound", of: ({ place }) => place },
      ],
      messages,
      { empty: "No message from a handset came in this time, or none that these filters let through." },
    ),
    el("p", { class: "muted" }, notes.filter((note) => note !== "").join(" ")),
  ];
}

function textOf({ text, cut, part, alphabet, media, optOut }, mayRead) {
  const marks = [
    part === null ? "" : `part ${part.number} of ${part.of}, reference ${part.reference}`,
    media === 0 ? "" : `${media} attached`,
    optOut === null ? "" : `the provider acted on ${optOut}`,
  ].filter((mark) => mark !== "");
  const words = alphabet === "binary" ? "binary" : mayRead ? `${text}${cut > 0 ? "…" : ""}` : "–";
  return [
    el("span", { class: "message-text", dir: "auto" }, words),
    ...(marks.length === 0 ? [] : [el("span", { class: "muted" }, ` (${marks.join("; ")})`)]),
  ];
}
