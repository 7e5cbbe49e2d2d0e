import type { CentreKind } from "./message-centre-cases.ts";

const java =
  (program: string) =>
  (folder: string, port: number): readonly [string, ...string[]] => [
    "java",
    "-Xmx96m",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.log.org.jsmpp=warn",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-cp",
    `${folder}/classes:${folder}/libs/*`,
    program,
    String(port),
  ];

/** The message centres of `parts/` that take every command of the suite. */
export const CENTRES: readonly CentreKind[] = [
  {
    title: "jSMPP 3.0.1",
    part: "java",
    command: java("JsmppCentre"),
    provider: { id: "jsmpp", window: 10, smpp: {} },
  },
  {
    title: "Cloudhopper (ch-smpp 5.0.9)",
    part: "java",
    command: java("CloudhopperCentre"),
    provider: { id: "cloudhopper", window: 5, smpp: {} },
  },
  {
    title: "npm smpp 0.6.0-rc.4",
    part: "node",
    command: (folder, port) => [process.execPath, `${folder}/smpp-centre.js`, String(port)],
    provider: { id: "npm-smpp", window: 5, smpp: {} },
  },
];
