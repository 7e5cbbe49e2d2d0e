import type { Operation } from "./api-document.ts";

/** A call of the operation for a shell: with what its path needs, what it must have, and its example of a body. */
export function exampleCall(
  method: string,
  path: string,
  { parameters = [], requestBody, security }: Operation,
): string {
  const values = new Map(parameters.map(({ name, example }) => [name, example]));
  const address = path.replaceAll(/\{(\w+)\}/g, (whole, name) => String(values.get(name) ?? whole));
  const query = parameters
    .filter((one) => one.in === "query" && one.example !== undefined)
    .map(({ name, example }) => `${name}=${encodeURIComponent(String(example))}`);
  const url = `"$SLUICE_URL${address}${query.length === 0 ? "" : `?${query.join("&")}`}"`;
  const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}${url}`];
  if (security?.length !== 0) lines.push('-H "Authorization: Bearer $SLUICE_KEY"');
  for (const one of parameters)
    if (one.in === "header" && one.example !== undefined)
      lines.push(`-H ${quoted(`${one.name}: ${String(one.example)}`)}`);
  const [type, body] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  if (type !== undefined) lines.push(`-H "Content-Type: ${type}"`);
  // A file: its line ends are part of it.
  if (typeof body?.example === "string") lines.push(`--data-binary ${quoted(body.example)}`);
  else if (body?.example !== undefined) lines.push(`-d ${quoted(JSON.stringify(body.example))}`);
  return lines.join(" \\\n  ");
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
