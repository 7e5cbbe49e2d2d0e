import { stringify } from "yaml";
import { CatalogError } from "../../../domain/catalog/load-catalog.ts";
import { concealed } from "../../../domain/catalog/secret-references.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { filesOf } from "../../../pipeline/control/apply-version.ts";
import { catalogDiff } from "../../../pipeline/control/catalog-diff.ts";
import type { CatalogLog } from "../../../pipeline/control/catalog-log.ts";
import type { CatalogSource } from "../../../pipeline/control/catalog-version.ts";
import { readVersion } from "../../../pipeline/control/read-version.ts";
import type { NamedCatalog } from "../../../pipeline/simulate/simulate.ts";
import { openYaml } from "../../../platform/config/yaml-file.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { ProblemError } from "../../../platform/http/problem.ts";
import { type CatalogChange, changedFiles } from "./catalog-change.ts";
import { invalid } from "./fields.ts";

/** What may be simulated: a change that the console can make, or other routes, as `routes.yaml` would have them. */
export type SimulatedChange = CatalogChange | { readonly kind: "routes"; readonly text: string };

export interface CatalogsParts {
  /** Reads sms.control. */
  readonly read: () => Promise<Pick<CatalogLog, "current" | "versions">>;
  /** What this process's files hold, for as long as no version has been applied. @throws CatalogError */
  readonly files: () => CatalogSource;
  /** Of the message topics. */
  readonly partitions: number;
}

/** What a change can start from. */
export interface SimulationBase {
  /** 0: none has been applied, and it is the console's own files. */
  readonly version: number;
  /** The routes at work, as YAML. */
  readonly routes: string;
  readonly providers: readonly string[];
  /** Earlier versions, the newest first. */
  readonly versions: readonly number[];
}

export interface SimulatedCatalogs {
  readonly atWork: NamedCatalog;
  readonly changed: NamedCatalog;
  /** What differs between them, a line each. */
  readonly diff: readonly string[];
}

/** The catalog at work, and as it would be: made of what stands in sms.control, and written nowhere. */
export class CatalogsToCompare {
  private readonly parts: CatalogsParts;

  constructor(parts: CatalogsParts) {
    this.parts = parts;
  }

  async base(): Promise<SimulationBase> {
    const { version, files, versions } = await this.read();
    const providers = Array.isArray(files.providers) ? files.providers.map(({ id }) => String(id)) : [];
    const earlier = versions.map((one) => one.version).filter((one) => one !== version);
    return { version, routes: stringify(files.routes), providers, versions: earlier.reverse() };
  }

  /** @throws ProblemError 400 naming what is wrong with the routes; 404; 409 where the changed catalog says the same, or cannot be */
  async of(change: SimulatedChange): Promise<SimulatedCatalogs> {
    const { version, files, versions } = await this.read();
    const source = change.kind === "routes" ? withRoutes(files, change.text) : changedFiles(change, files, versions);
    const diff = catalogDiff(files, source);
    if (diff.length === 0) {
      const detail = "the catalog at work says the same already";
      throw new ProblemError({ status: 409, code: "NO_DIFFERENCE", title: "Nothing would change", detail });
    }
    const { partitions } = this.parts;
    const name = version === 0 ? "the console's files" : `version ${version}`;
    const atWork = { name, snapshot: snapshotOf(await readVersion(files, partitions, concealed), version) };
    const catalog = await readVersion(source, partitions, concealed).catch((error: unknown) => {
      throw notPossible(error, change);
    });
    return { atWork, changed: { name: nameOf(change), snapshot: snapshotOf(catalog) }, diff };
  }

  private async read() {
    const { current, versions } = await this.parts.read();
    const files = current === undefined ? this.parts.files() : filesOf(current);
    return { version: current?.version ?? 0, files, versions };
  }
}

function nameOf(change: SimulatedChange): string {
  if (change.kind === "routes") return "these routes";
  if (change.kind === "rollback") return `version ${change.restores} again`;
  return change.use === "normal" ? `${change.provider} used again` : `without ${change.provider}`;
}

function withRoutes(files: CatalogSource, text: string): CatalogSource {
  let routes: unknown;
  try {
    routes = openYaml("routes", text).value;
  } catch (error) {
    throw invalid("routes", (error as Error).message.replace(/^routes:\s*/, ""));
  }
  if (!Array.isArray(routes)) throw invalid("routes", "a list is needed, each entry beginning with - id:");
  return { ...files, routes };
}

/** What is wrong with the changed catalog is wrong with the question. */
function notPossible(error: unknown, { kind }: SimulatedChange): unknown {
  if (!(error instanceof CatalogError || error instanceof SluiceError) || error.code !== "CATALOG_INVALID")
    return error;
  if (kind === "routes") return invalid("routes", error.message);
  const title = "The catalog cannot be changed like this";
  return new ProblemError({ status: 409, code: "CATALOG_INVALID", title, detail: error.message }, { cause: error });
}
