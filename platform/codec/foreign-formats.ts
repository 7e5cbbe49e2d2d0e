/** What is needed instead, for people. */
const NEEDED =
  "a zero byte, the schema id in four bytes and Avro's binary encoding are needed (Confluent's wire format)";

/** What bytes that are not in the wire format seem to be, and what to change; never any of the content. */
export function foreignFormat(bytes: Buffer): string {
  if (bytes.length === 0) return `empty: ${NEEDED}`;
  if (bytes[0] === 0) return afterZero(bytes);
  if (looksLikeJson(bytes)) return `JSON, not Avro: ${NEEDED}; use an Avro serializer with the registry`;
  // Avro object container files, specification "Object Container Files".
  if (bytes.subarray(0, 4).equals(Buffer.from("Obj\u0001")))
    return `an Avro container file: ${NEEDED}, without the file's header`;
  // Avro single object encoding, specification "Single-object encoding".
  if (bytes[0] === 0xc3 && bytes[1] === 0x01) return `Avro's single-object encoding: ${NEEDED}`;
  if (bytes[0] === 1 && bytes.length >= 17)
    return `a first byte of 1, as with schema GUIDs: ${NEEDED}; switch the serializer to schema ids in the payload`;
  if (bytes[0] === 3 && bytes.length >= 18) return `as AWS Glue's serializer writes it: ${NEEDED}`;
  return `not in the wire format, perhaps Avro without its header (a schema id in the record's headers is not read): ${NEEDED}`;
}

/** Ids of eight bytes, of which the first four are zero; and what no registry gives. */
function afterZero(bytes: Buffer): string {
  if (bytes.length < 5) return `truncated: ${NEEDED}`;
  const id = bytes.readInt32BE(1);
  if (id === 0 && bytes.length >= 9 && bytes.readInt32BE(5) > 0)
    return `a schema id of eight bytes, as Apicurio's serializers can write it: ${NEEDED}; set apicurio.registry.id-handler to the handler with four bytes (Default4ByteIdHandler; Legacy4ByteIdHandler before version 3), or as-confluent=true`;
  return `schema id ${id} is none that a registry gives: ${NEEDED}`;
}

function looksLikeJson(bytes: Buffer): boolean {
  const start = bytes
    .subarray(0, 64)
    .toString("latin1")
    .replace(/^\u00ef\u00bb\u00bf/, "")
    .trimStart()[0];
  return start === "{" || start === "[" || start === '"';
}
