/** Pads the columns of every table in a Markdown text to one width, as the formatter wants it. */
export function alignTables(markdown: string): string {
  return markdown.replaceAll(/(?:^\|.*\|$\n?)+/gm, (table) => {
    const rows = table.trimEnd().split("\n").map(cells);
    const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
    const lines = rows.map((row) => {
      const padded = row.map((cell, column) =>
        /^-+$/.test(cell) ? "-".repeat(widths[column] ?? 3) : cell.padEnd(widths[column] ?? 3),
      );
      return `| ${padded.join(" | ")} |`;
    });
    return `${lines.join("\n")}\n`;
  });
}

function cells(line: string): string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}
