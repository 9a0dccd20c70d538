package telemetry_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/telemetry"
	"github.com/nango-lite/nango-lite/telemetry/opentelemetry"
	"github.com/nango-lite/nango-lite/telemetry/prom"
)

// stop ends an example that went wrong.
func stop(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// played is a configuration, and a transport that plays its providers.
func played() (*schema.Config, http.RoundTripper) {
	cfg, diags := loader.LoadBytes(context.Background(), "integrations.yaml", []byte("integrations: {airtable: {extends_blueprint: 'airtable:v0'}}\n"), nil)
	stop(diags.Err())
	p, err := sandbox.New(cfg.Integrations["airtable"], nil)
	stop(err)
	return cfg, sandbox.NewMux(p).Transport()
}

func Example() {
	cfg, transport := played()
	ctx := context.Background()

	spans := tracetest.NewInMemoryExporter() // yours sends them somewhere
	traces, err := opentelemetry.New(&opentelemetry.Options{TracerProvider: trace.NewTracerProvider(trace.WithSyncer(spans))})
	stop(err)
	metrics := prom.New(nil)
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics)

	eng, err := engine.New(cfg, &engine.Options{
		Transport: transport,
		Observe:   telemetry.Tee(traces.Observe, metrics.Observe),
	})
	stop(err)
	metrics.Watch(eng)

	key := engine.Key{Integration: "airtable", ConnectionID: "user-42"}
	_, err = eng.Connect(ctx, key, engine.Credentials{APIKey: schema.NewSecret("sandbox-api-key")}, nil)
	stop(err)
	airtable, err := eng.Client(key)
	stop(err)
	resp, err := airtable.Get("/v0/meta/whoami?private=yes")
	stop(err)
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()

	for _, span := range spans.GetSpans() {
		fmt.Println("span", span.Name, span.SpanKind)
	}
	families, err := registry.Gather()
	stop(err)
	for _, family := range families {
		if strings.HasSuffix(family.GetName(), "calls_total") {
			fmt.Println(family.GetName(), family.GetMetric()[0].GetCounter().GetValue())
		}
	}
	// Output:
	// span connect internal
	// span GET client
	// span GET airtable internal
	// nango_lite_calls_total 1
}
