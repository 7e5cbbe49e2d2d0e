import { resolve } from "node:path";
import { expect, test, vi } from "vitest";
import { applyVersion } from "../../../pipeline/control/apply-version.ts";
import { OpenCatalogTopic } from "../../../pipeline/control/catalog-topic.ts";
import { runCli } from "../../../services/cli/sluice.ts";

/** The local files as they are, without what asks Kafka. */
vi.mock("../../../pipeline/control/apply-version.ts", () => ({
  followingSource: async (_: unknown, files: unknown) => files,
  applyVersion: vi.fn(async () => ({ version: 8, created: [] })),
}));

const FOLDER = resolve(import.meta.dirname, "../../../infra/local/catalog");

async function apply(use: string | undefined, ...more: string[]) {
  const close = vi.fn(async () => {});
  const current = { version: 7, source: { providers: [{ id: "smsc-a", use }] } };
  const topic = { read: async () => ({ current, instances: [] }), close };
  vi.spyOn(OpenCatalogTopic, "open").mockResolvedValue(topic as never);
  vi.mocked(applyVersion).mockClear();
  const [out, err]: [string[], string[]] = [[], []];
  const giveWay = vi.fn();
  const host = { env: {}, print: (line: string) => out.push(line), tell: (line: string) => err.push(line), giveWay };
  const code = await runCli(["apply", FOLDER, "--wait", "0", ...more], host);
  expect(close).toHaveBeenCalledOnce();
  expect(giveWay, "messages go before the command").toHaveBeenCalledOnce();
  const warned = err.join("\n").includes("provider smsc-a is out of use in version 7");
  return { code, published: vi.mocked(applyVersion).mock.calls.length, warned, said: [...out, ...err].join("\n") };
}

test.each(["drain", "none"])(
  "files that would use a provider again that is %s change nothing, unless that is said",
  async (use) => {
    const refused = await apply(use);
    expect(refused).toMatchObject({ code: 1, published: 0, warned: true });
    expect(refused.said).toMatch(/say --use-again\.\nNothing was changed\.$/);
    expect(await apply(use, "--dry-run")).toMatchObject({ code: 0, published: 0, warned: true });
    expect(await apply(use, "--use-again")).toMatchObject({ code: 0, published: 1, warned: true });
  },
);

test("all other files need no such word", async () => {
  for (const use of [undefined, "normal"])
    expect(await apply(use)).toMatchObject({ code: 0, published: 1, warned: false });
});
