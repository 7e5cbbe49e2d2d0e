import { type Decoded, writerSchemaId } from "../../platform/codec/codec.ts";
import type { Control } from "../../schemas/generated/types.ts";
import type { SluiceCodecs } from "../records/codecs.ts";

/** Decodes a record of sms.control, whoever wrote it. Rejects when its schema is not at hand and the registry cannot be asked. */
export async function readControl(
  value: Buffer,
  codecs: Pick<SluiceCodecs, "control" | "loadSchema">,
): Promise<Decoded<Control>> {
  const decoded = codecs.control.decode(value);
  const schema = writerSchemaId(value);
  if (decoded.ok || decoded.code !== "unknown-schema" || schema === undefined) return decoded;
  await codecs.loadSchema(schema);
  return codecs.control.decode(value);
}
