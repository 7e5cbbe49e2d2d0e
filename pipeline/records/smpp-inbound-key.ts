/** Keys in sms.smpp-receipts of messages from handsets: `<account>/in-<epoch ms>-<id>`, and `/<number of three digits>` behind it for each part of a long one. */

/** `part`: from 1; undefined: the message is no long one. In the order of the keys messages stand in the order in which they came. */
export function smppInboundKey(accountId: string, receivedAt: number, id: string, part?: number): string {
  const whole = `${accountId}/in-${String(receivedAt).padStart(14, "0")}-${id}`;
  return part === undefined ? whole : `${whole}/${String(part).padStart(3, "0")}`;
}

/** The key of the message that a part belongs to; any other key as it is. */
export function wholeSmppKey(key: string): string {
  return isSmppPart(key) ? key.slice(0, key.lastIndexOf("/")) : key;
}

/** Whether it is a part of a long message. */
export function isSmppPart(key: string): boolean {
  return /^[^/]+\/in-[^/]+\/\d{3}$/.test(key);
}
