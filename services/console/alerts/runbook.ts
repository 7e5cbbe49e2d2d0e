/** What is to be done about each alert, by its name: the entries of docs/runbook.md, whose headings of the third level name them. */
export function runbookEntries(markdown: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const part of markdown.split(/^### /m).slice(1)) {
    const [name = "", ...lines] = part.split("\n");
    const end = lines.findIndex((line) => line.startsWith("## "));
    const text = lines.slice(0, end < 0 ? undefined : end).join("\n");
    entries.set(name.trim(), plain(text));
  }
  return entries;
}

/** Links keep their words, code loses its marks, and lines of a paragraph are one. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("`", "")
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replaceAll(/\s*\n\s*/g, " "))
    .join("\n\n");
}
