import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

/** The parts that others wrote, by the language they are written in, and the OpenTelemetry Collector: one folder of `parts/` each. */
export type PartName = "java" | "node" | "python" | "go" | "collector";

interface Part {
  /** Commands that must be there, with an argument that they answer. */
  readonly tools: readonly (readonly [command: string, argument: string])[];
  /** Fill the folder, in which they run and which holds a copy of the part's files. */
  readonly install: readonly (readonly [command: string, ...args: string[]])[];
}

const MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
const INSTALL_LIMIT_MS = 600_000;

const PARTS: Readonly<Record<PartName, Part>> = {
  java: {
    tools: [
      ["javac", "-version"],
      ["mvn", "-version"],
    ],
    install: [
      ["mvn", "-B", "-q", MAVEN_COPY, "-DoutputDirectory=libs"],
      ["sh", "-c", "javac -nowarn -d classes -cp 'libs/*' *.java"],
    ],
  },
  node: { tools: [["npm", "--version"]], install: [["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]] },
  python: {
    tools: [["python3", "--version"]],
    install: [
      ["python3", "-m", "venv", "venv"],
      ["venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"],
    ],
  },
  go: { tools: [["go", "version"]], install: [["go", "build", "-o", "franz-producer", "."]] },
  collector: { tools: [["go", "version"]], install: [["go", "build", "-o", "collector", "."]] },
};

const SOURCES = join(import.meta.dirname, "parts");
/** The machine's own programs: the project's Node and its packages stay out of the way of the parts'. */
const PATH = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);

/** Environment of whatever belongs to a part. */
export const PART_ENVIRONMENT: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries({ ...process.env, PATH }).filter(([name]) => !/^(npm_|NODE_OPTIONS$|SLUICE_)/.test(name)),
);

/** The command that this part needs and that does not answer; undefined when all do. */
export function missingTool(name: PartName): string | undefined {
  const runs = ([command, argument]: readonly [string, string]) =>
    spawnSync(command, [argument], { env: PART_ENVIRONMENT, stdio: "ignore" }).status === 0;
  return PARTS[name].tools.find((tool) => !runs(tool))?.[0];
}

/** A part's folder below `cache`, named after its files, so that changed files or versions are installed anew. */
function folderOf(name: PartName, cache: string): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(join(SOURCES, name), { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(SOURCES, name, file);
    if (statSync(path).isFile()) hash.update(file).update(readFileSync(path));
  }
  return resolve(cache, `${name}-${hash.digest("hex").slice(0, 12)}`);
}

/** Installs a part, unless it is there, and gives its folder. Throws with the last words of the command that failed. */
export async function installPart(name: PartName, cache: string, say: (line: string) => void): Promise<string> {
  const folder = folderOf(name, cache);
  const done = join(folder, ".installed");
  if (existsSync(done)) return folder;
  say(`installing the ${name} parts …`);
  rmSync(folder, { recursive: true, force: true });
  // A virtual environment of Python's knows its own path: so it is made in its place, and marked when it is whole.
  cpSync(join(SOURCES, name), folder, { recursive: true });
  for (const [command, ...args] of PARTS[name].install) await run(command, args, folder);
  mkdirSync(`${done}.draft`);
  renameSync(`${done}.draft`, done);
  return folder;
}

function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd,
      env: PART_ENVIRONMENT,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: INSTALL_LIMIT_MS,
    });
    let words = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        words = (words + chunk.toString()).slice(-2_000);
      });
    child.once("error", fail);
    child.once("close", (code) =>
      code === 0 ? done() : fail(new Error(`${command} ${args[0]} ended with ${code}: ${words.trim()}`)),
    );
  });
}
