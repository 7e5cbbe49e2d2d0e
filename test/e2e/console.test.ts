/** The console of a running installation: who has the one-time login sees the pipeline, finds a message, and is told why it went its way. */
import { afterAll, expect, inject, test } from "vitest";
import { makeOneTimeLogin } from "../../services/console/access/one-time-login.ts";
import { disconnect, freshId, freshNumber, post, until, untilFinal } from "./sluice.ts";

const { consoleUrl, environment } = inject("sluice");
afterAll(disconnect);

const MARK = { "content-type": "application/json", "x-sluice-console": "1" };

async function logIn(): Promise<string> {
  const token = makeOneTimeLogin(environment.SLUICE_CONSOLE_LOGIN_FILE!);
  const body = JSON.stringify({ token });
  const answer = await fetch(`${consoleUrl}/api/login`, { method: "POST", headers: MARK, body });
  expect(answer.status).toBe(200);
  return answer.headers.get("set-cookie")!.split(";")[0]!;
}

test("the overview follows the senders' words, and a message is found by its reference with the reasons of its way", async () => {
  const cookie = await logIn();
  const ask = async <Body>(path: string): Promise<Body> => {
    const answer = await fetch(`${consoleUrl}${path}`, { headers: { cookie } });
    expect([path, answer.status]).toEqual([path, 200]);
    return (await answer.json()) as Body;
  };
  await until("all providers are up on the console", async () => {
    const { providers } = await ask<{ providers: { condition: string }[] }>("/api/overview");
    return providers.length === 3 && providers.every(({ condition }) => condition === "up");
  });

  const reference = `console-${freshId()}`;
  const to = `+${freshNumber()}`;
  const { body } = await post("/v1/messages", { to, text: "hello", lane: "otp", reference });
  const { id } = body as { id: string };
  await untilFinal([id]);

  const { messages: found } = await ask<{ messages: object[] }>(`/api/messages?id=${reference}`);
  expect(found).toMatchObject([{ id, to, reference, foundBy: "reference", final: true }]);
  const { messages } = await ask<{ messages: { history: { type: string; reason?: string }[] }[] }>(
    `/api/messages/${id}?account=acme`,
  );
  const history = messages[0]!.history;
  expect(history.map(({ type }) => type)).toEqual(expect.arrayContaining(["routed", "submitted", "final"]));
  expect(history.find(({ type }) => type === "routed")!.reason).toBe("priority");
  const { value } = await ask<{ value: { name: string; submitted: number }[] }>("/api/accounts?span=1h");
  expect(value.find(({ name }) => name === "acme")!.submitted).toBeGreaterThan(0);
});
