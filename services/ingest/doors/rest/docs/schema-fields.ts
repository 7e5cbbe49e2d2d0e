import type { Schema } from "./api-document.ts";
import { type Html, html } from "./html.ts";

/** Lists in a list, of objects that have no name of their own; deeper ones are named by their type only. */
const DEEPEST = 3;

/** The fields of an object as a list of definitions; of anything else its type. */
export function fieldsOf(schema: Schema, depth = 0): Html | undefined {
  if (schema.oneOf !== undefined) {
    const options = schema.oneOf.filter((one) => one.$ref === undefined && hasFields(one));
    return options.length === 0 ? undefined : html`${options.map((one) => fieldsOf(one, depth))}`;
  }
  if (schema.type === "array" && schema.items !== undefined) return fieldsOf(schema.items, depth);
  if (!hasFields(schema) || depth === DEEPEST) return undefined;
  const required = new Set(schema.required);
  const rows = Object.entries(schema.properties!).map(([name, field]) => fieldOf(name, field, required, depth));
  return html`<dl class="fields">${rows}</dl>`;
}

function hasFields({ properties, items, oneOf }: Schema): boolean {
  return properties !== undefined || items !== undefined || oneOf !== undefined;
}

function fieldOf(name: string, field: Schema, required: ReadonlySet<string>, depth: number): Html {
  const must = required.has(name) ? html` <span class="must">always</span>` : undefined;
  return html`<div><dt><code>${name}</code> <span class="type">${typeOf(field)}</span>${must}</dt>
<dd>${about(field)}${fieldsOf(field, depth + 1)}</dd></div>`;
}

/** What it means and what bounds it. */
export function about(schema: Schema): Html {
  const limits = limitsOf(schema);
  const said = schema.description === undefined ? undefined : html`<p>${schema.description}</p>`;
  return html`${said}${limits.length === 0 ? undefined : html`<p class="limits">${joined(limits)}</p>`}`;
}

/** Its type in a word or a link. */
export function typeOf(schema: Schema): Html {
  const { $ref, oneOf, type, items, format, enum: words } = schema;
  if ($ref !== undefined) {
    const name = $ref.split("/").at(-1)!;
    return html`<a href="#type-${name}">${name}</a>`;
  }
  if (oneOf !== undefined) return html`${oneOf.map((one, i) => html`${i === 0 ? undefined : " or "}${typeOf(one)}`)}`;
  if (type === "array") return items === undefined ? html`list` : html`list of ${typeOf(items)}`;
  if ("const" in schema) return html`always ${JSON.stringify(schema.const)}`;
  if (words !== undefined) return html`one of ${words.length}`;
  return html`${type ?? "anything"}${format === undefined ? undefined : `, ${format}`}`;
}

function limitsOf(schema: Schema): Html[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, maxProperties, pattern } = schema;
  const code = (value: unknown) => html`<code>${typeof value === "string" ? value : JSON.stringify(value)}</code>`;
  const limits: Html[] = [];
  if (schema.enum !== undefined)
    limits.push(html`one of ${schema.enum.map((word, i) => html`${i === 0 ? "" : ", "}${code(word)}`)}`);
  limits.push(
    ...range(minimum, maximum, ""),
    ...range(minLength, maxLength, " characters"),
    ...range(minItems, maxItems, " entries"),
  );
  if (maxProperties !== undefined) limits.push(html`at most ${maxProperties} entries`);
  if (pattern !== undefined) limits.push(html`matches ${code(pattern)}`);
  if (schema.default !== undefined) limits.push(html`default ${code(schema.default)}`);
  if (schema.examples !== undefined)
    limits.push(html`such as ${schema.examples.map((one, i) => html`${i === 0 ? "" : ", "}${code(one)}`)}`);
  return limits;
}

function range(least: number | undefined, most: number | undefined, of: string): Html[] {
  if (least !== undefined && most !== undefined) return [html`${least} to ${most.toLocaleString("en")}${of}`];
  if (most !== undefined) return [html`at most ${most.toLocaleString("en")}${of}`];
  return least === undefined || least === 0 ? [] : [html`at least ${least}${of}`];
}

function joined(parts: readonly Html[]): Html {
  return html`${parts.map((part, i) => html`${i === 0 ? "" : "; "}${part}`)}`;
}
