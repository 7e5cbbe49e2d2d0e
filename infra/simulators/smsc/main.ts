import { readSimulatorSettings, runSimulator } from "../behaviour/simulator-process.ts";
import { smscSettingsSchema } from "./settings.ts";
import { SmscSimulator } from "./smsc.ts";

await runSimulator(async () => {
  const settings = readSimulatorSettings(smscSettingsSchema, process.env);
  const simulator = new SmscSimulator(settings);
  await simulator.start();
  const { smpp, control } = simulator.ports;
  return {
    simulator,
    says: `${settings.name}: SMPP on ${settings.host}:${smpp}, control on http://${settings.host}:${control}`,
  };
});
