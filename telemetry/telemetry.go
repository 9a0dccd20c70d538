// Package telemetry turns what an engine does into spans and metrics. Its adapters
// are packages of their own, so that a host links what it uses: opentelemetry and
// prom. Each gives a function for [engine.Options.Observe]; [Tee] serves several.
//
// No span, label or metric holds a token, a header, a body or a query string, and
// no label of a metric takes values that a user or a provider makes up.
package telemetry

import (
	"context"

	"github.com/nango-lite/nango-lite/engine"
)

// An Observer is told of events; see [engine.Options.Observe].
type Observer = func(context.Context, engine.Event)

// Tee returns an observer that tells each of observers, in their order. Those that
// are nil are left out.
func Tee(observers ...Observer) Observer {
	var told []Observer
	for _, o := range observers {
		if o != nil {
			told = append(told, o)
		}
	}
	return func(ctx context.Context, ev engine.Event) {
		for _, o := range told {
			o(ctx, ev)
		}
	}
}
