/** `node services/console/print-login.ts ADDRESS`: makes a one-time login and prints the page's address with it. */
import { makeOneTimeLogin, oneTimeAddress } from "./access/one-time-login.ts";
import { consoleSettings } from "./console-settings.ts";

const file = process.env.SLUICE_CONSOLE_LOGIN_FILE ?? consoleSettings.shape.consoleLoginFile.parse(undefined);
const [address = "http://127.0.0.1:18100"] = process.argv.slice(2);
process.stdout.write(`Console: ${oneTimeAddress(address, makeOneTimeLogin(file))}\n`);
