import { CONDITIONS } from "./conditions.js";
import { curve, layout } from "./drawing-layout.js";
import { setAttribute, setText, svg } from "./elements.js";
import { count, millis, percent, rate } from "./format.js";

/** Providers that are drawn; of more those in trouble and the busiest are. */
const DRAWN = 8;

/** The pipeline as a drawing that follows the overview. @returns { element, update(state) } */
export function pipelineDrawing() {
  const element = svg("svg", { class: "pipeline", role: "img", "aria-label": "The pipeline" });
  let parts;
  let drawnFor = "";
  let newest;
  const update = (state) => {
    newest = state;
    const shown = drawn(state.providers);
    const width = Math.max(300, Math.floor(element.clientWidth || element.parentElement?.clientWidth || 900));
    const key = `${width} ${shown.length}`;
    if (key !== drawnFor) {
      parts = draw(element, layout(width, shown.length));
      drawnFor = key;
    }
    fill(element, parts, state, shown);
  };
  const observer = new ResizeObserver(() => newest !== undefined && update(newest));
  observer.observe(element);
  return { element, update, close: () => observer.disconnect() };
}

function drawn(providers) {
  if (providers.length <= DRAWN) return providers;
  const weight = ({ condition, submitting }) => (CONDITIONS[condition].tone === "good" ? submitting : Number.MAX_VALUE);
  const chosen = new Set([...providers].sort((a, b) => weight(b) - weight(a)).slice(0, DRAWN));
  return providers.filter((one) => chosen.has(one));
}

function draw(element, { width, height, upright, boxes, lines }) {
  setAttribute(element, "viewBox", `0 0 ${width} ${height}`);
  setAttribute(element, "height", height);
  const drawnLines = lines.map(([from, to]) => {
    const d = curve(boxes[from], boxes[to], upright);
    const pipe = svg("path", { d, class: "pipe" });
    const flow = svg("path", { d, class: "flow" });
    return { from, to, pipe, flow, group: svg("g", {}, pipe, flow) };
  });
  const drawnBoxes = Object.fromEntries(Object.entries(boxes).map(([id, box]) => [id, drawBox(box, id)]));
  const spans = upright
    ? []
    : [drawSpan(boxes.accepted, boxes["provider-0"], boxes), drawSpan(boxes["provider-0"], boxes.ended, boxes, true)];
  element.replaceChildren(
    ...drawnLines.map(({ group }) => group),
    ...Object.values(drawnBoxes).map(({ group }) => group),
    ...spans.filter(Boolean).map(({ group }) => group),
  );
  return { lines: drawnLines, boxes: drawnBoxes, spans };
}

function drawBox({ x, y, w, h }, id) {
  const isProvider = id.startsWith("provider");
  const frame = svg("rect", { x, y, width: w, height: h, rx: 10, class: "box" });
  const left = x + 12;
  const title = svg("text", { x: left, y: y + 19, class: "box-title" });
  const main = isProvider
    ? svg("text", { x: x + w - 12, y: y + 19, class: "box-rate", "text-anchor": "end" })
    : svg("text", { x: left, y: y + 43, class: "box-figure" });
  const sub = svg("text", { x: left, y: y + h - (isProvider ? 20 : 11), class: "box-sub" });
  const track = isProvider
    ? svg("rect", { x: left, y: y + h - 12, width: w - 24, height: 4, rx: 2, class: "track" })
    : "";
  const bar = isProvider ? svg("rect", { x: left, y: y + h - 12, width: 0, height: 4, rx: 2, class: "used" }) : "";
  const group = svg("g", { class: isProvider ? "node provider" : "node" }, frame, title, main, sub, track, bar);
  return { group, frame, title, main, sub, bar, room: w - 24 };
}

/** A measure above the drawing: how long the way between two boxes takes. */
function drawSpan(from, to, _boxes, fromEnd = false) {
  if (to === undefined || from === undefined) return undefined;
  const x1 = fromEnd ? from.x + from.w / 2 + 6 : from.x + from.w / 2;
  const x2 = fromEnd ? to.x + to.w / 2 : to.x + to.w / 2 - 6;
  const y = 22;
  const line = svg("path", { d: `M${x1},${y + 6}V${y}H${x2}V${y + 6}`, class: "span" });
  const text = svg("text", { x: (x1 + x2) / 2, y: y - 7, class: "span-text", "text-anchor": "middle" });
  return { group: svg("g", {}, line, text), text };
}

function fill(element, { lines, boxes, spans }, state, providers) {
  const { lanes, accepted, retries, receipts, stages } = state;
  const waiting = Object.values(lanes).reduce((sum, lane) => sum + lane.waiting, 0);
  const again = Object.values(retries).reduce((sum, one) => sum + one, 0);
  const ended = stages === null ? 0 : Object.values(stages.ended).reduce((sum, one) => sum + one, 0);
  write(boxes.accepted, "Accepted", `${rate(accepted.perSecond)}/s`, shareOfLanes(lanes));
  write(
    boxes.router,
    "Router",
    `${count(waiting)} waiting`,
    again === 0 ? "none to be routed again" : `${count(again)} to be routed again`,
  );
  setAttribute(boxes.router.group, "data-tone", waiting > Math.max(1_000, accepted.perSecond * 5) ? "warn" : "none");
  write(
    boxes.receipts,
    "Receipts",
    `${rate(receipts.perSecond)}/s`,
    receipts.waiting === 0 ? "none waiting" : `${count(receipts.waiting)} waiting`,
  );
  const delivered = ended === 0 ? "–" : percent(stages.ended.delivered / ended);
  write(
    boxes.ended,
    "Delivered",
    delivered,
    ended === 0 ? "none ended in 5 min" : `of ${count(ended)} in ${stages.minutes} min`,
  );
  for (const [index, provider] of providers.entries()) writeProvider(boxes[`provider-${index}`], provider);
  for (const line of lines) writeLine(line, state, providers);
  const [toSubmit, toReceipt] = spans;
  if (toSubmit !== undefined) setText(toSubmit.text, spanText(stages?.submitMs));
  if (toReceipt !== undefined) setText(toReceipt.text, spanText(stages?.receiptMs));
  setAttribute(element, "aria-label", inWords(state, waiting, again, delivered));
}

function write({ title, main, sub }, name, figure, below) {
  setText(title, name);
  setText(main, figure);
  setText(sub, below);
}

function writeProvider({ group, title, main, sub, bar, room }, provider) {
  const { id, condition, reason, submitting, rate: may, configuredRate, backlog, rateReason } = provider;
  const { sign, tone, word } = CONDITIONS[condition];
  setAttribute(group, "data-tone", tone);
  setText(title, `${sign} ${fitting(id, room * 0.55)}`);
  setText(main, condition === "up" || submitting > 0 ? `${rate(submitting)} of ${rate(may)}/s` : word);
  const slowed = rateReason === null ? "" : `, ${rateReason}: ${rate(may)} of ${rate(configuredRate)}/s`;
  const below = reason ?? `${backlog === 0 ? "nothing waits" : `${count(backlog)} waiting`}${slowed}`;
  setText(sub, fitting(below, room));
  setAttribute(bar, "width", Math.round(room * Math.min(1, may > 0 ? submitting / may : 0)));
}

function writeLine({ from, to, group, pipe, flow }, { accepted, receipts }, providers) {
  const name = from.startsWith("provider") ? from : to;
  const provider = name.startsWith("provider") ? providers[Number(name.slice("provider-".length))] : undefined;
  const perSecond = provider?.submitting ?? (from === "accepted" ? accepted.perSecond : receipts.perSecond);
  const tone = provider === undefined ? "none" : CONDITIONS[provider.condition].tone;
  const width = perSecond <= 0 ? 1.5 : Math.min(9, 2 + Math.log10(1 + perSecond) * 2.2);
  setAttribute(group, "data-tone", tone);
  setAttribute(pipe, "stroke-width", width.toFixed(1));
  setAttribute(
    flow,
    "class",
    `flow ${perSecond <= 0 ? "still" : perSecond < 20 ? "slow" : perSecond < 300 ? "steady" : "fast"}`,
  );
}

/** The box is narrow: otp, and the others together. */
function shareOfLanes({ otp, ...others }) {
  const rest = Object.values(others).reduce((sum, { perSecond }) => sum + perSecond, 0);
  if (otp.perSecond + rest < 0.05) return "nothing comes in";
  return `otp ${rate(otp.perSecond)} · others ${rate(rest)}`;
}

const spanText = (spread) =>
  spread === null || spread === undefined ? "" : `${millis(spread.p50)} · 95 of 100 within ${millis(spread.p95)}`;

/** As much of a text as there is room for; a character takes about 6.6 px. */
function fitting(text, room) {
  const most = Math.max(4, Math.floor(room / 6.6));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function inWords({ accepted, submitted, providers }, waiting, again, delivered) {
  const each = providers.map(
    ({ id, condition, submitting }) => `${id} ${CONDITIONS[condition].word}, ${rate(submitting)} a second`,
  );
  return `Pipeline: ${rate(accepted.perSecond)} messages a second accepted, ${count(waiting)} wait for the router, ${count(again)} to be routed again, ${rate(submitted.perSecond)} segments a second submitted. ${each.join("; ")}. Delivered: ${delivered}.`;
}
