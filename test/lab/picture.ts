/** One row of the picture: what a strategy cost more than the best choice, percent, a number a seed. */
export interface Row {
  readonly name: string;
  readonly regrets: readonly number[];
}

const [WIDTH, LEFT, ROW] = [760, 190, 56];
const [LEAST, MOST] = [0.1, 100];

/** Regret of each seed as a dot on a logarithmic scale, by strategy; a bar at the 95th percentile. */
export function picture(rows: readonly Row[], title: string): string {
  const height = 90 + rows.length * ROW;
  const x = (percent: number) => {
    const share = Math.log(Math.min(MOST, Math.max(LEAST, percent)) / LEAST) / Math.log(MOST / LEAST);
    return (LEFT + share * (WIDTH - LEFT - 30)).toFixed(1);
  };
  const bottom = height - 40;
  const scale = [0.1, 0.3, 1, 3, 5, 10, 30, 100].flatMap((percent) => [
    `<line x1="${x(percent)}" y1="40" x2="${x(percent)}" y2="${bottom}" stroke="${percent === 5 ? "#c33" : "#ddd"}"/>`,
    `<text x="${x(percent)}" y="${bottom + 18}" text-anchor="middle">${percent} %</text>`,
  ]);
  const dots = rows.flatMap(({ name, regrets }, n) => {
    const y = 40 + ROW * (n + 0.5);
    const high = x(percentile(regrets, 0.95));
    return [
      `<text x="10" y="${y + 4}">${name}</text>`,
      ...regrets.map(
        (one, k) => `<circle cx="${x(one)}" cy="${y - 9 + ((k * 7) % 19)}" r="3" fill="#268" fill-opacity="0.5"/>`,
      ),
      `<line x1="${high}" y1="${y - 18}" x2="${high}" y2="${y + 18}" stroke="#000" stroke-width="2"/>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="10" y="22" font-size="14">${title}</text>`,
    ...scale,
    ...dots,
    "</svg>",
    "",
  ].join("\n");
}

/** The least of the values that `share` of them do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
