package answer

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

// A Request is what is known of a request that has ended. It holds no secret: no
// query, header or body, and of the path only which route it is.
type Request struct {
	Method   string
	Route    string // such as /c/{integration}/{connection}/{path...}; empty: none
	Status   int    // 499 if the caller left before the answer
	Bytes    int64  // of the answer's body
	Duration time.Duration
	APIKey   string     // its name; empty: no valid key was shown
	Key      engine.Key // the connection that was asked for; zero: none
	Code     string     // the error's code; empty: the request succeeded
}

func (w *Writer) log() {
	o := w.opts
	if o.Logger == nil && o.Observe == nil {
		return
	}
	if w.status == 0 {
		w.status = StatusGone
	}
	now := o.Now()
	q := Request{
		Method: knownMethod(w.Request.Method), Route: w.Route, Status: w.status, Bytes: w.bytes, Duration: now.Sub(w.began),
		APIKey: w.APIKey, Key: w.Connection, Code: w.Code,
	}
	if o.Observe != nil {
		o.Observe(q)
	}
	if o.Logger != nil {
		q.log(w.Request.Context(), now, o.Logger)
	}
}

// knownMethod keeps methods that a caller has invented out of logs and metrics.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "PROPFIND", "REPORT":
		return m
	}
	return "other"
}

func (q *Request) log(ctx context.Context, now time.Time, l *slog.Logger) {
	level := slog.LevelInfo
	if q.Status >= 500 {
		level = slog.LevelWarn
	}
	if ctx = context.WithoutCancel(ctx); !l.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs, slog.String("method", q.Method), slog.String("route", q.Route), slog.Int("status", q.Status),
		slog.Int64("bytes", q.Bytes), slog.Duration("duration", q.Duration))
	for _, a := range []struct{ name, value string }{
		{"api_key", q.APIKey}, {"integration", q.Key.Integration}, {"connection", q.Key.ConnectionID}, {"code", q.Code},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.name, a.value))
		}
	}
	line := slog.NewRecord(now, level, "request", 0) // where in the program is of no interest, and costs
	line.AddAttrs(attrs...)
	_ = l.Handler().Handle(ctx, line) // as a Logger does
}
