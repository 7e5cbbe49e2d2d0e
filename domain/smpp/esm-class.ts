/** SMPP 3.4 section 5.2.12: esm_class bits, and 5.2.17: registered_delivery. */

/** esm_class bit 6: short_message begins with a user data header. */
export const udhIndicator = 0x40;

/** esm_class message type (bits 5-2) of a delivery receipt in deliver_sm. */
export const deliveryReceiptType = 0x04;

/** registered_delivery: ask for a receipt on success and on failure. */
export const receiptRequested = 0x01;

/** esm_class message type of an intermediate notification: a report on the way that ends nothing (5.2.12). */
const intermediateNotificationType = 0x20;

/** True when a deliver_sm carries a delivery receipt or an intermediate notification: message type bits 5-2 are 0001 or 1000. */
export function isDeliveryReceipt(esmClass: number): boolean {
  return (esmClass & deliveryReceiptType) !== 0 ? (esmClass & 0x18) === 0 : isIntermediateNotification(esmClass);
}

/** True when the report is never the last one, whatever it says. */
export function isIntermediateNotification(esmClass: number): boolean {
  return (esmClass & 0x3c) === intermediateNotificationType;
}

/** True when short_message (or message_payload) begins with a user data header. */
export function hasUserDataHeader(esmClass: number): boolean {
  return (esmClass & udhIndicator) !== 0;
}
