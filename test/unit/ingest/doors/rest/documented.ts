import { openapi } from "../../../../../services/ingest/doors/rest/openapi.ts";

type Operations = Record<string, { readonly responses: Record<string, { readonly description: string }> }>;

const paths = Object.entries(openapi.paths as Record<string, Operations>).map(([path, operations]) => ({
  operations,
  fixed: path.split("/").filter((part) => !part.startsWith("{")).length,
  pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
}));

/** What of an answer the OpenAPI document does not say: its status, or the code of its problem. Undefined: all is said. */
export function undocumented(
  method: string,
  path: string,
  answer: { readonly status: number; readonly body: { readonly code?: string } | undefined },
): string | undefined {
  const [place = ""] = path.split("?");
  const [found] = paths.filter(({ pattern }) => pattern.test(place)).sort((a, b) => b.fixed - a.fixed);
  const operation = found?.operations[method.toLowerCase()];
  // Other pages, other methods.
  if (operation === undefined) return undefined;
  const { status, body } = answer;
  const said = operation.responses[status];
  if (said === undefined) return `${method} ${path}: status ${status} is not in the OpenAPI document`;
  const { code } = body ?? {};
  if (status < 400 || code === undefined || said.description.split(/[^A-Z_]+/).includes(code)) return undefined;
  return `${method} ${path}: code ${code} is not in the OpenAPI document under ${status}`;
}
