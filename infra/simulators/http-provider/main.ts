import { readSimulatorSettings, runSimulator } from "../behaviour/simulator-process.ts";
import { HttpProviderSimulator } from "./http-provider.ts";
import { httpProviderSettingsSchema } from "./settings.ts";

await runSimulator(async () => {
  const settings = readSimulatorSettings(httpProviderSettingsSchema, process.env);
  const simulator = new HttpProviderSimulator(settings);
  await simulator.start();
  const { http, control } = simulator.ports;
  return {
    simulator,
    says: `${settings.name}: HTTP on ${settings.host}:${http}, control on http://${settings.host}:${control}`,
  };
});
