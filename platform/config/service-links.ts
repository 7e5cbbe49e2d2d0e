import { isIP } from "node:net";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Kubernetes tells every pod of each Service in its namespace, and Docker's links tell a container of the linked one, by
 * environment variables that begin with the name in capitals. A Service called `sluice`, or `sluice-anything`, so
 * writes variables that look like ours. They describe other machines and set nothing of ours.
 * Kubernetes: "Service", environment variables (enableServiceLinks); Docker: "Legacy container links".
 */
interface LinkedName {
  /** In capitals, `_` for every other character: `SLUICE_INGEST`. */
  readonly name: string;
  readonly host: boolean;
  readonly servicePort: boolean;
  /** Docker's `NAME`, which has no port when the container exposes none. */
  readonly alias: boolean;
  /** `<NAME>_PORT`, or one of the forms with a number in them, gives an address. */
  readonly address: boolean;
}

/** `tcp://10.0.0.7:18080`, `udp://[fd00::7]:53`. */
const ADDRESS = /^(tcp|udp|sctp):\/\/(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i;
const PORT = /^\d{1,5}$/;
/** What follows the name: `PORT_18080_TCP`, perhaps with a part of it; Docker adds `START` and `END` of port ranges. */
const NUMBERED = /^PORT_(\d{1,5})_(TCP|UDP|SCTP)(?:_(PROTO|PORT|ADDR|START|END|PORT_START|PORT_END))?$/;
const SERVICE_PORT = /^SERVICE_PORT(_[A-Z0-9_]+)?$/;

/**
 * The variables of the environment that are such a link. By their values where these can be nothing else (an address, a part of
 * one under a name that repeats it); where a setting could be meant, only together with the rest of their group, so that
 * `SLUICE_SERVICE_PORT=8080` alone stays a mistake. `settings`: names that are ours; such a variable is
 * a link only if its whole group stands beside it, since a mistyped value of it must be found.
 */
export function serviceLinks(env: Environment, prefix: string, settings: ReadonlySet<string>): ReadonlySet<string> {
  const names = Object.keys(env).filter((name) => name.startsWith(prefix) && env[name] !== undefined);
  const groups = linkedNames(env, names, prefix.slice(0, -1));
  const isLink = (name: string) =>
    groups.some((group) => name.startsWith(`${group.name}_`) && linkOf(group, name, env, settings.has(name)));
  return groups.length === 0 ? new Set() : new Set(names.filter(isLink));
}

function linkedNames(env: Environment, names: readonly string[], least: string): LinkedName[] {
  const found = new Set<string>();
  for (const name of names) {
    for (const ending of [/_SERVICE_HOST$/, /_PORT$/, /_NAME$/, /_PORT_\d{1,5}_(?:TCP|UDP|SCTP).*$/]) {
      const stem = name.replace(ending, "");
      if (stem !== name && stem.startsWith(least)) found.add(stem);
    }
  }
  return [...found].map((name) => {
    const value = (ending: string) => env[`${name}_${ending}`] ?? "";
    return {
      name,
      host: isIP(value("SERVICE_HOST")) > 0,
      servicePort: isPort(value("SERVICE_PORT")),
      alias: isAlias(name, value("NAME")),
      address: names.some(
        (one) => one.startsWith(`${name}_PORT_`) && isAddressOf(one.slice(name.length + 1), env[one]!),
      ),
    };
  });
}

function linkOf(group: LinkedName, name: string, env: Environment, isSetting: boolean): boolean {
  const rest = name.slice(group.name.length + 1);
  const value = env[name]!;
  if (isSetting && !(group.alias || group.address || (group.host && group.servicePort))) return false;
  if (rest === "PORT") return ADDRESS.test(value);
  if (rest === "SERVICE_HOST") return group.host && (group.servicePort || group.address || hasAddress(group, env));
  if (SERVICE_PORT.test(rest)) return group.host && isPort(value);
  if (rest === "NAME") return group.alias;
  if (rest.startsWith("ENV_")) return group.alias;
  return isAddressOf(rest, value);
}

/** `PORT_18080_TCP=tcp://10.0.0.7:18080` and its parts repeat in their value what their name says. */
function isAddressOf(rest: string, value: string): boolean {
  const [, port, protocol, part] = NUMBERED.exec(rest) ?? [];
  if (port === undefined || protocol === undefined) return false;
  const address = ADDRESS.exec(value);
  const sameProtocol = address?.[1]?.toUpperCase() === protocol;
  if (part === undefined) return sameProtocol && address?.[4] === port;
  if (part === "START" || part === "END") return sameProtocol;
  if (part === "PROTO") return value.toUpperCase() === protocol;
  if (part === "ADDR") return isIP(value) > 0;
  return part === "PORT" ? value === port : isPort(value);
}

const hasAddress = (group: LinkedName, env: Environment): boolean => ADDRESS.test(env[`${group.name}_PORT`] ?? "");

/** Docker's `<NAME>_NAME` is `/container/alias`, and the variable's own name is the alias. */
function isAlias(name: string, value: string): boolean {
  const alias = /^\/[^/\s]+\/([^/\s]+)$/.exec(value)?.[1];
  return alias?.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_") === name;
}

function isPort(value: string): boolean {
  return PORT.test(value) && Number(value) >= 1 && Number(value) <= 65_535;
}
