import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ClusterConfig, ClusterScope } from "./cluster-config.ts";

// 3.3.3 needs Java 21; what is started here runs on 17.
const REGISTRY_VERSION = "3.0.9";
// Version 2.8 of the plugin fetches the archive without resolving its parent pom, which is not on Maven Central.
const MAVEN_GET = "org.apache.maven.plugins:maven-dependency-plugin:2.8:get";
const MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

const KAFKA_POM = join(import.meta.dirname, "kafka-pom.xml");

/** Folder of the Kafka jars; named after the pom's content, so that a changed pom is fetched anew. */
export function kafkaLibs(config: ClusterConfig): string {
  const digest = createHash("sha256").update(readFileSync(KAFKA_POM)).digest("hex").slice(0, 12);
  return join(config.artifactsDir, `kafka-${digest}`);
}

/** Folder of the unpacked registry distribution. */
export const registryHome = (config: ClusterConfig): string =>
  join(config.artifactsDir, `apicurio-registry-${REGISTRY_VERSION}`);

/** The registry's runnable jar. */
export const registryJar = (config: ClusterConfig): string =>
  join(registryHome(config), `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`);

/** A piece of software to be fetched: what it is called, where it goes, and the commands that fill that folder. */
interface Artifact {
  label: string;
  target: string;
  commands: (folder: string) => [command: string, ...args: string[]][];
}

const wanted = (config: ClusterConfig, scope: ClusterScope): Artifact[] =>
  scope === "services" ? [] : software(config, scope);

const software = (config: ClusterConfig, scope: ClusterScope): Artifact[] => [
  {
    label: "Kafka 4.1.1 (about 55 MB)",
    target: kafkaLibs(config),
    commands: (folder) => [["mvn", "-B", "-q", "-f", KAFKA_POM, MAVEN_COPY, `-DoutputDirectory=${folder}`]],
  },
  ...(scope === "kafka"
    ? []
    : [
        {
          label: `Apicurio registry ${REGISTRY_VERSION} (about 109 MB)`,
          target: registryHome(config),
          commands: (folder: string): [string, ...string[]][] => {
            const archive = join(folder, "registry.tar.gz");
            const coordinates = `io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`;
            return [
              ["mvn", "-B", "-q", MAVEN_GET, `-Dartifact=${coordinates}`, "-Dtransitive=false", `-Ddest=${archive}`],
              ["tar", "-xzf", archive, "-C", folder],
              ["rm", archive],
            ];
          },
        },
      ]),
];

const run = (command: string, args: string[], cwd: string): Promise<void> =>
  new Promise((settle, fail) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-2000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", fail);
    child.once("close", (code) =>
      code === 0 ? settle() : fail(new Error(`${command} ended with code ${code}:\n${output.trim()}`)),
    );
  });

/** What is not yet in the artifacts folder, by label. */
export const missingArtifacts = (config: ClusterConfig): string[] =>
  wanted(config, config.scope)
    .filter((artifact) => !existsSync(artifact.target))
    .map((artifact) => artifact.label);

/**
 * Fetches what is missing, one after the other. Each is built beside its place and then renamed, so that an interrupted
 * or a concurrent fetch never leaves half a folder. Throws with Maven's last words when a download fails.
 */
export async function fetchArtifacts(config: ClusterConfig, say: (line: string) => void): Promise<void> {
  for (const artifact of wanted(config, config.scope)) {
    if (existsSync(artifact.target)) continue;
    say(`fetching ${artifact.label} …`);
    const draft = `${artifact.target}.${process.pid}.draft`;
    mkdirSync(draft, { recursive: true });
    try {
      for (const [command, ...args] of artifact.commands(draft)) await run(command, args, draft);
      renameSync(draft, artifact.target);
    } catch (cause) {
      if (existsSync(artifact.target)) continue; // another fetch was first
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`could not fetch ${artifact.label}: ${reason}`, { cause });
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
}
