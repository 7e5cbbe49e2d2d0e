import { Agent as HttpsAgent } from "node:https";
import { COMPATIBILITY, SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { Agent, fetch, type Response } from "undici";
import { errorMessage, SluiceError } from "../errors/sluice-error.ts";
import { connectionHint } from "../tls/connection-hint.ts";
import { readSchema } from "./avro-schema.ts";
import { AVRO_OPTIONS } from "./avro-types.ts";
import { type RegistryConfig, registryAddress } from "./registry-settings.ts";
import type { WriterSchema } from "./writer-schemas.ts";

/** Longest wait for one answer, milliseconds; the client underneath has no limit of its own. */
const ANSWER_MS = 10_000;

/** A registry's HTTP answer other than 2xx; network failures come as one with status 400. */
interface AnswerError extends Error {
  readonly status: number;
}

interface Reference {
  readonly subject: string;
  readonly version: number;
}

/** What the registry says of a schema (Confluent's API). */
interface RegistryAnswer {
  readonly schema?: string;
  /** Absent for Avro. */
  readonly schemaType?: string;
  readonly references?: readonly Reference[];
}

/** A version of a subject. */
export interface SchemaVersion {
  readonly id: number;
  readonly schema: WriterSchema;
}

/** Schemas that one may rest on, directly or not. */
const MAX_REFERENCES = 50;

/** All ids are asked for at once. */
const MOST_CONNECTIONS = 4;

const SETTINGS = {
  address: "SLUICE_REGISTRY_URL",
  tls: "SLUICE_REGISTRY_TLS",
  login: "SLUICE_REGISTRY_USER and _PASSWORD, or _TOKEN",
};

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]["middlewares"]>[number];
type Registrable = Parameters<SchemaRegistry["register"]>[0];

/** The requests that Sluice makes of a schema registry with Confluent's API; none of them on the path of a record. */
export class SchemaRegistryClient {
  private readonly url: string;
  private readonly registry: SchemaRegistry;

  private readonly headers: Readonly<Record<string, string>>;
  private readonly dispatcher: Agent | undefined;

  /**
   * @param config the settings; or the root of the API alone, such as http://127.0.0.1:18081/apis/ccompat/v7
   * @throws SluiceError `CONFIG_INVALID`, `TLS_INVALID` (permanent) naming the setting
   */
  constructor(config: string | RegistryConfig) {
    const { url, authorization, tls } = registryAddress(typeof config === "string" ? { registryUrl: config } : config);
    this.url = url;
    this.headers = authorization === undefined ? {} : { authorization };
    this.dispatcher = tls === undefined ? undefined : new Agent({ connect: { ...tls } });
    this.registry = new SchemaRegistry(
      {
        host: this.url,
        ...(tls === undefined
          ? {}
          : { agent: new HttpsAgent({ ...tls, keepAlive: true, maxSockets: MOST_CONNECTIONS }) }),
        middlewares: authorization === undefined ? [] : [showing(authorization)],
      },
      { [SchemaType.AVRO]: AVRO_OPTIONS },
    );
  }

  /**
   * The id under which exactly this schema is registered for a subject; undefined when it is not.
   * @throws SluiceError `REGISTRY_UNAVAILABLE` (transient)
   */
  async idOf(subject: string, schema: object): Promise<number | undefined> {
    const request = this.registry.getRegistryIdBySchema(subject, schema as Registrable);
    return this.answer(
      request.catch((error: unknown) => {
        // The client's word for "not found": other answers keep their class and status.
        if (error instanceof Error && error.name === "ConfluentSchemaRegistryError") return undefined;
        throw error;
      }),
    );
  }

  /** The schema of an id; undefined when there is none. @throws SluiceError `REGISTRY_UNAVAILABLE` (transient) */
  async schemaOf(id: number): Promise<WriterSchema | undefined> {
    const answer = await this.get<RegistryAnswer>(`/schemas/ids/${id}`);
    return answer === undefined ? undefined : this.read(id, answer);
  }

  /**
   * The numbers of a subject's versions, the newest first, at most so many; none for a subject that is not there.
   * @throws SluiceError `REGISTRY_UNAVAILABLE` (transient)
   */
  async versionsOf(subject: string, most: number): Promise<number[]> {
    const versions = (await this.get<number[]>(versionsAddress(subject))) ?? [];
    return versions.toSorted((a, b) => b - a).slice(0, most);
  }

  /** One of a subject's versions; undefined when it is gone. @throws SluiceError `REGISTRY_UNAVAILABLE` (transient) */
  async versionOf(subject: string, version: number): Promise<SchemaVersion | undefined> {
    const answer = await this.get<RegistryAnswer & { id: number }>(`${versionsAddress(subject)}/${version}`);
    return answer === undefined ? undefined : { id: answer.id, schema: await this.read(answer.id, answer) };
  }

  private async read(id: number, answer: RegistryAnswer): Promise<WriterSchema> {
    const { schema = "", schemaType = "AVRO", references = [] } = answer;
    if (schemaType !== "AVRO") return { state: "unusable", why: `schema ${id} is ${schemaType}, and Avro is needed` };
    const found = [...(await this.referenced(references, new Map())).values()];
    try {
      return {
        state: "loaded",
        schema: readSchema(
          JSON.parse(schema),
          found.map((text) => JSON.parse(text)),
        ),
      };
    } catch (error) {
      return { state: "unusable", why: `schema ${id} cannot be used: ${errorMessage(error)}` };
    }
  }

  /** The texts of the schemas that one refers to, those they refer to first. */
  private async referenced(
    references: readonly Reference[],
    found: Map<string, string>,
    seen = new Set<string>(),
  ): Promise<Map<string, string>> {
    for (const { subject, version } of references) {
      const name = `${subject}/${version}`;
      if (seen.has(name) || seen.size >= MAX_REFERENCES) continue;
      seen.add(name);
      const answer = await this.get<RegistryAnswer>(`${versionsAddress(subject)}/${version}`);
      if (answer?.schema === undefined) continue;
      await this.referenced(answer.references ?? [], found, seen);
      found.set(name, answer.schema);
    }
    return found;
  }

  /** Undefined for 404. */
  private async get<T>(path: string): Promise<T | undefined> {
    const address = `${this.url}${path}`;
    const answer = await this.call(address, {});
    if (answer.status === 404) {
      await answer.body?.cancel();
      return undefined;
    }
    if (!answer.ok) throw this.unavailable(new Error(`GET ${address}: ${answer.status}`));
    try {
      return (await answer.json()) as T;
    } catch (error) {
      throw this.unavailable(error);
    }
  }

  /**
   * Registers a schema under a subject, whose compatibility is set to BACKWARD_TRANSITIVE: readers of the new schema can
   * read what any earlier one wrote. Repeating it changes nothing.
   * @returns the schema's id
   * @throws SluiceError `SCHEMA_INCOMPATIBLE` (permanent) with the registry's reason; `REGISTRY_UNAVAILABLE` (transient)
   */
  async register(subject: string, schema: object): Promise<number> {
    await this.setCompatibility(subject, COMPATIBILITY.BACKWARD_TRANSITIVE);
    const request = this.registry.register(schema as Registrable, {
      subject,
      compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE,
    });
    const { id } = await this.answer(
      request.catch((error: unknown) => {
        if (!isAnswer(error) || (error.status !== 409 && error.status !== 422)) throw error;
        throw new SluiceError(`${subject}: the registry refuses the new schema: ${error.message}`, {
          code: "SCHEMA_INCOMPATIBLE",
          cause: error,
        });
      }),
    );
    return id;
  }

  /** Before the first version, so that not even that moment is unguarded; the client would set it afterwards. */
  private async setCompatibility(subject: string, compatibility: string): Promise<void> {
    const address = `${this.url}/config/${encodeURIComponent(subject)}`;
    const current = await this.call(address, {});
    if (current.ok && ((await current.json()) as { compatibilityLevel?: string }).compatibilityLevel === compatibility)
      return;
    const answer = await this.call(address, {
      method: "PUT",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ compatibility }),
    });
    if (!answer.ok) throw this.unavailable(new Error(`PUT ${address}: ${answer.status} ${await answer.text()}`));
  }

  private async call(
    address: string,
    init: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<Response> {
    try {
      return await fetch(address, {
        ...init,
        headers: { ...this.headers, ...init.headers },
        signal: AbortSignal.timeout(ANSWER_MS),
        ...(this.dispatcher === undefined ? {} : { dispatcher: this.dispatcher }),
      });
    } catch (error) {
      throw this.unavailable(error);
    }
  }

  private async answer<Value>(request: Promise<Value>): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
    });
    try {
      return await Promise.race([request, late]);
    } catch (error) {
      throw error instanceof SluiceError ? error : this.unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  private unavailable(cause: unknown): SluiceError {
    const hint = connectionHint(cause, SETTINGS);
    const why = hint === undefined ? "does not answer as it should" : `does not let in: ${hint}`;
    return new SluiceError(`the schema registry at ${this.url} ${why}`, {
      code: "REGISTRY_UNAVAILABLE",
      class: "transient",
      cause,
    });
  }
}

/** The client underneath knows users only; a token goes the same way. */
function showing(authorization: string): Middleware {
  return () => ({
    prepareRequest: async (next) => (await next()).enhance({ headers: { authorization } }),
  });
}

function versionsAddress(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}/versions`;
}

function isAnswer(error: unknown): error is AnswerError {
  return error instanceof Error && typeof (error as Partial<AnswerError>).status === "number";
}
