import { expect, test } from "vitest";
import type { SentTraffic } from "../../../../domain/abnormal/traffic-minute.ts";
import {
  type Dated,
  type TrafficRows,
  wholeMinutes,
} from "../../../../services/analytics-sink/abnormal/traffic-rows.ts";

const FROM = 29_000_000;

/** A store that has so many rows a minute, and gives the largest of a stretch. */
function store(rowsAMinute: number, maxRows: number) {
  const asked: number[] = [];
  const ask = async (until: number): Promise<TrafficRows> => {
    asked.push(until - FROM);
    const sent: Dated<SentTraffic>[] = [];
    for (let minute = FROM; minute < until; minute++)
      for (let n = 1; n <= rowsAMinute; n++)
        sent.push({
          ...{ minute, account: `a${n}`, country: "DE", sender: "S", provider: "p" },
          ...{ messages: n, cost: 0, currency: "EUR" },
        });
    sent.sort((a, b) => b.messages - a.messages);
    return { sent: sent.slice(0, maxRows), ranges: [], ends: [], told: [] };
  };
  return { asked, read: (minutes: number) => wholeMinutes(FROM, FROM + minutes, maxRows, ask) };
}

test("an answer that has room for more is taken as it is", async () => {
  const { asked, read } = store(2, 121);
  expect((await read(60)).length).toBe(60);
  expect(asked).toEqual([60]);
});

test("of an hour with too many rows its first minutes are given, with all of theirs", async () => {
  const { asked, read } = store(7, 60);
  const minutes = await read(60);
  expect(asked).toEqual([60, 30, 15, 8]);
  expect(minutes.map(({ minute }) => minute - FROM)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  for (const { sent } of minutes) expect(sent.length).toBe(7);
});

test("of a minute with too many rows the largest are given", async () => {
  const { asked, read } = store(100, 60);
  const minutes = await read(3);
  expect(asked).toEqual([3, 2, 1]);
  expect(minutes.map(({ sent }) => [sent.length, Math.min(...sent.map(({ messages }) => messages))])).toEqual([
    [60, 41],
  ]);
});
