import { asked, deliveredShare, perDelivered, spanChoice } from "../asked.js";
import { stepsChart } from "../chart.js";
import { CONDITIONS } from "../conditions.js";
import { el, setAttribute, setText, table } from "../elements.js";
import { amounts, count, millis, percent, rate } from "../format.js";
import { heldWords } from "../held-words.js";
import { quotaWords } from "../quota-words.js";
import { useSwitch } from "../use-switch.js";

/** Each provider: how it is now, and what it delivered at what cost. */
export function show(container, { live, person }) {
  const span = spanChoice(() => {
    sums.load();
    curve.load();
  });
  const cards = el("div", { class: "provider-cards" });
  const chart = stepsChart("Messages submitted, delivered and ended otherwise, by time");
  const sums = asked(() => `/api/providers?span=${span.value()}`, renderSums, { everyMs: 15_000 });
  const curve = asked(
    () => `/api/steps?span=${span.value()}`,
    (body, steps) => {
      if (!body.contains(chart.element)) body.replaceChildren(chart.element);
      chart.update(steps);
    },
    { everyMs: 30_000 },
  );
  container.append(
    el("div", { class: "head" }, el("h1", {}, "Providers"), span.element),
    cards,
    el("section", { class: "card" }, el("h2", {}, "Delivery and cost"), sums.element),
    el("section", { class: "card" }, el("h2", {}, "All providers together"), curve.element),
  );
  const lookups = asked(() => "/api/lookups", renderLookups);
  container.append(
    el("section", { class: "card", hidden: true }, el("h2", {}, "Look-ups of networks"), lookups.element),
  );
  const known = new Map();
  const stop = live.listen((state) => {
    if (state === undefined) return;
    for (const provider of state.providers) {
      if (!known.has(provider.id)) {
        known.set(provider.id, providerCard(provider.id, person.role !== "viewer"));
        cards.append(known.get(provider.id).element);
      }
      known.get(provider.id).update(provider);
    }
  });
  return () => {
    stop();
    sums.close();
    curve.close();
    lookups.close();
    chart.close();
  };
}

function renderSums(body, rows) {
  body.replaceChildren(
    table(
      "Delivery and cost by provider",
      [
        { title: "Provider", of: ({ name }) => name },
        { title: "Submitted", number: true, of: ({ submitted }) => count(submitted) },
        { title: "Delivered", number: true, of: (row) => percent(deliveredShare(row)) },
        {
          title: "Handed back",
          number: true,
          of: ({ returned, throttled }) =>
            `${count(returned)}${throttled > 0 ? ` (${count(throttled)} throttled)` : ""}`,
        },
        {
          title: "To submission",
          number: true,
          of: ({ submitMs }) => (submitMs === null ? "–" : `${millis(submitMs.p50)} / ${millis(submitMs.p95)}`),
        },
        {
          title: "To receipt",
          number: true,
          of: ({ receiptMs }) => (receiptMs === null ? "–" : `${millis(receiptMs.p50)} / ${millis(receiptMs.p95)}`),
        },
        { title: "Cost", number: true, of: ({ costs }) => amounts(costs) },
        { title: "Per delivered", number: true, of: perDelivered },
      ],
      rows,
      { empty: "Nothing was sent in this time." },
    ),
    el("p", { class: "muted" }, "Times: median / 95 of 100."),
  );
}

/** Nothing where the catalog asks no look-ups. */
function renderLookups(body, { lookups }) {
  const money = (amount, currency) => (amount === null ? "no limit" : `${amount} ${currency}`);
  body.closest("section").hidden = lookups.length === 0;
  body.replaceChildren(
    table(
      "Look-ups of numbers' networks",
      [
        { title: "Look-up", of: ({ id }) => id },
        {
          title: "A question",
          number: true,
          of: ({ price, currency }) => (currency === null ? "free" : `${price} ${currency}`),
        },
        { title: "A day, at most", number: true, of: ({ daily, currency }) => money(daily, currency) },
        { title: "A month, at most", number: true, of: ({ monthly, currency }) => money(monthly, currency) },
        { title: "Days of", of: ({ zone }) => zone },
      ],
      lookups,
    ),
    el("p", { class: "muted" }, "What has been spent: router_lookup_spent_micros_total in the routers' metrics."),
  );
}

function providerCard(id, mayChange) {
  const condition = el("span", { class: "condition" });
  const facts = [
    "Submitting",
    "May submit",
    "Catalog's rate",
    "Window",
    "Waiting",
    "Today",
    "This month",
    "Partitions heard",
  ].map((name) => ({ name, value: el("dd") }));
  const why = el("p", { class: "why" });
  const list = el(
    "dl",
    {},
    facts.flatMap(({ name, value }) => [el("dt", {}, name), value]),
  );
  const uses = mayChange ? useSwitch(id) : undefined;
  const element = el(
    "section",
    { class: "card provider-card" },
    el("h2", {}, id, " ", condition),
    why,
    list,
    uses?.element,
  );
  const update = (provider) => {
    const { word, sign, tone } = CONDITIONS[provider.condition];
    setAttribute(condition, "data-tone", tone);
    setText(condition, `${sign} ${word}`);
    setText(
      why,
      provider.reason ?? [provider.rateReason ?? "", heldWords(provider.heldNetworks)].filter(Boolean).join("; "),
    );
    const values = [
      `${rate(provider.submitting)} segments/s`,
      `${rate(provider.rate)} segments/s`,
      `${rate(provider.configuredRate)} segments/s`,
      `${count(provider.inFlight)} of ${count(provider.window)}`,
      `${count(provider.backlog)} messages`,
      quotaWords(provider.segmentsToday, provider.dailyQuota),
      quotaWords(provider.segmentsThisMonth, provider.monthlyQuota),
      `${provider.heard} of ${provider.partitions}`,
    ];
    for (const [index, { value }] of facts.entries()) setText(value, values[index]);
    uses?.update(provider.use);
  };
  return { element, update };
}
