/** Pictures of bars as SVG, on a ground of their own, so that they can be read on pages of any colour. */

const FONT = 'font-family="system-ui, sans-serif" font-size="12"';
const INK = "#24292f";
const FAINT = "#d0d7de";

export interface Series {
  readonly name: string;
  /** CSS colour. */
  readonly colour: string;
}

/** A column, or a bar: its name and a value for each series. */
export interface Stack {
  readonly name: string;
  readonly values: readonly number[];
}

/** Text in SVG. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const text = (x: number, y: number, words: string, anchor: "start" | "middle" | "end" = "start"): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${INK}">${escaped(words)}</text>`;

function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}" ${FONT}>`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function legend(series: readonly Series[], x: number, y: number): string[] {
  let at = x;
  return series.flatMap(({ name, colour }) => {
    const place = at;
    at += 34 + name.length * 7;
    return [`<rect x="${place}" y="${y - 10}" width="12" height="12" fill="${colour}"/>`, text(place + 17, y, name)];
  });
}

/** The smallest of 1, 2 and 5 times a power of ten that is not below a value; 1 for none. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9))!;
}

/** Columns from left to right, the values of each upon one another. */
export function stackedColumns(title: string, series: readonly Series[], stacks: readonly Stack[]): string {
  const [width, height, left, top, bottom] = [760, 260, 60, 40, 230];
  const most = roundUp(Math.max(0, ...stacks.map(({ values }) => values.reduce((sum, value) => sum + value, 0))));
  const scale = (value: number) => (value / most) * (bottom - top);
  const step = (width - left - 10) / Math.max(1, stacks.length);
  const lines = [0, 0.5, 1].flatMap((share) => {
    const y = bottom - scale(share * most);
    const rule = `<line x1="${left}" y1="${y}" x2="${width - 10}" y2="${y}" stroke="${FAINT}"/>`;
    return [rule, text(left - 6, y + 4, (share * most).toLocaleString("en"), "end")];
  });
  // As many names as there is room for.
  const every = Math.max(1, Math.ceil(44 / step));
  const columns = stacks.flatMap(({ name, values }, i) => {
    let base = bottom;
    const x = (left + i * step + step * 0.1).toFixed(1);
    const pieces = values.map((value, of) => {
      base -= scale(value);
      return `<rect x="${x}" y="${base.toFixed(1)}" width="${(step * 0.8).toFixed(1)}" height="${scale(value).toFixed(1)}" fill="${series[of]!.colour}"/>`;
    });
    return i % every === 0
      ? [...pieces, text(Math.round(left + (i + 0.5) * step), bottom + 16, name, "middle")]
      : pieces;
  });
  return picture(width, height, title, [...legend(series, left, 22), ...lines, ...columns]);
}

/** Bars one below the other, each with its value. `unit` stands behind values, which have `digits` decimals. */
export function bars(
  title: string,
  { colour }: Pick<Series, "colour">,
  stacks: readonly { readonly name: string; readonly value: number }[],
  { unit, digits }: { readonly unit: string; readonly digits: number },
): string {
  const [width, left, row] = [760, 150, 20];
  const most = roundUp(Math.max(0, ...stacks.map(({ value }) => value)));
  const parts = stacks.flatMap(({ name, value }, i) => {
    const y = 12 + i * row;
    const length = (value / most) * (width - left - 110);
    return [
      text(left - 8, y + 12, name, "end"),
      `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${row - 6}" fill="${colour}"/>`,
      text(Math.round(left + 6 + length), y + 12, `${value.toFixed(digits)} ${unit}`),
    ];
  });
  return picture(width, 20 + stacks.length * row, title, parts);
}
