import { expect, it } from "vitest";
import { droppingTable, withDay } from "../../../../services/cli/archive/day-lock.ts";
import { answer, TablesInMemory } from "./tables-in-memory.ts";

const DAY = "2026-10-01";
const LOCK = "sluice_lock_events_20261001";

it("has a day for one command at a time, and says who has it", async () => {
  const tables = new TablesInMemory();
  const done = await withDay(tables.database, "events", DAY, async () => {
    const second = withDay(tables.database, "events", DAY, async () => "never");
    await expect(second).rejects.toMatchObject({
      code: "DAY_LOCKED",
      message: expect.stringMatching(new RegExp(`process ${process.pid} on .* since .*DROP TABLE ${LOCK}`)),
    });
    expect(tables.rows.has(LOCK)).toBe(true);
    return withDay(tables.database, "events", "2026-10-02", async () => "another day");
  });
  expect(done).toBe("another day");
  expect([...tables.rows.keys()]).toEqual(["events"]);
});

it("takes no other fault of ClickHouse for a command at work", async () => {
  const tables = new TablesInMemory();
  const refused = answer("497", "Not enough privileges");
  tables.before = (statement) => {
    if (statement.startsWith("CREATE")) throw refused;
  };
  await expect(withDay(tables.database, "events", DAY, async () => 1)).rejects.toBe(refused);
});

it("tells what went wrong, also when the lock cannot be let go", async () => {
  const tables = new TablesInMemory();
  tables.before = (statement) => {
    if (statement.startsWith("DROP")) throw new Error("socket hang up");
  };
  const failing = withDay(tables.database, "events", DAY, () => Promise.reject(new Error("what went wrong")));
  await expect(failing).rejects.toThrow("what went wrong");
});

it("leaves a day alone of which a drop was cut off, and says how its rows go back", async () => {
  const tables = new TablesInMemory();
  const away = droppingTable("events", DAY);
  tables.rows.set(away, 7);
  const refused = withDay(tables.database, "events", DAY, async () => "never");
  await expect(refused).rejects.toMatchObject({
    code: "DROP_UNFINISHED",
    message: expect.stringContaining(
      `ALTER TABLE ${away} MOVE PARTITION ID '20261001' TO TABLE events; DROP TABLE ${away}`,
    ),
  });
  expect([...tables.rows]).toEqual([
    ["events", 0],
    [away, 7],
  ]);
});
