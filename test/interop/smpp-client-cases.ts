import { type InteropCase, same } from "./interop-case.ts";
import type { PartName } from "./interop-parts.ts";
import { runProgram } from "./part-program.ts";
import { freshNumber, type SluiceUnderTest } from "./sluice-under-test.ts";

interface ClientKind {
  readonly title: string;
  readonly part: PartName;
  /** Some hold to the eight octets that the standard has for it. */
  readonly password?: string;
  /** Its command line in the part's folder, before the port, the account, its key and the number of receipts. */
  readonly command: (folder: string) => readonly string[];
}

const java = (name: string) => (folder: string) => [
  ...["java", "-Xmx128m", "-cp", `${folder}/classes:${folder}/libs/*`, name],
];

const EIGHT = "acmesmpp";

/** SMPP clients that others wrote. */
const CLIENTS: readonly ClientKind[] = [
  { title: "npm smpp 0.6.0-rc.4", part: "node", command: () => [process.execPath, "smpp-client.js"] },
  {
    title: "PyPI smpplib 2.2.4",
    part: "python",
    password: EIGHT,
    command: (folder) => [`${folder}/venv/bin/python`, "smpplib_client.py"],
  },
  { title: "jSMPP 3.0.1", part: "java", password: EIGHT, command: java("JsmppClient") },
  { title: "Cloudhopper (ch-smpp 5.0.9)", part: "java", password: EIGHT, command: java("CloudhopperClient") },
];

const SHORT = "Your code is 123456";
/** Its cuts are where they are, and no letter of it is in the extension table. */
const LONG = "A text that takes three parts, whoever cuts it. ".repeat(8).trim();
const PARTS = 3;

interface Seen {
  /** Of each message, the ids of its parts. */
  readonly ids: readonly (readonly string[])[];
  readonly receipts: readonly { readonly id: string; readonly state: string }[];
}

/** They bind, submit short and long texts, and read the receipts with what they have for it. */
export const SMPP_CLIENT_CASES: readonly InteropCase[] = CLIENTS.map((kind) => ({
  name: `${kind.title} as a client: short and long texts arrive whole, and each id has its receipt`,
  needs: [kind.part],
  limitMs: 60_000,
  run: (sluice) => sendAll(kind, sluice),
}));

async function sendAll(
  { part, command, password = "acme-demo-key" }: ClientKind,
  sluice: SluiceUnderTest,
): Promise<string> {
  const folder = sluice.folders.get(part)!;
  const messages = [SHORT, LONG, SHORT].map((text) => ({ to: freshNumber(), text }));
  const receipts = 2 + PARTS;
  const words = [String(sluice.installation.smppPort), "acme", password, String(receipts)];
  const seen = JSON.parse(await runProgram(folder, [...command(folder), ...words], JSON.stringify(messages))) as Seen;
  same(
    "the parts of each message",
    seen.ids.map((each) => each.length),
    [1, PARTS, 1],
  );
  const right = seen.ids.flat().map((id) => `${id} DELIVRD`);
  same("the receipts", seen.receipts.map(({ id, state }) => `${id} ${state}`).sort(), right.sort());
  const rows = await sluice.untilFinal(seen.ids.map(([first]) => first!));
  for (const [i, { state, finals, segments, to }] of rows.entries())
    same(
      "a message",
      { state, finals, segments, to },
      { state: "delivered", finals: 1, segments: i === 1 ? PARTS : 1, to: messages[i]!.to },
    );
  return `${messages.length} messages, ${receipts} receipts`;
}
