// Package opentelemetry makes OpenTelemetry spans and metrics of an engine's
// events, in the words of the HTTP semantic conventions. It uses the API alone;
// what becomes of the data is for the host's SDK to say. Start with [New].
package opentelemetry

import (
	"context"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/nango-lite/nango-lite/engine"
)

const scope = "github.com/nango-lite/nango-lite/telemetry/opentelemetry"

// Options adjust an [Observer].
type Options struct {
	// TracerProvider makes the tracer. If nil, the global one is used.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the meter. If nil, the global one is used.
	MeterProvider metric.MeterProvider
}

// An Observer makes a span of each call, which is a child of the span in the
// caller's context, and below it one of each request that was sent, each wait and
// each refresh. A call's span is made when it ends, so the requests below it do
// not carry its id; a transport that traces, such as otelhttp, stands beside it
// under the caller's span.
//
// It is safe for concurrent use, and may serve several engines.
type Observer struct {
	tracer      trace.Tracer
	instruments instruments

	mu      sync.Mutex
	pending map[uint64][]engine.Event // what happened within calls that have not ended
}

// New returns an Observer. A nil opts means the zero Options. The error is the
// meter's.
func New(opts *Options) (*Observer, error) {
	if opts == nil {
		opts = &Options{}
	}
	tp, mp := opts.TracerProvider, opts.MeterProvider
	if tp == nil {
		tp = otel.GetTracerProvider()
	}
	if mp == nil {
		mp = otel.GetMeterProvider()
	}
	o := &Observer{tracer: tp.Tracer(scope), pending: map[uint64][]engine.Event{}}
	var err error
	if o.instruments, err = newInstruments(mp.Meter(scope)); err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	return o, nil
}

// Observe is for [engine.Options.Observe].
func (o *Observer) Observe(ctx context.Context, ev engine.Event) {
	o.instruments.record(ctx, ev)
	switch {
	case ev.Kind == engine.EventCall:
		o.endCall(ctx, ev, o.take(ev.Call))
	case ev.Call != 0 && ev.Kind != engine.EventBody: // which may come after its call
		o.keep(ev)
	default:
		o.span(ctx, ev)
	}
}

// mostPending bounds the calls that are remembered. One that panics never ends, and
// a refresh may end after the call that began it has been given up.
const mostPending = 1 << 14

// keep remembers an event until its call ends.
func (o *Observer) keep(ev engine.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	events, known := o.pending[ev.Call]
	if !known && len(o.pending) >= mostPending {
		clear(o.pending)
	}
	o.pending[ev.Call] = append(events, ev)
}

func (o *Observer) take(call uint64) []engine.Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	events := o.pending[call]
	delete(o.pending, call)
	return events
}
