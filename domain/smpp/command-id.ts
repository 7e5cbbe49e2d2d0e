/** SMPP 3.4 section 5.1.2.1: the command identifiers this codec speaks. A response is its request with bit 31 set. */
export const commandId = {
  generic_nack: 0x80000000,
  bind_receiver: 0x00000001,
  bind_receiver_resp: 0x80000001,
  bind_transmitter: 0x00000002,
  bind_transmitter_resp: 0x80000002,
  query_sm: 0x00000003,
  query_sm_resp: 0x80000003,
  submit_sm: 0x00000004,
  submit_sm_resp: 0x80000004,
  deliver_sm: 0x00000005,
  deliver_sm_resp: 0x80000005,
  unbind: 0x00000006,
  unbind_resp: 0x80000006,
  replace_sm: 0x00000007,
  replace_sm_resp: 0x80000007,
  cancel_sm: 0x00000008,
  cancel_sm_resp: 0x80000008,
  bind_transceiver: 0x00000009,
  bind_transceiver_resp: 0x80000009,
  outbind: 0x0000000b,
  enquire_link: 0x00000015,
  enquire_link_resp: 0x80000015,
  submit_multi: 0x00000021,
  submit_multi_resp: 0x80000021,
  alert_notification: 0x00000102,
  data_sm: 0x00000103,
  data_sm_resp: 0x80000103,
} as const;

/** The PDU names of SMPP 3.4 that this codec speaks. */
export type CommandName = keyof typeof commandId;

/** The three ways to bind (section 4.1). */
export type BindCommand = "bind_receiver" | "bind_transmitter" | "bind_transceiver";

const names = new Map<number, CommandName>(
  (Object.entries(commandId) as [CommandName, number][]).map(([name, id]) => [id, name]),
);

/** The name of a command id, or undefined when this codec does not know it. */
export function commandName(id: number): CommandName | undefined {
  return names.get(id);
}

/** True for responses and generic_nack: bit 31 of the command id is set. */
export function isResponseId(id: number): boolean {
  return id >= 0x80000000;
}

/** Octets of the PDU header: command_length, command_id, command_status, sequence_number (section 3.2). */
export const headerOctets = 16;

/** Sequence numbers run from 1 to this and wrap to 1 (section 3.2). */
export const maxSequence = 0x7fffffff;
