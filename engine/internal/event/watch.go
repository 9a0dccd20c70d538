package event

import (
	"context"
	"log/slog"
	"time"
)

// A Watch tells whoever watches an engine what it did, and logs it. It is safe for
// concurrent use.
type Watch struct {
	Observe func(context.Context, Event) // nil: nobody watches
	Also    func(context.Context, Event) // told after Observe; it looks away from calls
	Logger  *slog.Logger
	Now     func() time.Time

	// LogLevel returns the log_level of an integration, and false if there is none of
	// that name: what is done for it is not logged.
	LogLevel func(integration string) (string, bool)

	// Call returns the number of the call that a context belongs to, or 0.
	Call func(context.Context) uint64
}

// Tell tells whoever watches, and logs.
func (w *Watch) Tell(ctx context.Context, ev Event) {
	if ev.Time.IsZero() {
		ev.Time = w.Now()
	}
	if name, ok := w.LogLevel(ev.Key.Integration); ok {
		w.log(ctx, levelNamed(name), ev)
	}
	if w.Observe != nil {
		if call := w.Call(ctx); call != 0 {
			ev.Call = call
		}
		w.Observe(ctx, ev)
	}
	if w.Also != nil {
		w.Also(ctx, ev)
	}
}

// TellSafely is Tell where a panic of whoever watches would cost a token that is not
// stored yet. The panic is logged, as far as the logger is not what panics.
func (w *Watch) TellSafely(ctx context.Context, ev Event) {
	defer func() {
		if p := recover(); p != nil {
			defer func() { _ = recover() }()
			w.Logger.ErrorContext(ctx, "whoever watches has panicked", "event", string(ev.Kind), "integration", ev.Key.Integration, "connection", ev.Key.ConnectionID)
		}
	}()
	w.Tell(ctx, ev)
}

// Wants reports whether anyone wants to know of calls at a log_level.
func (w *Watch) Wants(ctx context.Context, logLevel string) bool {
	return w.Observe != nil || levelNamed(logLevel) <= slog.LevelError && w.Logger.Enabled(ctx, slog.LevelError)
}
