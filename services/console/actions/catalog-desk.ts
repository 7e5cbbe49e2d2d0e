import { CatalogError } from "../../../domain/catalog/load-catalog.ts";
import { concealed } from "../../../domain/catalog/secret-references.ts";
import {
  applyVersion,
  filesOf,
  followingSource,
  type Made,
  type Published,
} from "../../../pipeline/control/apply-version.ts";
import { catalogDiff } from "../../../pipeline/control/catalog-diff.ts";
import type { CatalogLog } from "../../../pipeline/control/catalog-log.ts";
import type { CatalogTopic } from "../../../pipeline/control/catalog-topic.ts";
import type { CatalogSource } from "../../../pipeline/control/catalog-version.ts";
import { readVersion } from "../../../pipeline/control/read-version.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { ProblemError } from "../../../platform/http/problem.ts";
import type { Log } from "../../../platform/log/log.ts";
import { mayAs, type Person, type Role } from "../access/roles.ts";
import { type CatalogChange, changedFiles, idleRoutes } from "./catalog-change.ts";
import { asAnswered } from "./kafka-faults.ts";

export interface CatalogDeskOptions {
  readonly topic: Pick<CatalogTopic, "read" | "reader">;
  /** What the files of this process hold, for as long as no version has been applied: secrets named. @throws CatalogError */
  readonly files: () => CatalogSource;
  /** Of the message topics. */
  readonly partitions: number;
  /** Publishes; see {@link applyVersion}. */
  readonly publish: (source: CatalogSource, made: Made) => Promise<Published>;
  readonly log: Log;
}

/** What a change would do. */
export interface PlannedChange {
  /** The version that it was planned against; 0: none has been applied. It must still be at work when it is carried out. */
  readonly version: number;
  /** What would be different, a line each. */
  readonly diff: readonly string[];
  /** Routes that nobody is left for: their messages would wait. */
  readonly idleRoutes: readonly string[];
}

/** Codes of what is not the console's fault: somebody else was faster, or the catalog does not allow it. */
const CONFLICTS: ReadonlySet<string> = new Set([
  "CATALOG_CHANGED",
  "CATALOG_INVALID",
  "MESSAGES_LEFT",
  "PARTITIONS_DIFFER",
]);

/** Changes of the catalog from the console: each is a version as `sluice apply` makes one, one at a time. */
export class CatalogDesk {
  private readonly options: CatalogDeskOptions;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: CatalogDeskOptions) {
    this.options = options;
  }

  /** What stands in sms.control, for others to look at. @throws SluiceError of class transient when Kafka does not answer */
  read(): Promise<Pick<CatalogLog, "current" | "versions">> {
    return this.next(() => this.options.topic.read());
  }

  /**
   * What a change would do; nothing is written. @throws ProblemError 404, 409 where it changes nothing or cannot be, or 403 where it
   * would be the first version and the person is no admin; SluiceError of class transient when Kafka does not answer
   */
  plan(change: CatalogChange, person: Person): Promise<PlannedChange> {
    return this.next(async () => {
      const { version, diff, source } = await this.prepare(change, person);
      return { version, diff, idleRoutes: idleRoutes(source) };
    });
  }

  /**
   * Carries a change out that was planned against `version`, in the person's name. @returns the new version's number
   * @throws ProblemError as `plan`; 409 `CATALOG_CHANGED` when somebody has applied another version meanwhile; 503 `CATALOG_UNSURE`
   *   when it may have been carried out
   */
  carryOut(change: CatalogChange, version: number, note: string | null, person: Person): Promise<{ version: number }> {
    return this.next(async () => {
      const { publish, log } = this.options;
      const prepared = await this.prepare(change, person);
      if (prepared.version !== version) throw changed(prepared.by, prepared.version);
      const restored = change.kind === "rollback" ? change.restores : null;
      const made = { parent: version, by: `${person.name} (console)`, note, restored };
      const published = await publish(prepared.source, made);
      const { name, role } = person;
      // Without the note: people write numbers into it. It stands in the catalog's history.
      log.info({ person: name, role, change, version: published.version }, "the catalog was changed on the console");
      return { version: published.version };
    });
  }

  private async prepare(change: CatalogChange, { name: person, role }: Person) {
    const { topic, files, partitions, log } = this.options;
    const { current, versions } = await topic.read();
    if (current === undefined && !mayAs(role, "admin")) {
      log
        .every(`first-version-${person}`, 1_000)
        .warn({ person, role, change }, "a role may not apply the first version");
      throw firstVersion(role);
    }
    const base = current === undefined ? files() : filesOf(current);
    const source = await followingSource(topic.reader, changedFiles(change, base, versions), current);
    await readVersion(source, partitions, concealed);
    const diff = catalogDiff(current?.source ?? base, source);
    if (diff.length === 0) {
      const detail = "the catalog at work says the same already";
      throw new ProblemError({ status: 409, code: "NO_DIFFERENCE", title: "Nothing would change", detail });
    }
    return { version: current?.version ?? 0, by: current?.by ?? "", diff, source };
  }

  private next<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.turn.then(work).catch((error: unknown) => {
      if (codeOf(error) === UNSURE) this.options.log.error({ err: error }, "a change of the catalog was interrupted");
      throw asProblem(error);
    });
    this.turn = done.catch(() => {});
    return done;
  }
}

function changed(by: string, version: number): ProblemError {
  const detail = `${by} has applied version ${version} meanwhile; nothing was changed. Look at it, and try again`;
  return new ProblemError({ status: 409, code: "CATALOG_CHANGED", title: "The catalog has changed", detail });
}

/** It would be the whole of the console's own files, of which the difference shows a line. */
function firstVersion(role: Role): ProblemError {
  const detail = `nothing has been applied yet, and the first version would be all that the console's own files hold: apply the files first (sluice apply). Else this needs the role admin; yours is ${role}`;
  return new ProblemError({ status: 403, code: "FIRST_VERSION", title: "Your role may not do this", detail });
}

const UNSURE = "CATALOG_UNSURE";

function asProblem(error: unknown): unknown {
  if (error instanceof ProblemError) return error;
  const code = codeOf(error);
  if (code === undefined) return asAnswered(error);
  const { message } = error as Error;
  if (code === UNSURE) {
    const title = "It is not known whether the catalog was changed";
    return new ProblemError({ status: 503, code, title, detail: message }, { cause: error });
  }
  if (!CONFLICTS.has(code)) return error;
  const title = code === "CATALOG_CHANGED" ? "The catalog has changed" : "The catalog cannot be changed like this";
  return new ProblemError({ status: 409, code, title, detail: message }, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof SluiceError || error instanceof CatalogError ? error.code : undefined;
}
