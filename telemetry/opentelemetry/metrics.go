package opentelemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/telemetry/internal/label"
)

// instruments are histograms of seconds. They are not called
// http.client.request.duration, which wants server.address: where a connection
// says the host, that has as many values as there are customers.
type instruments struct {
	call, attempt, wait, refresh metric.Float64Histogram
	broken                       metric.Int64Counter
}

func newInstruments(m metric.Meter) (instruments, error) {
	var all error
	histogram := func(name, about string) metric.Float64Histogram {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(about),
			metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60))
		all = errors.Join(all, err)
		return h
	}
	i := instruments{
		call:    histogram("nango_lite.call.duration", "Calls, until the headers of their answer."),
		attempt: histogram("nango_lite.attempt.duration", "Requests sent, until the headers of their answer."),
		wait:    histogram("nango_lite.wait.duration", "Waits for a rate limit or before another attempt."),
		refresh: histogram("nango_lite.refresh.duration", "Refreshes of tokens."),
	}
	var err error
	i.broken, err = m.Int64Counter("nango_lite.answer.broken", metric.WithUnit("{answer}"), metric.WithDescription("Answers whose body broke off."))
	return i, errors.Join(all, err)
}

func (i *instruments) record(ctx context.Context, ev engine.Event) {
	integration := integrationKey.String(ev.Key.Integration)
	switch ev.Kind {
	case engine.EventCall:
		i.call.Record(ctx, ev.Duration.Seconds(), metric.WithAttributes(labels(ev)...))
	case engine.EventAttempt:
		i.attempt.Record(ctx, ev.Duration.Seconds(), metric.WithAttributes(labels(ev)...))
	case engine.EventWait:
		i.wait.Record(ctx, ev.Wait.Seconds(), metric.WithAttributes(integration))
	case engine.EventRefresh:
		i.refresh.Record(ctx, ev.Duration.Seconds(), metric.WithAttributes(appendError([]attribute.KeyValue{integration}, ev)...))
	case engine.EventBody:
		i.broken.Add(ctx, 1, metric.WithAttributes(integration))
	}
}

// labels have few values each.
func labels(ev engine.Event) []attribute.KeyValue {
	list := []attribute.KeyValue{integrationKey.String(ev.Key.Integration), semconv.HTTPRequestMethodKey.String(label.Method(ev))}
	if ev.Status >= 100 && ev.Status <= 599 {
		list = append(list, semconv.HTTPResponseStatusCode(ev.Status))
	}
	return appendError(list, ev)
}
