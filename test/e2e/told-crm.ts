/** An account's CRM, as an HTTP server of its own: what it is told of suppressions, and what it tells. */
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, inject } from "vitest";
import type { ControlClient } from "../../infra/local/control-client.ts";
import { freshId, freshNumber, post, until, untilFinal } from "./sluice.ts";

const { ingestUrl } = inject("sluice");
/** The account's, and its key's. */
export const CRM_ACCOUNT = "told";
export const CRM_KEY = "a-key-of-the-account-with-a-crm";
const SECRET = `whsec_${Buffer.from("a secret of twenty-four octets!!").toString("base64")}`;

/** How long it takes for an answer, ms: that of a collector which is killed is on its way. */
const ANSWER_MS = 300;
const NUMBERS = 12;
const ROUNDS = 10;
const KILL_AFTER = 4;
/** Rounds in which it refuses what it is told. */
const REFUSES = new Set([2]);

interface Told {
  readonly id: string;
  readonly type: string;
  readonly account: string;
  readonly number: string;
  readonly suppressed: boolean;
  readonly source: string;
  readonly at: string;
}

/** By the specification, and not by the code that is tested (Standard Webhooks 1.0.0, https://www.standardwebhooks.com). */
function signatureOf(id: string, seconds: string, body: string, secret = SECRET): string {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}

export class ToldCrm {
  /** What it has taken, as it came. */
  readonly taken: Told[] = [];
  /** Requests with another signature than theirs. */
  unsigned = 0;
  refused = 0;
  refuses = false;
  private readonly folder = mkdtempSync(join(tmpdir(), "sluice-crm-"));
  private readonly server: Server = createServer((request, response) => void this.answer(request, response));

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** For `consentWebhook` of its account. */
  get webhook(): object {
    const file = join(this.folder, "secret");
    writeFileSync(file, SECRET);
    return { url: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/suppressions`, secret: { file } };
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const octets: Buffer[] = [];
    for await (const part of request) octets.push(part as Buffer);
    const body = Buffer.concat(octets).toString();
    const [id, seconds, signature] = ["id", "timestamp", "signature"].map((n) =>
      String(request.headers[`webhook-${n}`]),
    );
    const isSigned =
      signature === signatureOf(id!, seconds!, body) && Math.abs(Date.now() / 1_000 - Number(seconds)) < 60;
    if (!isSigned) this.unsigned++;
    const takes = isSigned && !this.refuses;
    if (takes) this.taken.push(...(JSON.parse(body) as { events: Told[] }).events);
    else this.refused++;
    await pause(ANSWER_MS);
    response.writeHead(takes ? 204 : 503).end();
  }

  /** Posts what it says of a number as a workflow of it would, signed. @returns the status of the answer */
  async tell(number: string, secret?: string): Promise<number> {
    const body = JSON.stringify({ number: `+${number}`, suppressed: "true" });
    const seconds = String(Math.floor(Date.now() / 1_000));
    const id = `msg_${freshId()}`;
    const headers = {
      "content-type": "application/json",
      ...{
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": signatureOf(id, seconds, body, secret),
      },
    };
    return (await fetch(`${ingestUrl}/v1/webhooks/${CRM_ACCOUNT}/suppressions`, { method: "POST", headers, body }))
      .status;
  }
}

/** Numbers change again and again, the CRM refuses for a while, and what tells it is killed: it gets each change, signed, and of a number in order. */
export async function crmHearsEachChange(crm: ToldCrm, control: ControlClient): Promise<void> {
  const numbers = Array.from({ length: NUMBERS }, freshNumber);
  const began = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    crm.refuses = REFUSES.has(round);
    const suppressed = round % 2 === 0;
    const suppressions = numbers.map((number) => ({ number, suppressed }));
    expect(await post("/v1/suppressions", { suppressions }, CRM_KEY)).toMatchObject({ status: 200 });
    if (round === KILL_AFTER) {
      // While it is being told.
      const { length } = crm.taken;
      await until("it hears more", () => crm.taken.length > length);
      await control.signal("dlr-collector", "SIGKILL");
    }
    await pause(ANSWER_MS);
  }
  const heard = (number: string) => {
    const own = crm.taken.filter((one) => one.number === `+${number}`);
    return [...new Map(own.map((one) => [one.id, one])).values()];
  };
  const wanted = Array.from({ length: ROUNDS }, (_, round) => round % 2 === 0);
  await until(
    () => `it has heard all; of the first number ${JSON.stringify(heard(numbers[0]!).map((one) => one.suppressed))}`,
    () => numbers.every((number) => heard(number).length === ROUNDS),
  );
  const changes = NUMBERS * ROUNDS;
  const more = crm.taken.filter(({ number }) => numbers.includes(number.slice(1))).length - changes;
  console.log(
    `a CRM heard ${changes} changes in ${((performance.now() - began) / 1_000).toFixed(1)} s over a kill -9, ${more} of them again; ${crm.refused} requests were refused before`,
  );
  for (const number of numbers) {
    expect(heard(number).map(({ suppressed }) => suppressed)).toEqual(wanted);
    const times = heard(number).map(({ at }) => Date.parse(at));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(heard(number)[0]).toMatchObject({ type: "suppression.changed", account: CRM_ACCOUNT, source: "api" });
  }
  expect(crm.refused).toBeGreaterThan(0);
  expect(crm.unsigned).toBe(0);
}

/** What the CRM says of a recipient holds for the next message to them; what somebody says who has not its secret does not. */
export async function crmIsListenedTo(crm: ToldCrm): Promise<void> {
  const [stopped, other] = [freshNumber(), freshNumber()];
  expect(await crm.tell(stopped)).toBe(200);
  expect(await crm.tell(other, `whsec_${Buffer.from("another secret").toString("base64")}`)).toBe(401);
  const ids: string[] = [];
  for (const number of [stopped, other]) {
    const sent = await post("/v1/messages", { to: `+${number}`, text: "as you wished" }, CRM_KEY);
    expect(sent).toMatchObject({ status: 202 });
    ids.push((sent.body as { id: string }).id);
  }
  const rows = await untilFinal(ids);
  expect(rows.get(ids[0]!)).toMatchObject({ state: "rejected", error_code: "opted-out", submissions: 0, finals: 1 });
  expect(rows.get(ids[1]!)).toMatchObject({ submissions: 1, finals: 1 });
  await until("it is told of its own word", () => crm.taken.some(({ number }) => number === `+${stopped}`));
  expect(crm.taken.findLast(({ number }) => number === `+${stopped}`)).toMatchObject({
    suppressed: true,
    source: "webhook",
  });
  expect(crm.taken.some(({ number }) => number === `+${other}`)).toBe(false);
}
