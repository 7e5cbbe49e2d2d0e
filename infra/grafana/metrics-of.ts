/** The metrics that a query names: what is neither a function nor a label. */
export function metricsOf(promql: string): string[] {
  const bare = promql
    .replaceAll(/"[^"]*"/g, "")
    .replaceAll(/\{[^}]*\}/g, "")
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(/\b(by|on|group_left|group_right|without|ignoring)\s*\([^)]*\)/g, "");
  const names = [...bare.matchAll(/\b[a-zA-Z_:][a-zA-Z0-9_:]*\b(?!\s*\()/g)].map(([name]) => name);
  return names.filter((name) => !/^(and|or|unless|offset|bool|e|inf|nan)$/i.test(name));
}
