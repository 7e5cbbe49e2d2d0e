import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, type Tracer, trace } from "@opentelemetry/api";
import type { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { errorMessage } from "../errors/sluice-error.ts";
import type { TraceContext } from "./trace-context.ts";

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  readonly attributes?: SpanAttributes;
  /** Default `internal`. */
  readonly kind?: "internal" | "server" | "client" | "producer" | "consumer";
  /** When the work began, milliseconds since 1970; default now. */
  readonly startTime?: number;
}

/** A piece of recorded work. */
export interface TraceSpan {
  /** What to hand on to whoever continues this work. */
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  /** Ends the span, at `endTime` (milliseconds since 1970) or now. With an error the span is marked as failed. */
  end(error?: unknown, endTime?: number): void;
}

/** Starts spans. Every method gives undefined for work that is not recorded, so callers write `span?.end()`. */
export interface Tracing {
  /** Whether spans are exported at all. */
  readonly enabled: boolean;
  /** Begins a trace for the sampled share of all calls. */
  root(name: string, options?: SpanOptions): TraceSpan | undefined;
  /** Continues a trace; without a parent there is nothing to continue and nothing is done. */
  child(name: string, parent: TraceContext | undefined, options?: SpanOptions): TraceSpan | undefined;
  /** Exports what is waiting. */
  close(): Promise<void>;
}

/** Records nothing. */
export const noTracing: Tracing = {
  enabled: false,
  root: () => undefined,
  child: () => undefined,
  close: async () => {},
};

export interface TracingOptions {
  readonly service: string;
  readonly instance: string;
  /** Share of root spans that is recorded, 0 to 1. */
  readonly ratio: number;
  /** Where OTEL_EXPORTER_OTLP_ENDPOINT is looked up; default the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly random?: () => number;
  /** Told of each batch of spans that could not be exported; they are lost. */
  readonly onExport?: (batch: ExportedBatch) => void;
}

/** What became of a batch of spans. */
export interface ExportedBatch {
  readonly spans: number;
  /** Why they could not be exported; undefined when they were. */
  readonly error: Error | undefined;
}

/**
 * Starts the export of traces by OTLP over HTTP when `OTEL_EXPORTER_OTLP_ENDPOINT` (or its `_TRACES_` form) is set;
 * otherwise gives {@link noTracing}, and the SDK is not even loaded. The other `OTEL_*` variables of the SDK apply.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const env = options.env ?? process.env;
  if (!env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT && !env.OTEL_EXPORTER_OTLP_ENDPOINT) return noTracing;
  const [{ NodeSDK }, { OTLPTraceExporter }] = await Promise.all([
    import("@opentelemetry/sdk-node"),
    import("@opentelemetry/exporter-trace-otlp-http"),
  ]);
  const sdk = new NodeSDK({
    serviceName: options.service,
    traceExporter: reporting(new OTLPTraceExporter(), options.onExport),
    // Only traces: unset, the SDK would start exporters for metrics and logs as well.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    autoDetectResources: false,
    // The sampled share is decided in root(), before any span exists.
    sampler: { shouldSample: () => ({ decision: 2 }), toString: () => "AlwaysOn" },
  });
  sdk.start();
  return tracingOn(trace.getTracer("sluice"), options, () => sdk.shutdown());
}

type Exporter = Pick<OTLPTraceExporter, "export" | "shutdown" | "forceFlush">;

/** `ExportResultCode.SUCCESS` of @opentelemetry/core. */
const EXPORTED = 0;

/** OpenTelemetry's SDK says of an export that failed only that it did, and only to a logger that nobody has set. */
function reporting(exporter: Exporter, onExport: TracingOptions["onExport"]): Exporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.code !== EXPORTED;
        const error = failed ? (result.error ?? new Error("no reason was given")) : undefined;
        onExport?.({ spans: spans.length, error });
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  };
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** The {@link Tracing} of any OpenTelemetry tracer. */
export function tracingOn(
  tracer: Tracer,
  options: Pick<TracingOptions, "ratio" | "instance" | "random">,
  close: () => Promise<void>,
): Tracing {
  const random = options.random ?? Math.random;
  const start = (name: string, parent: TraceContext | undefined, span: SpanOptions = {}): TraceSpan => {
    const context =
      parent === undefined
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, {
            traceId: parent.traceId,
            spanId: parent.spanId,
            traceFlags: TraceFlags.SAMPLED,
            isRemote: true,
          });
    const attributes = { "service.instance.id": options.instance, ...span.attributes };
    const kind = KINDS[span.kind ?? "internal"];
    const started = span.startTime === undefined ? {} : { startTime: span.startTime };
    return traceSpan(tracer.startSpan(name, { attributes, kind, ...started }, context));
  };
  return {
    enabled: true,
    root: (name, span) => (random() < options.ratio ? start(name, undefined, span) : undefined),
    child: (name, parent, span) => (parent?.sampled ? start(name, parent, span) : undefined),
    close,
  };
}

function traceSpan(span: Span): TraceSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    context: { traceId, spanId, sampled: true },
    set: (attributes) => void span.setAttributes(attributes),
    end(error, endTime) {
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(error) });
      span.end(endTime);
    },
  };
}
