import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { SecretReference } from "../../domain/catalog/secret-references.ts";
import { accountSid, messageIdOf } from "../../domain/message/twilio-sids.ts";
import { revealSecret } from "../../pipeline/boot/reveal-secret.ts";
import { type InteropCase, same } from "./interop-case.ts";
import type { PartName } from "./interop-parts.ts";
import { runProgram } from "./part-program.ts";
import { freshNumber, type SluiceUnderTest } from "./sluice-under-test.ts";

/** Twilio's SDKs as those who sign and who ask, and HTTP clients with the JSON that they write. */
export const HTTP_CASES: readonly InteropCase[] = [
  {
    name: "Twilio's SDK for Node 6.3.1 signs callbacks: the webhook agrees",
    needs: ["node"],
    limitMs: 60_000,
    run: (sluice) =>
      signedCallbacks(sluice, "node", (_, words) => [process.execPath, "twilio-sdk.js", "sign", ...words]),
  },
  {
    name: "Twilio's SDK for Python 9.13.0 signs callbacks: the webhook agrees",
    needs: ["python"],
    limitMs: 60_000,
    run: (sluice) =>
      signedCallbacks(sluice, "python", (folder, words) => [`${folder}/venv/bin/python`, "twilio_sdk.py", ...words]),
  },
  {
    name: "Twilio's SDK for Node 6.3.1 sends to the provider simulator, which answers as Twilio does",
    needs: ["node"],
    limitMs: 60_000,
    run: sdkSends,
  },
  {
    name: "Twilio's SDK for Python 9.13.0 sends by ingest, fetches, lists, and gets its typed errors",
    needs: ["python"],
    limitMs: 90_000,
    run: sdkSendsByIngest,
  },
  { name: "Python requests 2.34.2: spellings of JSON", needs: ["python"], limitMs: 60_000, run: spellingsOfJson },
];

interface HttpSettings {
  readonly baseUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly statusCallbackUrl: string;
}

/** The local cluster's HTTP provider, as the running services see it. */
function httpProvider({ installation }: SluiceUnderTest): HttpSettings {
  const file = readFileSync(join(installation.catalogDir, "providers.yaml"), "utf8");
  const providers = parse(file) as {
    id: string;
    http?: Omit<HttpSettings, "authToken"> & { authToken: SecretReference };
  }[];
  const { http } = providers.find(({ id }) => id === "http-c")!;
  return { ...http!, authToken: revealSecret(http!.authToken) };
}

async function signedCallbacks(
  sluice: SluiceUnderTest,
  part: PartName,
  command: (folder: string, words: readonly string[]) => readonly string[],
): Promise<string> {
  const { authToken, statusCallbackUrl } = httpProvider(sluice);
  const folder = sluice.folders.get(part)!;
  const from = freshNumber();
  const parameters = {
    MessageSid: "SM00000000000000000000000000000001",
    SmsStatus: "received",
    From: `+${from}`,
    To: "+4915100000000",
    Body: "Да & ñ + 100 %",
    NumSegments: "1",
  };
  const post = async (url: string, fields: Readonly<Record<string, string>>) => {
    const signature = await runProgram(folder, command(folder, [authToken, url, JSON.stringify(parameters)]));
    const headers = { "x-twilio-signature": signature };
    return (await fetch(statusCallbackUrl, { method: "POST", headers, body: new URLSearchParams(fields) })).status;
  };
  same("status of a signed callback", await post(statusCallbackUrl, parameters), 204);
  const [record] = await sluice.untilInbound(from, 1);
  same("text in sms.inbound", record!.text, parameters.Body);
  const without = statusCallbackUrl.replace(/:\d+\//, "/");
  same("status when it is signed over the address without its port", await post(without, parameters), 204);
  const elsewhere = statusCallbackUrl.replace("127.0.0.1", "127.0.0.2");
  same("status when it is signed over another host", await post(elsewhere, parameters), 403);
  same("status with another text", await post(statusCallbackUrl, { ...parameters, Body: "No" }), 403);
  return "4 callbacks";
}

async function sdkSends(sluice: SluiceUnderTest): Promise<string> {
  const { baseUrl, accountSid, authToken } = httpProvider(sluice);
  const command = [process.execPath, "twilio-sdk.js", "send", baseUrl, accountSid, authToken];
  const answer = JSON.parse(await runProgram(sluice.folders.get("node")!, command)) as Record<string, string>;
  same("status and parts", [answer.status, answer.segments], ["queued", "1"]);
  return answer.sid!.slice(0, 2);
}

async function sdkSendsByIngest(sluice: SluiceUnderTest): Promise<string> {
  const folder = sluice.folders.get("python")!;
  const { ingestUrl } = sluice.installation;
  const words = [ingestUrl, accountSid("acme"), "acme-demo-key", `+${freshNumber()}`];
  const printed = await runProgram(folder, [`${folder}/venv/bin/python`, "twilio_client.py", ...words]);
  const { first, seen } = JSON.parse(printed) as { first: string; seen: object };
  same("what the SDK saw", seen, {
    created: ["queued", "1", "Grüße, 5€", "scheduled"],
    fetched: [true, true, null],
    listed: true,
    refused: [400, 21_211],
    unknown: [404, 20_404],
    unauthorized: [401, 20_003],
  });
  const [row] = await sluice.untilFinal([messageIdOf(first)!]);
  same("how the message ended", row!.state, "delivered");
  return "3 messages, 3 errors";
}

async function spellingsOfJson(sluice: SluiceUnderTest): Promise<string> {
  const folder = sluice.folders.get("python")!;
  const command = [`${folder}/venv/bin/python`, "post_messages.py", sluice.installation.ingestUrl, "acme-demo-key"];
  const statuses = JSON.parse(await runProgram(folder, [...command, `+${freshNumber()}`])) as object;
  same("statuses", statuses, { "charset=utf8": 202, 'charset="UTF-8"': 202, "byte order mark": 202, "latin-1": 415 });
  return "3 accepted, Latin-1 refused";
}
