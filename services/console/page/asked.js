import { el, setText } from "./elements.js";
import { moment } from "./format.js";
import { keepingPlace } from "./keep-place.js";
import { ask } from "./server.js";

const SPANS = { "1h": "last hour", "6h": "6 hours", "24h": "24 hours", "7d": "7 days" };

const HOUR_MS = 3_600_000;
/** How long each of them is, ms. */
export const SPAN_MS = { "1h": HOUR_MS, "6h": 6 * HOUR_MS, "24h": 24 * HOUR_MS, "7d": 168 * HOUR_MS };

/** A choice of the stretch of time, with its label. */
export function spanChoice(onChange) {
  const options = Object.entries(SPANS).map(([value, text]) => el("option", { value }, text));
  const select = el("select", { id: "span", change: () => onChange() }, options);
  return {
    element: el("span", { class: "choice" }, el("label", { for: "span" }, "Time"), select),
    value: () => select.value,
  };
}

/**
 * A part of a view that the server is asked for, now and again every `everyMs`: a note says how old it is, or what is wrong.
 * @returns { element, load(), close() }
 */
export function asked(path, render, { everyMs = 0 } = {}) {
  const body = el("div", { "aria-busy": "true" }, el("p", { class: "muted" }, "Asking…"));
  // How old it is changes with each answer: that is seen, and not read out. What is wrong is.
  const note = el("p", { class: "muted asof" });
  const trouble = el("p", { class: "trouble", role: "alert" });
  const element = el("div", {}, body, note, trouble);
  let turn = 0;
  let shown;
  let closed = false;
  const load = async () => {
    const own = ++turn;
    let question;
    try {
      question = path();
      const answer = await ask(question);
      if (own !== turn || closed) return;
      const { value = answer, asOf, maxAgeMs } = answer;
      const key = `${question} ${JSON.stringify(value)}`;
      // What has not changed stays as it is, so that whoever reads it keeps their place.
      if (key !== shown) keepingPlace(body, () => render(body, value));
      shown = key;
      setText(trouble, "");
      note.textContent =
        asOf === undefined
          ? ""
          : `As of ${moment(asOf, { date: false })}; asked for again after ${maxAgeMs / 1_000} s at the earliest.`;
    } catch (error) {
      if (own !== turn || closed) return;
      setText(trouble, error.message);
      if (body.getAttribute("aria-busy") === "true") body.replaceChildren();
    }
    body.setAttribute("aria-busy", "false");
  };
  const timer = everyMs > 0 ? setInterval(() => !document.hidden && load(), everyMs) : undefined;
  load();
  const close = () => {
    closed = true;
    clearInterval(timer);
  };
  return { element, load, close };
}

/** Of those that ended, the share that was delivered; null where none ended. */
export function deliveredShare({ ended }) {
  const all = Object.values(ended).reduce((sum, count) => sum + count, 0);
  return all === 0 ? null : ended.delivered / all;
}

/** Each currency's amount for a delivered message. */
export function perDelivered({ costs, ended }) {
  if (ended.delivered === 0) return "–";
  const each = Object.entries(costs).filter(([, amount]) => Number(amount) > 0);
  return each.length === 0
    ? "–"
    : each.map(([currency, amount]) => `${(Number(amount) / ended.delivered).toFixed(4)} ${currency}`).join(" + ");
}
