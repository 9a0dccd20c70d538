package engine

import (
	"context"
	"log/slog"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/schema"
)

// eventOf tells what a layer did, as an [Event].
func eventOf(k Key, ctx context.Context, n layer.Notice) Event {
	ev := Event{Key: k, Method: n.Request.Method, Attempt: n.Attempt, Wait: n.Wait, Duration: n.Duration, Reason: n.Reason}
	switch n.Kind {
	case layer.CallEnded:
		ev.Kind = EventCall
	case layer.AttemptEnded:
		ev.Kind = EventAttempt
	case layer.Waiting:
		ev.Kind = EventWait
	case layer.BodyBroke:
		ev.Kind = EventBody
	}
	if ev.Method == "" {
		ev.Method = "GET"
	}
	if n.Response != nil {
		ev.Status = n.Response.StatusCode
	}
	call := layer.From(n.Request.Context())
	ev.URL = shownURL(n.Request.URL, call)
	if n.Err != nil && n.Kind != layer.Waiting {
		ev.Err = callError(call.Context, k, call, n.Err)
	}
	return ev
}

// shownURL returns u without query and user info. Where base_url holds a
// credential, as some APIs want it in the path, it is masked.
func shownURL(u *url.URL, call *layer.Call) string {
	text := u.EscapedPath()
	if base := call.Base(); base != nil && u.Host != "" && (u.Host != base.Host || u.Scheme != base.Scheme) {
		return u.Scheme + "://" + u.Host + "/…" // of a download, say, whose path is the key to it
	}
	if u.Host != "" {
		text = u.Scheme + "://" + u.Host + text
	}
	for _, s := range call.Secrets() {
		text = strings.ReplaceAll(text, s, schema.Redacted)
	}
	return text
}

// watched reports whether anyone wants to know of calls of in.
func (e *Engine) watched(ctx context.Context, in *integration) bool {
	return e.opts.Observe != nil || in.logLevel() <= slog.LevelError && e.opts.Logger.Enabled(ctx, slog.LevelError)
}

const silent = slog.LevelError + 100

// logLevel returns the least severe level that in logs.
func (in *integration) logLevel() slog.Level {
	switch in.LogLevel {
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

// logEvent writes one line for ev, if in's log_level and the logger want it.
func (e *Engine) logEvent(ctx context.Context, in *integration, ev Event) {
	level := levelOf(ev)
	if level < in.logLevel() || !e.opts.Logger.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs, slog.String("integration", ev.Key.Integration), slog.String("connection", ev.Key.ConnectionID))
	if ev.Method != "" {
		attrs = append(attrs, slog.String("method", ev.Method), slog.String("url", ev.URL))
	}
	if ev.Status != 0 {
		attrs = append(attrs, slog.Int("status", ev.Status))
	}
	switch {
	case ev.Kind == EventCall && ev.Attempt > 1:
		attrs = append(attrs, slog.Int("attempts", ev.Attempt))
	case ev.Kind == EventAttempt:
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
	e.opts.Logger.LogAttrs(ctx, level, string(ev.Kind), attrs...)
}

// levelOf says how severe an event is. A call is one line at info or above, an
// attempt and a wait one at debug.
func levelOf(ev Event) slog.Level {
	switch {
	case ev.Kind == EventAttempt || ev.Kind == EventWait:
		return slog.LevelDebug
	case ev.Kind == EventClient:
		return slog.LevelWarn
	case ev.Err != nil && (ev.Kind == EventRefresh || ev.Kind == EventBody || ev.Kind == EventEnd):
		return slog.LevelWarn // who needs it says what came of it
	case ev.Err != nil:
		return slog.LevelError
	case ev.Kind == EventStatus || ev.Status >= 400:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
