import { el, table, when } from "../elements.js";
import { amounts, count, moment } from "../format.js";
import { ask } from "../server.js";
import { stepWords } from "../step-words.js";

const TONES = {
  delivered: "good",
  undelivered: "bad",
  failed: "bad",
  expired: "bad",
  rejected: "bad",
  unknown: "warn",
};

/** Looks a message up by any of its ids and shows its way, with the reason of each decision. `rest`: an id to look for at once. */
export function show(container, { rest }) {
  const input = el("input", {
    id: "sought",
    value: rest,
    maxlength: 256,
    autocomplete: "off",
    spellcheck: "false",
    required: true,
  });
  const found = el("div");
  const submit = (event) => {
    event.preventDefault();
    history.replaceState(null, "", `#/messages/${encodeURIComponent(input.value.trim())}`);
    search(found, input.value.trim());
  };
  container.append(
    el("h1", {}, "Messages"),
    el(
      "form",
      { class: "card search", submit },
      el("label", { for: "sought" }, "Message id, your reference, or the provider's id as its portal shows it"),
      el("div", { class: "row" }, input, el("button", { type: "submit" }, "Find")),
    ),
    found,
  );
  if (rest === "") input.focus();
  else search(found, rest);
}

async function search(place, text) {
  place.replaceChildren(el("p", { class: "muted" }, "Looking…"));
  try {
    const { messages } = await ask(`/api/messages?id=${encodeURIComponent(text)}`);
    if (messages.length === 0) {
      place.replaceChildren(
        el(
          "p",
          { class: "card", role: "status" },
          "No message has this id. One that was accepted a moment ago is there some seconds later.",
        ),
      );
      return;
    }
    const detail = el("div");
    const ways = { "message-id": "message id", reference: "reference", "provider-id": "provider's id" };
    const open = async (message) => {
      await timeline(detail, message).catch((error) => {
        detail.replaceChildren(el("p", { class: "trouble", role: "alert" }, error.message));
      });
      detail.querySelector("h2")?.focus();
    };
    const list = table(
      "Messages found",
      [
        {
          title: "Message",
          of: (row) =>
            el(
              "button",
              {
                type: "button",
                class: "quiet id",
                "aria-label": `Show the way of message ${row.id.slice(0, 8)}`,
                click: () => open(row),
              },
              row.id.slice(0, 8),
            ),
        },
        { title: "To", of: ({ to }) => to },
        {
          title: "State",
          of: ({ status }) => el("span", { class: "condition", "data-tone": TONES[status] ?? "none" }, status),
        },
        { title: "Provider", of: ({ provider }) => provider || "–" },
        { title: "Account", of: ({ account }) => account },
        { title: "Lane", of: ({ lane }) => lane },
        { title: "Accepted", of: ({ acceptedAt }) => when(acceptedAt) },
        { title: "Found by", of: ({ foundBy }) => ways[foundBy] },
      ],
      messages,
    );
    place.replaceChildren(
      el(
        "section",
        { class: "card" },
        el("div", { role: "status" }, el("h2", {}, `${count(messages.length)} found`)),
        list,
      ),
      detail,
    );
    if (messages.length === 1) await timeline(detail, messages[0]);
  } catch (error) {
    place.replaceChildren(el("p", { class: "trouble", role: "alert" }, error.message));
  }
}

async function timeline(place, { id, account, to }) {
  const { messages } = await ask(`/api/messages/${id}?account=${encodeURIComponent(account)}`);
  const message = messages.find((one) => one.to === to) ?? messages[0];
  if (message === undefined) return place.replaceChildren(el("p", { class: "muted" }, "Its history is not there."));
  const began = Date.parse(message.acceptedAt);
  const steps = [
    {
      type: "accepted",
      at: message.acceptedAt,
      text: `${message.lane}, ${message.encoding}, ${message.segments} segment${message.segments === 1 ? "" : "s"}`,
    },
    ...message.history.map((entry) => ({ ...entry, text: stepWords(entry) })),
  ];
  place.replaceChildren(
    el(
      "section",
      { class: "card" },
      el("h2", { tabindex: "-1" }, `${message.to} · ${message.status}`),
      el(
        "p",
        { class: "muted" },
        el("span", { class: "id" }, message.id),
        ` · ${account}${message.reference === undefined ? "" : ` · reference ${message.reference}`} · cost ${amounts(message.costs)}`,
      ),
      el(
        "ol",
        { class: "timeline" },
        steps.map(({ type, at, text, state }) =>
          el(
            "li",
            {
              "data-tone":
                type === "final"
                  ? (TONES[state] ?? "none")
                  : type === "returned" || type === "in_doubt" || type === "rerouted"
                    ? "warn"
                    : "none",
            },
            el(
              "time",
              { datetime: at },
              `+${((Date.parse(at) - began) / 1_000).toFixed(3)} s`,
              el("small", {}, moment(at, { millis: true, date: false })),
            ),
            el("strong", {}, type === "final" ? `ended: ${state}` : type.replace("_", " ")),
            el("span", {}, text),
          ),
        ),
      ),
    ),
  );
}
