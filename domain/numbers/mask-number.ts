/**
 * Shortens a phone number for logs: the first five and the last two characters stay, the rest become asterisks.
 * Five leading digits keep the country and often the network, which is what an operator needs; two trailing ones let
 * two numbers be told apart. Short inputs keep less, and never more than half of their characters.
 */
export function maskNumber(number: string): string {
  const length = number.length;
  if (length <= 2) return "*".repeat(length);
  const head = length >= 10 ? 5 : Math.floor(length / 4);
  const tail = length >= 10 ? 2 : 1;
  return number.slice(0, head) + "*".repeat(length - head - tail) + number.slice(length - tail);
}
