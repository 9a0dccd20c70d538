package opentelemetry_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/telemetry/internal/stagetest"
	"github.com/nango-lite/nango-lite/telemetry/opentelemetry"
)

func newObserver(t *testing.T) (*opentelemetry.Observer, *tracetest.InMemoryExporter, *sdktrace.TracerProvider, *metric.ManualReader) {
	t.Helper()
	spans, reader := tracetest.NewInMemoryExporter(), metric.NewManualReader()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	o, err := opentelemetry.New(&opentelemetry.Options{TracerProvider: tp, MeterProvider: metric.NewMeterProvider(metric.WithReader(reader))})
	if err != nil {
		t.Fatal(err)
	}
	return o, spans, tp, reader
}

// tree writes spans with those below them, in the order in which they began.
func tree(spans tracetest.SpanStubs, parent tracetest.SpanStub, indent string) string {
	var b strings.Builder
	for _, s := range spans {
		if s.Parent.SpanID() != parent.SpanContext.SpanID() {
			continue
		}
		of := func(k string) string {
			for _, a := range s.Attributes {
				if string(a.Key) == k {
					return k[strings.LastIndexByte(k, '.')+1:] + "=" + a.Value.String() + " "
				}
			}
			return ""
		}
		line := strings.TrimSpace(indent + s.Name + " " + of("http.response.status_code") + of("http.request.resend_count") + of("error.type") + of("nango_lite.attempts"))
		fmt.Fprintln(&b, indent+strings.TrimSpace(line))
		b.WriteString(tree(spans, s, indent+"  "))
	}
	return b.String()
}

func TestSpans(t *testing.T) {
	o, spans, tp, _ := newObserver(t)
	ctx, root := tp.Tracer("host").Start(t.Context(), "host")
	stagetest.Play(t, ctx, o.Observe)
	root.End()
	all := spans.GetSpans()
	host := all[len(all)-1]
	want := `connect
GET fjord status_code=200 attempts=1
  GET status_code=401 type=401
  refresh
  GET status_code=200 resend_count=1
GET fjord status_code=200 attempts=2
  GET type=unavailable
  wait
  GET status_code=200 resend_count=1
_OTHER fjord status_code=777 type=_OTHER attempts=1
  _OTHER status_code=777 type=_OTHER
GET fjord status_code=200 attempts=1
  GET status_code=200
body status_code=200 type=unavailable
`
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	if got := tree(sorted, host, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, s := range all {
		text := fmt.Sprintf("%s %v %s %v", s.Name, s.Attributes, s.Status.Description, s.Events)
		if strings.Contains(text, stagetest.Seed) && !strings.Contains(s.Name, "_OTHER") || strings.Contains(text, "?") {
			t.Errorf("leaks: %s", text)
		}
		if s.EndTime.Before(s.StartTime) {
			t.Errorf("%s ends before it begins", s.Name)
		}
	}
}

func TestAttributesOfAnAttempt(t *testing.T) {
	o, spans, _, _ := newObserver(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ev := engine.Event{Kind: engine.EventAttempt, Time: at, Duration: time.Second, Key: stagetest.Key, Method: "GET", URL: "http://api.fjord.test:8080/v1/users", Status: 404, Attempt: 1}
	o.Observe(t.Context(), ev)
	s := spans.GetSpans()[0]
	want := []attribute.KeyValue{
		attribute.String("nango_lite.integration", "fjord"), attribute.String("nango_lite.connection_id", "alice"),
		attribute.String("http.request.method", "GET"), attribute.String("url.full", "http://api.fjord.test:8080/v1/users"),
		attribute.String("server.address", "api.fjord.test"), attribute.Int("server.port", 8080),
		attribute.Int("http.response.status_code", 404), attribute.String("error.type", "404"),
	}
	if !slices.Equal(s.Attributes, want) || s.Status.Code != codes.Error || s.SpanKind.String() != "client" || !s.StartTime.Equal(at.Add(-time.Second)) || !s.EndTime.Equal(at) {
		t.Errorf("got %+v", s)
	}
}

// A wait is told of before it begins; a caller who leaves cuts it short.
func TestWaitThatIsCutShort(t *testing.T) {
	o, spans, _, _ := newObserver(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o.Observe(t.Context(), engine.Event{Kind: engine.EventWait, Call: 9, Time: at, Wait: time.Minute, Key: stagetest.Key, Method: "GET"})
	o.Observe(t.Context(), engine.Event{Kind: engine.EventCall, Call: 9, Time: at.Add(time.Second), Duration: time.Second, Key: stagetest.Key, Method: "GET", Err: context.Canceled})
	for _, s := range spans.GetSpans() {
		if !s.EndTime.Equal(at.Add(time.Second)) || !s.StartTime.Equal(at) {
			t.Errorf("%s from %v to %v", s.Name, s.StartTime, s.EndTime)
		}
	}
}

func TestMetrics(t *testing.T) {
	o, _, _, reader := newObserver(t)
	stagetest.Play(t, t.Context(), o.Observe)
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	counts := map[string]uint64{}
	for _, m := range data.ScopeMetrics[0].Metrics {
		switch d := m.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range d.DataPoints {
				counts[m.Name] += p.Count
				if text := fmt.Sprint(p.Attributes.ToSlice()); strings.Contains(text, stagetest.Seed) || strings.Contains(text, "alice") || strings.Contains(text, "777") {
					t.Errorf("%s: a label with values that others make up: %s", m.Name, text)
				}
			}
		case metricdata.Sum[int64]:
			counts[m.Name] += uint64(d.DataPoints[0].Value)
		}
	}
	want := map[string]uint64{"nango_lite.call.duration": 4, "nango_lite.attempt.duration": 6, "nango_lite.wait.duration": 1, "nango_lite.refresh.duration": 1, "nango_lite.answer.broken": 1}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", counts, want)
	}
}

func TestGlobalProviders(t *testing.T) {
	o, err := opentelemetry.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Observe(t.Context(), engine.Event{Kind: engine.EventCall, Method: "GET"})
}
