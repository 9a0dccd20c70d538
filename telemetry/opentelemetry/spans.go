package opentelemetry

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/telemetry/internal/label"
)

// Attributes of ours.
const (
	integrationKey  = attribute.Key("nango_lite.integration")
	operationKey    = attribute.Key("nango_lite.operation")
	connectionIDKey = attribute.Key("nango_lite.connection_id")
	attemptsKey     = attribute.Key("nango_lite.attempts")
	reasonKey       = attribute.Key("nango_lite.reason")
)

// endCall makes the span of a call, and those of what happened within it.
func (o *Observer) endCall(ctx context.Context, ev engine.Event, within []engine.Event) {
	ctx, span := o.tracer.Start(ctx, label.Method(ev)+" "+ev.Key.Integration, trace.WithTimestamp(began(ev)), trace.WithAttributes(attributes(ev)...))
	if span.IsRecording() {
		resent := 0
		for _, e := range within {
			var more []attribute.KeyValue
			if e.Kind == engine.EventAttempt {
				if resent > 0 {
					more = append(more, semconv.HTTPRequestResendCount(resent))
				}
				resent++
			}
			if e.Kind == engine.EventWait && e.Time.Add(e.Wait).After(ev.Time) {
				e.Wait = ev.Time.Sub(e.Time) // it was cut short
			}
			o.span(ctx, e, more...)
		}
		span.SetAttributes(attemptsKey.Int(ev.Attempt))
	}
	finish(span, ev)
}

// span makes the span of an event, which is over.
func (o *Observer) span(ctx context.Context, ev engine.Event, more ...attribute.KeyValue) {
	name, kind := string(ev.Kind), trace.SpanKindInternal
	if ev.Kind == engine.EventAttempt {
		name, kind = label.Method(ev), trace.SpanKindClient
	}
	_, span := o.tracer.Start(ctx, name, trace.WithTimestamp(began(ev)), trace.WithSpanKind(kind), trace.WithAttributes(attributes(ev)...), trace.WithAttributes(more...))
	if ev.Kind == engine.EventWait {
		ev.Time = ev.Time.Add(ev.Wait) // it is told of before it begins
	}
	finish(span, ev)
}

func began(ev engine.Event) time.Time { return ev.Time.Add(-ev.Duration) }

func finish(span trace.Span, ev engine.Event) {
	switch {
	case ev.Err != nil:
		span.SetStatus(codes.Error, ev.Err.Error()) // which is safe to show to a stranger
	case ev.Status >= 400 && ev.Kind != engine.EventWait:
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(ev.Time))
}

// attributes describe an event. The URL has neither query nor user info.
func attributes(ev engine.Event) []attribute.KeyValue {
	list := []attribute.KeyValue{integrationKey.String(ev.Key.Integration), connectionIDKey.String(ev.Key.ConnectionID)}
	if ev.Operation != "" {
		list = append(list, operationKey.String(ev.Operation))
	}
	if ev.Reason != "" {
		list = append(list, reasonKey.String(ev.Reason))
	}
	if ev.Method == "" {
		return appendError(list, ev)
	}
	method := label.Method(ev)
	list = append(list, semconv.HTTPRequestMethodKey.String(method))
	if method == label.Other {
		list = append(list, semconv.HTTPRequestMethodOriginal(ev.Method))
	}
	if u, err := url.Parse(ev.URL); err == nil && u.Host != "" {
		list = append(list, semconv.URLFull(ev.URL), semconv.ServerAddress(u.Hostname()), semconv.ServerPort(portOf(u)))
	}
	if ev.Status != 0 && ev.Kind != engine.EventWait {
		list = append(list, semconv.HTTPResponseStatusCode(ev.Status))
	}
	return appendError(list, ev)
}

func appendError(list []attribute.KeyValue, ev engine.Event) []attribute.KeyValue {
	if kind := errorType(ev); kind != "" {
		list = append(list, semconv.ErrorTypeKey.String(kind))
	}
	return list
}

// errorType is what error.type holds: a kind, or the status of an answer that is
// an error.
func errorType(ev engine.Event) string {
	if kind := label.Kind(ev); kind != "" || ev.Status < 400 || ev.Kind == engine.EventWait {
		return kind
	}
	return label.Status(ev)
}

func portOf(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}
