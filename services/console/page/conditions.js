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
