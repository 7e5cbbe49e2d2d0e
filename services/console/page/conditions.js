/** How a provider can be: a word, a sign that does not rest on colour, and a class that has the colour. */
export const CONDITIONS = {
  up: { word: "up", sign: "●", tone: "good" },
  trying: { word: "being tried", sign: "◐", tone: "warn" },
  dark: { word: "dark", sign: "✕", tone: "bad" },
  silent: { word: "silent", sign: "?", tone: "bad" },
  draining: { word: "draining", sign: "▽", tone: "warn" },
  unused: { word: "out of use", sign: "–", tone: "idle" },
  unheard: { word: "not heard of yet", sign: "○", tone: "idle" },
};

/** Providers that are not as they should be, the worst first. */
export function troubled(providers) {
  const rank = { bad: 0, warn: 1 };
  return providers
    .filter(({ condition }) => CONDITIONS[condition].tone in rank)
    .sort((a, b) => rank[CONDITIONS[a.condition].tone] - rank[CONDITIONS[b.condition].tone]);
}

/** One line that says whether something is wrong: { tone, text }. Of whom nothing has been heard, nobody knows that they are up. */
export function verdictOf({ providers, catalog }) {
  const wrong = troubled(providers);
  const words = wrong.map(
    ({ id, condition, reason }) => `${id} is ${CONDITIONS[condition].word}${reason === null ? "" : `: ${reason}`}`,
  );
  if (catalog.trouble !== null) words.push(`the catalog: ${catalog.trouble}`);
  const unheard = providers.filter(({ condition }) => condition === "unheard").map(({ id }) => id);
  if (unheard.length > 0) words.push(`not heard of yet: ${unheard.join(", ")}`);
  if (words.length === 0) return { tone: "good", text: "● All providers are up." };
  const worst = wrong.length > 0 ? CONDITIONS[wrong[0].condition] : { sign: "!", tone: "warn" };
  return { tone: worst.tone, text: `${worst.sign} ${words.join(" · ")}` };
}
