/** Examples of what goes into requests; docs-page.test.ts holds the bodies against their schemas. */
export const EXAMPLE_ID = "0197a000-0000-7000-8000-000000000001";

/** Bodies, by the name of their schema. */
export const exampleBodies: Readonly<Record<string, object>> = {
  Message: {
    ...{ to: "+491713920012", text: "Your code is 123456", lane: "otp", validity: 300, reference: "order-7" },
    metadata: { campaign: "spring" },
  },
  Batch: {
    messages: [
      { to: "+491713920012", text: "Your parcel is here", idempotencyKey: "parcel-1" },
      { to: "+436641234567", text: "Your parcel is here", idempotencyKey: "parcel-2" },
    ],
  },
  Conversion: { converted: true },
  ExplainQuestion: { to: "+491713920012", text: "Your code is 123456", lane: "otp" },
  SuppressionBatch: { suppressions: ["+491713920012", { number: "+436641234567", suppressed: false }] },
};

/** The content of a request's body, with its example. */
export function bodyOf(name: string) {
  const schema = { $ref: `#/components/schemas/${name}` };
  return { required: true, content: { "application/json": { schema, example: exampleBodies[name] } } };
}
