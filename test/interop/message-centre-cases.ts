import { until } from "../faults/until.ts";
import { type InteropCase, same } from "./interop-case.ts";
import { accountOf, type InteropProvider } from "./interop-catalog.ts";
import { type CentreProgram, type MessageCentre, receivedBy } from "./message-centre.ts";
import { freshNumber, type MessageRow, type Outgoing, type SluiceUnderTest } from "./sluice-under-test.ts";

/** A message centre that others wrote, as a provider of Sluice's. */
export interface CentreKind extends CentreProgram {
  /** With its version. */
  readonly title: string;
  readonly provider: InteropProvider;
}

/** What people send: the extension table, several parts, other scripts, characters beyond the basic plane; and the parts each takes. */
const TEXTS: readonly (readonly [text: string, parts: number])[] = [
  ["Your code is 4711", 1],
  ["user_1@shop: $5, Grüße {ok} [x] ~ 5€ \\ ^ |", 1],
  ["x".repeat(160), 1],
  [`${"a".repeat(152)}€${"b".repeat(152)}`, 3],
  ["Ваш код 4711, действует 5 минут", 1],
  ["Посылка прибудет сегодня 📦 ".repeat(5), 3],
];
const SENDERS = ["ACME", "68849", "+491700000099"] as const;

/** The same suite for every centre. */
export function centreCases(kind: CentreKind): InteropCase[] {
  const needs = [kind.part];
  const named = (
    name: string,
    limitMs: number,
    run: (sluice: SluiceUnderTest, centre: MessageCentre) => Promise<string>,
  ) => ({
    name: `${kind.title}: ${name}`,
    needs,
    limitMs,
    run: async (sluice: SluiceUnderTest) => run(sluice, await sluice.boundCentre(kind, kind.provider.id)),
  });
  return [
    named("what is sent arrives as it was written, and its receipts end it as delivered", 60_000, (sluice, centre) =>
      arrivesAsWritten(kind, sluice, centre),
    ),
    named("what it refuses as too fast is sent later, once, and delivered", 60_000, (sluice, centre) =>
      throttled(kind, sluice, centre),
    ),
    named("killed with messages under way and started again, it gives the same ids anew", 90_000, (sluice, centre) =>
      killed(kind, sluice, centre),
    ),
    named("messages from handsets, in GSM, in UCS-2 and in parts", 60_000, fromHandsets),
  ];
}

async function arrivesAsWritten(kind: CentreKind, sluice: SluiceUnderTest, centre: MessageCentre): Promise<string> {
  const messages = SENDERS.flatMap((from) => TEXTS.map(([text]): Outgoing => ({ to: freshNumber(), text, from })));
  const rows = await sluice.untilFinal(await sluice.send(accountOf(kind.provider.id), messages));
  allDelivered(rows);
  for (const [i, { to, text, from }] of messages.entries()) {
    const [, parts] = TEXTS[i % TEXTS.length]!;
    same(`message ${i + 1}`, receivedBy(centre.submits, to), { text, parts, from: from!.replace("+", "") });
    same(`parts of message ${i + 1} in ClickHouse`, rows[i]!.segments, parts);
  }
  if (centre.mostOpen > kind.provider.window)
    throw new Error(`${centre.mostOpen} requests stood open; the window is ${kind.provider.window}`);
  return `${messages.length} messages, ${centre.submits.length} parts`;
}

async function throttled(kind: CentreKind, sluice: SluiceUnderTest, centre: MessageCentre): Promise<string> {
  const refusals = 5;
  centre.throttle(refusals);
  const messages = Array.from({ length: 20 }, (_, i) => ({ to: freshNumber(), text: `Number ${i}` }));
  const rows = await sluice.untilFinal(await sluice.send(accountOf(kind.provider.id), messages));
  allDelivered(rows);
  for (const { to, text } of messages) same("what one number got", receivedBy(centre.submits, to).text, text);
  const ids = rows.map(({ id }) => `'${id}'`).join(",");
  const [events] = await sluice.query<{ count: string }>(
    `SELECT count() AS count FROM events WHERE message_id IN (${ids}) AND type = 'returned' AND error_class = 'throttled'`,
  );
  return `${messages.length} messages, ${refusals} refusals, ${events!.count} of them handed back to the router`;
}

/**
 * The centre forgets what it had and counts its ids from 1 again. So what it had taken before and had not reported is lost
 * with it: `unknown` at the deadline. What it takes afterwards is delivered, under ids that other messages have had.
 */
async function killed(kind: CentreKind, sluice: SluiceUnderTest, centre: MessageCentre): Promise<string> {
  const before = centre.submits.length;
  const messages = Array.from({ length: 120 }, (_, i) => ({ to: freshNumber(), text: `Number ${i}`, from: "ACME" }));
  const ids = await sluice.send(accountOf(kind.provider.id), messages);
  await until(
    () => "the first submissions",
    () => centre.submits.length - before >= 20,
    20_000,
  );
  await centre.kill();
  const first = centre.submits.slice(before);
  await centre.start();
  const rows = await sluice.untilFinal(ids, 70_000);
  const second = centre.submits.slice(before + first.length);
  const again = new Set(second.map(({ to }) => to));
  for (const row of rows) {
    same("finals of a message", row.finals, 1);
    if (again.has(row.to)) same("a message that the second life took", row.state, "delivered");
    else if (row.state !== "delivered") same("a message that only the first life took", row.state, "unknown");
  }
  const copies = messages.map(({ to }) => [...first, ...second].filter((submit) => submit.to === to).length);
  const [least, most] = [Math.min(...copies), Math.max(...copies)];
  if (least < 1 || most > 2) throw new Error(`copies of a message: ${least} to ${most}`);
  const twice = copies.filter((count) => count === 2).length;
  const lost = rows.filter(({ state }) => state === "unknown").length;
  return `${first.length} taken before, ${second.length} after, ${twice} twice; ${lost} unknown, whose receipts died with it`;
}

async function fromHandsets(sluice: SluiceUnderTest, centre: MessageCentre): Promise<string> {
  const texts = ["Yes please_@$ {€} Grüße", "Да, пожалуйста"];
  let records = 0;
  for (const text of texts) {
    const handset = freshNumber();
    same("status of deliver_sm_resp", await centre.deliverText(handset, "68849", text), 0);
    const [record, ...more] = await sluice.untilInbound(handset, 1);
    same("a message from a handset", [record!.text, record!.to, more.length], [text, "68849", 0]);
    records++;
  }
  const handset = freshNumber();
  const parts = ["050003420202", "050003420201"];
  const halves = ["second half", "First half and "];
  for (const [i, header] of parts.entries()) {
    const octets = Buffer.concat([Buffer.from(header, "hex"), Buffer.from(halves[i]!, "latin1")]);
    same("status of deliver_sm_resp", await centre.deliver(handset, "68849", 0x40, 0, octets), 0);
  }
  const found = await sluice.untilInbound(handset, 2);
  same("texts of the parts", found.map(({ text }) => text).sort(), halves.toSorted());
  return `${records + found.length} records`;
}

function allDelivered(rows: readonly MessageRow[]): void {
  for (const { state, finals, submissions, error_code } of rows)
    same(
      "a message",
      { state, finals, submissions, error_code },
      { state: "delivered", finals: 1, submissions: 1, error_code: "" },
    );
}
