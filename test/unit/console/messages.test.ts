import { expect, test } from "vitest";
import type { Role } from "../../../services/console/access/roles.ts";
import { questions } from "../../../services/console/questions.ts";
import { consoleWorld } from "./console-world.ts";

const ID = "0197b7a0-0000-7000-8000-000000000001";
const at = "2026-12-01T12:00:00.000Z";
const message = {
  ...{ id: ID, account: "acme", lane: "otp", country: "DE", network: "26201", destination: "491711234567" },
  ...{ sender: "+491729876543", reference: "", state: "delivered", final: 1, provider: "a", route: "r", attempts: 1 },
  ...{ segments: 1, accepted_at: at, updated_at: at, submitted_at: at, finished_at: at, costs: {}, encoding: "gsm7" },
  ...{ error_class: "", error_code: "", reason: "" },
};
const routed = {
  ...{
    destination: message.destination,
    type: "routed",
    at,
    attempt: 1,
    provider: "a",
    route: "r",
    reason: "cheapest",
  },
  ...{ state: "", part: 0, error_class: "", error_code: "", due: null, cost: "", currency: "", resubmitted: "" },
  ...{ provider_message_ids: [], verdicts: "", charged: "", sent_as: "whatsapp:+491729876543" },
  rules: "sender rule de: goes out as whatsapp:+491729876543; sender rule de: not registered at b",
};
const rows = async (query: string) => {
  if (query.includes("FROM messages_latest")) return [message];
  return query.includes("log_partition, log_offset") ? [routed] : [];
};
const clickhouse = { lookUp: (ask: (of: typeof rows) => unknown) => ask(rows) };

async function asking(role: Role, path: string) {
  const world = await consoleWorld(questions({ clickhouse } as never));
  try {
    return (await world.ask(role, path)).body.messages as { history: object[] }[];
  } finally {
    await world.stop();
  }
}

test("a sender that is somebody's number is shortened for viewers as the recipient's is, in each word of the message", async () => {
  const [found] = await asking("viewer", `/api/messages?id=${ID}`);
  expect(found).toMatchObject({ to: "+49171…67", sender: "+49172…43" });
  const [way] = await asking("viewer", `/api/messages/${ID}?account=acme`);
  expect(way!.history[0]).toMatchObject({
    sentAs: "whatsapp:+49172…43",
    rules: "sender rule de: goes out as whatsapp:+49172…43; sender rule de: not registered at b",
  });
  expect(JSON.stringify([found, way])).not.toContain("9876");
  const [whole] = await asking("operator", `/api/messages/${ID}?account=acme`);
  expect(whole!.history[0]).toMatchObject({ sentAs: routed.sent_as, rules: routed.rules });
  expect((await asking("operator", `/api/messages?id=${ID}`))[0]).toMatchObject({ sender: "+491729876543" });
});
