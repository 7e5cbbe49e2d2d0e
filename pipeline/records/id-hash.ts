/** 32 bits of a text. FNV-1a with a last mix, since the lowest bits alone would repeat in ids that count up. */
export function hashOf(id: string | Uint8Array): number {
  let hash = 0x811c9dc5;
  if (typeof id === "string")
    for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  else for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id[at]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return (hash ^ (hash >>> 15)) >>> 0;
}
