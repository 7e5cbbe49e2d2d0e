import { isMessageId } from "../../domain/message/message-id.ts";
import { LAST_MOMENT, type ListPlace } from "./list-messages.ts";

const FORM = /^(\d{1,14})\.([0-9a-f-]{36})\.(\d{0,15})$/;

/** A place in a list as clients hold it: base64url (RFC 4648, section 5) of `<epoch ms>.<id>.<digits>`. It holds for any filters, and names no secret. */
export function writeCursor({ acceptedAt, id, destination = "" }: ListPlace): string {
  return Buffer.from(`${acceptedAt}.${id}.${destination}`).toString("base64url");
}

/** Undefined: it is none. */
export function readCursor(text: string): ListPlace | undefined {
  const [, at, id = "", destination] = FORM.exec(Buffer.from(text, "base64url").toString("latin1")) ?? [];
  if (at === undefined || Number(at) > LAST_MOMENT || !isMessageId(id)) return undefined;
  return { acceptedAt: Number(at), id, ...(destination === "" ? {} : { destination: destination! }) };
}
