package event

import (
	"context"
	"log/slog"
)

const silent = slog.LevelError + 100

// levelNamed returns the least severe level that a log_level lets through.
func levelNamed(name string) slog.Level {
	switch name {
	case "error":
		return slog.LevelError
	case "warn":
		return slog.LevelWarn
	case "debug", "http", "verbose", "silly": // the last three are of 2022
		return slog.LevelDebug
	case "silent":
		return silent
	}
	return slog.LevelInfo
}

// log writes one line for ev, if its severity is least at least and the logger wants it.
func (w *Watch) log(ctx context.Context, least slog.Level, ev Event) {
	level := levelOf(ev)
	if level < least || !w.Logger.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs, slog.String("integration", ev.Key.Integration), slog.String("connection", ev.Key.ConnectionID))
	if ev.Method != "" {
		attrs = append(attrs, slog.String("method", ev.Method), slog.String("url", ev.URL))
	}
	if ev.Operation != "" {
		attrs = append(attrs, slog.String("operation", ev.Operation))
	}
	if ev.Status != 0 {
		attrs = append(attrs, slog.Int("status", ev.Status))
	}
	switch {
	case ev.Kind == Call && ev.Attempt > 1:
		attrs = append(attrs, slog.Int("attempts", ev.Attempt))
	case ev.Kind == Attempt:
		attrs = append(attrs, slog.Int("attempt", ev.Attempt))
	}
	if ev.Duration > 0 {
		attrs = append(attrs, slog.Duration("duration", ev.Duration))
	}
	if ev.Reason != "" {
		attrs = append(attrs, slog.String("reason", ev.Reason))
	}
	if ev.Err != nil {
		attrs = append(attrs, slog.String("error", ev.Err.Error()))
	}
	w.Logger.LogAttrs(ctx, level, string(ev.Kind), attrs...)
}

// levelOf says how severe an event is. A call is one line at info or above, an
// attempt and a wait one at debug.
func levelOf(ev Event) slog.Level {
	switch {
	case ev.Kind == Attempt || ev.Kind == Wait:
		return slog.LevelDebug
	case ev.Kind == Client:
		return slog.LevelWarn
	case ev.Err != nil && (ev.Kind == Refresh || ev.Kind == Body || ev.Kind == End):
		return slog.LevelWarn // who needs it says what came of it
	case ev.Err != nil:
		return slog.LevelError
	case ev.Kind == Status || ev.Status >= 400:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
