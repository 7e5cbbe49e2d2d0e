/**
 * A score in 0 to 2^32 - 1 that a name has for a destination, and that depends on nothing else: among several names the one with the
 * highest is the destination's (rendezvous hashing), so that only its own destinations move when a name comes or goes.
 *
 * FNV-1a, and the finaliser of MurmurHash3, without which similar numbers would have similar scores.
 */
export function rendezvous(name: string, destination: string): number {
  let value = fnv(fnv(0x811c9dc5, name), destination);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function fnv(seed: number, text: string): number {
  let value = seed;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value;
}
