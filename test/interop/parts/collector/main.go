// The OpenTelemetry Collector's own OTLP receiver: what it has read is printed, one span a line.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

type span struct {
	Service    string         `json:"service"`
	Name       string         `json:"name"`
	TraceID    string         `json:"traceId"`
	SpanID     string         `json:"spanId"`
	Parent     string         `json:"parentSpanId"`
	Kind       string         `json:"kind"`
	Status     string         `json:"status"`
	Ms         float64        `json:"ms"`
	Attributes map[string]any `json:"attributes"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: collector <host:port>"))
	}
	out := json.NewEncoder(os.Stdout)
	next, err := consumer.NewTraces(func(_ context.Context, traces ptrace.Traces) error { return tell(out, traces) })
	if err != nil {
		fail(err)
	}
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	settings := map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": os.Args[1]}}}
	if err := confmap.NewFromStringMap(settings).Unmarshal(config); err != nil {
		fail(err)
	}
	receiver, err := factory.CreateTraces(ctx, receivertest.NewNopSettings(factory.Type()), config, next)
	if err != nil {
		fail(err)
	}
	if err := receiver.Start(ctx, componenttest.NewNopHost()); err != nil {
		fail(err)
	}
	fmt.Println("listening")
	<-ctx.Done()
	if err := receiver.Shutdown(context.Background()); err != nil {
		fail(err)
	}
}

func tell(out *json.Encoder, traces ptrace.Traces) error {
	for _, ofResource := range traces.ResourceSpans().All() {
		service, _ := ofResource.Resource().Attributes().Get("service.name")
		for _, ofScope := range ofResource.ScopeSpans().All() {
			for _, one := range ofScope.Spans().All() {
				took := one.EndTimestamp().AsTime().Sub(one.StartTimestamp().AsTime())
				err := out.Encode(span{
					Service:    service.Str(),
					Name:       one.Name(),
					TraceID:    one.TraceID().String(),
					SpanID:     one.SpanID().String(),
					Parent:     one.ParentSpanID().String(),
					Kind:       one.Kind().String(),
					Status:     one.Status().Code().String(),
					Ms:         float64(took.Microseconds()) / 1000,
					Attributes: one.Attributes().AsRaw(),
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
