import { z } from "zod";
import { withoutServiceLinks } from "../../../platform/config/parse-config.ts";
import { loadYamlFile } from "../../../platform/config/yaml-file.ts";
import { mergeSettings } from "./live-settings.ts";

/** Something that runs until it is stopped. */
export interface Simulator {
  stop(): Promise<void>;
}

const environmentKeys = {
  SLUICE_SIMULATOR_NAME: "name",
  SLUICE_SIMULATOR_HOST: "host",
  SLUICE_SIMULATOR_PORT: "port",
  SLUICE_SIMULATOR_CONTROL_PORT: "controlPort",
} as const;

/**
 * The settings of a simulator: those of the YAML or JSON file named by SLUICE_SIMULATOR_SETTINGS (optional), and over them name,
 * host and ports from the environment. Throws with every problem listed.
 */
export function readSimulatorSettings<S extends z.ZodType>(
  schema: S,
  environment: Readonly<Record<string, string | undefined>>,
): z.infer<S> {
  const fromEnvironment: Record<string, unknown> = {};
  const own = withoutServiceLinks(environment, new Set(Object.keys(environmentKeys)));
  for (const [variable, key] of Object.entries(environmentKeys)) {
    const value = own[variable];
    if (value === undefined || value === "") continue;
    fromEnvironment[key] = key === "port" || key === "controlPort" ? Number(value) : value;
  }
  const parse = (value: unknown): z.infer<S> => schema.parse(mergeSettings(value ?? {}, fromEnvironment));
  const path = environment.SLUICE_SIMULATOR_SETTINGS;
  return path === undefined || path === "" ? parse({}) : loadYamlFile(path, parse);
}

/** Starts a simulator and ends it on SIGTERM or SIGINT, or when the parent goes (SLUICE_EXIT_WITH_PARENT=1). */
export async function runSimulator(start: () => Promise<{ simulator: Simulator; says: string }>): Promise<void> {
  let running: Simulator | undefined;
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    Promise.resolve(running?.stop()).then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  if (process.env.SLUICE_EXIT_WITH_PARENT === "1") {
    const parentGone = (): void => {
      if (!stopping) stop();
    };
    process.stdin.once("end", parentGone).once("close", parentGone).resume();
  }
  try {
    const { simulator, says } = await start();
    running = simulator;
    process.stdout.write(`${says}\n`);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message}\n`);
  process.exit(1);
}
