import { connect } from "node:net";

const METADATA_KEY = 3;
const METADATA_VERSION = 4;

/** A Metadata request (version 4) for no topic at all: the answer lists the brokers that are up. */
export function metadataRequest(): Buffer {
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 4 + 1);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(METADATA_KEY, 4);
  request.writeInt16BE(METADATA_VERSION, 6);
  request.writeInt32BE(1, 8); // correlation id
  request.writeInt16BE(-1, 12); // no client id
  request.writeInt32BE(0, 14); // no topics
  request.writeInt8(0, 18); // do not create topics
  return request;
}

/** Node ids in a Metadata response (version 4), its length prefix removed. Throws RangeError when it is cut short. */
export function brokerIds(response: Buffer): number[] {
  let offset = 4 + 4; // correlation id, throttle time
  const count = response.readInt32BE(offset);
  offset += 4;
  const ids: number[] = [];
  for (let index = 0; index < count; index++) {
    ids.push(response.readInt32BE(offset));
    const host = response.readInt16BE(offset + 4);
    const rackAt = offset + 4 + 2 + host + 4;
    const rack = response.readInt16BE(rackAt); // -1: none
    offset = rackAt + 2 + Math.max(rack, 0);
  }
  return ids;
}

/**
 * True when the broker answers requests and the controllers have let it in (a fenced broker is not in the metadata).
 * An open port alone says neither.
 */
export function isBrokerReady(port: number, nodeId: number, timeoutMs = 2000): Promise<boolean> {
  return new Promise((settle) => {
    let received = Buffer.alloc(0);
    const socket = connect({ port, host: "127.0.0.1", timeout: timeoutMs });
    const finish = (ready: boolean) => {
      socket.destroy();
      settle(ready);
    };
    socket.once("connect", () => socket.write(metadataRequest()));
    socket.once("timeout", () => finish(false));
    socket.once("error", () => finish(false));
    socket.once("close", () => settle(false));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        finish(brokerIds(received.subarray(4)).includes(nodeId));
      }
    });
  });
}
