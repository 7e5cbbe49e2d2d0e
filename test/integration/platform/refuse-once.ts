import { createRequire } from "node:module";

// Not part of KafkaJS's types.
const require = createRequire(import.meta.url);
type GroupRequest = (asked: { groupId: string }) => Promise<unknown>;
const Broker = require("kafkajs/src/broker") as { prototype: Record<"heartbeat" | "joinGroup", GroupRequest> };
const { createErrorFromCode } = require("kafkajs/src/protocol/error") as { createErrorFromCode(code: number): Error };

/** The next request of this kind of the group is answered with this error; resolves when it was. */
export function refuseOnce(request: "heartbeat" | "joinGroup", groupId: string, code: number): Promise<void> {
  const original = Broker.prototype[request];
  return new Promise((resolve) => {
    Broker.prototype[request] = function (asked) {
      if (asked.groupId !== groupId) return original.call(this, asked);
      Broker.prototype[request] = original;
      resolve();
      return Promise.reject(createErrorFromCode(code));
    };
  });
}
