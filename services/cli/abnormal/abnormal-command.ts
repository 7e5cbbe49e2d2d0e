import { parseArgs } from "node:util";
import { z } from "zod";
import { SuspicionBoard } from "../../../pipeline/follow/suspicion-board.ts";
import { fateOf } from "../../../pipeline/follow/suspicion-fate.ts";
import { connectCodecs } from "../../../pipeline/records/codecs.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { kafkaConnection } from "../../../platform/kafka/connection-settings.ts";
import { kafkaSettings } from "../../../platform/kafka/settings.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { ABNORMAL_TOPIC } from "../../../schemas/topics.ts";
import { understood } from "../arguments.ts";
import type { Command } from "../command.ts";
import { suspicionText } from "./abnormal-report.ts";

const HELP = `usage: sluice abnormal [--past] [--json]
What is abnormal in the traffic, from sms.abnormal: whom it concerns, what is usual and what is seen, how surprising that is, and what goes on
being spent. The one of which there is the newest word comes first.
  --past   those that are over as well, of the last 90 days
  --json   a JSON object a line
Exit code 64 for arguments that it does not understand.`;

const settings = z.object({ ...kafkaSettings });

/** `sluice abnormal`. */
export const abnormalCommand: Command = {
  summary: "what is abnormal in the traffic, and why it is thought to be",
  help: HELP,
  async run(args, { env, print, tell }) {
    const options = { past: { type: "boolean" }, json: { type: "boolean" } } as const;
    const { past = false, json = false } = understood(() => parseArgs({ args: [...args], options })).values;
    const config = readConfig("sluice", settings, env, ["SLUICE_*"]);
    const connection = kafkaConnection(config, `sluice-abnormal-${process.pid}`, silentLog);
    const board = new SuspicionBoard((await connectCodecs(config)).suspicion);
    const reader = new TopicReader({ connection, topics: [ABNORMAL_TOPIC] });
    await reader.start();
    try {
      const { high } = (await reader.watermarks(ABNORMAL_TOPIC))[0] ?? { high: 0 };
      await reader.readRange(ABNORMAL_TOPIC, 0, 0, high, (record) => void board.accept(record));
    } finally {
      await reader.stop();
    }
    const now = Date.now();
    const shown = board.all.filter((one) => past || fateOf(one, now) === "open").reverse();
    for (const one of shown) print(json ? JSON.stringify(one) : suspicionText(one, now));
    if (shown.length === 0) tell(past ? "nothing abnormal was found" : "nothing abnormal is going on");
    const silent = board.open.filter((one) => fateOf(one, now) === "silent").length;
    if (silent > 0 && !past)
      tell(`not over, and nothing was said of it for half an hour: ${silent} (--past shows them)`);
    return 0;
  },
};
