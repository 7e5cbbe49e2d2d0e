import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, type Tracer, trace } from "@opentelemetry/api";
import type { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A piece of work that is over. */
export interface FinishedSpan {
  readonly name: string;
  /** Default `internal`. */
  readonly kind?: "internal" | "server" | "client" | "producer" | "consumer";
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits; default: random ones. */
  readonly spanId?: string | undefined;
  readonly parentSpanId?: string | undefined;
  /** Epoch ms. An end before the start is taken for the start. */
  readonly start: number;
  readonly end: number;
  readonly attributes?: SpanAttributes;
  /** Why the work failed, in a few words. */
  readonly error?: string | undefined;
  /** The service whose work it was, where another one tells of it afterwards. */
  readonly service?: string | undefined;
}

/** Hands spans to OpenTelemetry. */
export interface Tracing {
  /** Whether spans are exported at all. */
  readonly enabled: boolean;
  /**
   * Whether a trace is one of the sampled share: by its id, so that whoever asks finds the same, and as OpenTelemetry's samplers decide
   * that go by the random end of an id (to 48 of its 56 bits). `id`: the trace's, or the UUID that it is made of.
   */
  samples(id: string): boolean;
  record(span: FinishedSpan): void;
  /** Exports what is waiting. */
  close(): Promise<void>;
}

/** Records nothing. */
export const noTracing: Tracing = {
  enabled: false,
  samples: () => false,
  record: () => {},
  close: async () => {},
};

export interface TracingOptions {
  readonly service: string;
  readonly instance: string;
  /** Share of traces that is sampled, 0 to 1. */
  readonly ratio: number;
  /** Where the `OTEL_*` variables named here are looked up; default the process's environment, where the SDK looks up the others. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told of each batch of spans that was exported or lost, and of each span that found no room. */
  readonly onExport?: (batch: ExportedBatch) => void;
}

/** What became of spans. */
export interface ExportedBatch {
  readonly spans: number;
  readonly outcome: "exported" | "lost" | "dropped";
  /** Why they could not be exported. */
  readonly error?: Error | undefined;
}

/** Spans that wait or are on their way: as many as the SDK's queue has room for by default. Beyond it they are dropped. */
const MAX_WAITING = 2_048;
const RANDOM_BITS = 2 ** 48;

/** Fewer where the SDK's queue is smaller: what it drops it tells nobody of, and that would be waited for without end. */
function maxWaiting({ OTEL_BSP_MAX_QUEUE_SIZE: size = "" }: NonNullable<TracingOptions["env"]>): number {
  const asked = size.trim() === "" ? Number.NaN : Number(size);
  return asked >= 0 ? Math.min(asked, MAX_WAITING) : MAX_WAITING;
}

/**
 * Starts the export of traces by OTLP over HTTP when `OTEL_EXPORTER_OTLP_ENDPOINT` (or its `_TRACES_` form) is set;
 * otherwise, or when `OTEL_SDK_DISABLED` is `true`, gives {@link noTracing}, and the SDK is not even loaded. The other `OTEL_*` variables of
 * the SDK apply.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const env = options.env ?? process.env;
  if (!env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT && !env.OTEL_EXPORTER_OTLP_ENDPOINT) return noTracing;
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") return noTracing;
  const [{ NodeSDK }, { OTLPTraceExporter }] = await Promise.all([
    import("@opentelemetry/sdk-node"),
    import("@opentelemetry/exporter-trace-otlp-http"),
  ]);
  const room = new Room(maxWaiting(env), options.onExport);
  const ids = new GivenIds();
  const sdk = new NodeSDK({
    serviceName: options.service,
    traceExporter: reporting(new OTLPTraceExporter(), (batch) => room.leave(batch)),
    // Only traces: unset, the SDK would start exporters for metrics and logs as well.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    autoDetectResources: false,
    // What is recorded has been decided before any span exists.
    sampler: { shouldSample: () => ({ decision: 2 }), toString: () => "AlwaysOn" },
    idGenerator: ids,
  });
  sdk.start();
  const tracer = trace.getTracer("sluice");
  const share = (1 - options.ratio) * RANDOM_BITS;
  return {
    enabled: true,
    samples: (id) => Number.parseInt(id.slice(-12), 16) >= share,
    record: (span) => void (room.enter() && record(tracer, ids, span, options)),
    close: () => sdk.shutdown(),
  };
}

/** Bounds what waits for a receiver that is slow or away. */
class Room {
  private readonly most: number;
  private readonly onExport: TracingOptions["onExport"];
  private waiting = 0;

  constructor(most: number, onExport: TracingOptions["onExport"]) {
    this.most = most;
    this.onExport = onExport;
  }

  enter(): boolean {
    if (this.waiting >= this.most) {
      this.onExport?.({ spans: 1, outcome: "dropped" });
      return false;
    }
    this.waiting++;
    return true;
  }

  leave(batch: ExportedBatch): void {
    this.waiting -= batch.spans;
    this.onExport?.(batch);
  }
}

/** Gives the SDK the ids of the span that is about to be started: it asks within `startSpan`. */
class GivenIds {
  next: Pick<FinishedSpan, "traceId" | "spanId"> = { traceId: "" };

  readonly generateTraceId = (): string => this.next.traceId;
  readonly generateSpanId = (): string => this.next.spanId ?? randomSpanId();
}

/** 16 hex digits, not all zero. Unique within a trace is enough. */
function randomSpanId(): string {
  const half = () => Math.floor(Math.random() * 0x1_0000_0000);
  return `${(half() || 1).toString(16).padStart(8, "0")}${half().toString(16).padStart(8, "0")}`;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Says of a span that another service tells of it; the exporter puts it under the service whose work it was. */
const WORK_OF = "sluice.work_of";

function record(tracer: Tracer, ids: GivenIds, span: FinishedSpan, { service, instance }: TracingOptions): void {
  const { traceId, parentSpanId, error } = span;
  const context =
    parentSpanId === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, {
          traceId,
          spanId: parentSpanId,
          traceFlags: TraceFlags.SAMPLED,
          isRemote: true,
        });
  const late = span.service === undefined || span.service === service ? {} : { [WORK_OF]: span.service };
  const attributes = { "sluice.told_by": `${service}/${instance}`, ...late, ...span.attributes };
  ids.next = span;
  const started = tracer.startSpan(
    span.name,
    { attributes, kind: KINDS[span.kind ?? "internal"], startTime: span.start },
    context,
  );
  if (error !== undefined) started.setStatus({ code: SpanStatusCode.ERROR, message: error });
  started.end(Math.max(span.start, span.end));
}

type Exporter = Pick<OTLPTraceExporter, "export" | "shutdown" | "forceFlush">;
type ExportedSpans = Parameters<Exporter["export"]>[0];

/** `ExportResultCode.SUCCESS` of @opentelemetry/core. */
const EXPORTED = 0;

/** OpenTelemetry's SDK says of an export that failed only that it did, and only to a logger that nobody has set. */
function reporting(exporter: Exporter, onExport: (batch: ExportedBatch) => void): Exporter {
  const resources = new Map<string, ExportedSpans[number]["resource"]>();
  return {
    export: (spans, done) =>
      exporter.export(
        spans.map((span) => underItsService(span, resources)),
        (result) => {
          const failed = result.code !== EXPORTED;
          const error = failed ? (result.error ?? new Error("no reason was given")) : undefined;
          onExport({ spans: spans.length, outcome: failed ? "lost" : "exported", error });
          done(result);
        },
      ),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  };
}

/** Spans go out by resource, and a resource names one service: those that are told of another's work get its name. */
function underItsService(
  span: ExportedSpans[number],
  resources: Map<string, ExportedSpans[number]["resource"]>,
): ExportedSpans[number] {
  const service = span.attributes[WORK_OF];
  if (typeof service !== "string") return span;
  let resource = resources.get(service);
  if (resource === undefined) {
    const attributes = { ...span.resource.attributes, "service.name": service };
    resource = Object.create(span.resource, { attributes: { value: attributes } }) as typeof span.resource;
    resources.set(service, resource);
  }
  return Object.create(span, { resource: { value: resource } }) as typeof span;
}
