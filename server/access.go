package server

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
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
	APIKey   string     // its name; empty: none was shown that is good
	Key      engine.Key // the connection that was asked for; zero: none
	Code     string     // why it was refused or failed; empty: it was not
}

// An exchange is a request and its answer, as they go on.
type exchange struct {
	http.ResponseWriter
	server *Server
	r      *http.Request
	began  time.Time

	status int
	bytes  int64
	route  string
	key    string
	conn   engine.Key
	code   string
	body   *patientBody // that goes to a provider as it comes; nil: none does
}

// Unwrap is for [http.ResponseController].
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader implements [http.ResponseWriter].
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 {
		x.status = status
		if x.body != nil && !x.body.whole.Load() {
			// What is left of the body must not be taken for the next request.
			x.Header().Set("Connection", "close")
		}
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(b)
	x.bytes += int64(n)
	return n, err
}

// ended tells that the request has been answered. A panic costs its request alone;
// what it says is not logged, for it may quote anything.
func (x *exchange) ended() {
	p := recover()
	if p != nil && p != http.ErrAbortHandler {
		x.code = "panic"
		if l := x.server.opts.Logger; l != nil {
			l.Error("panic", "route", x.route, "stack", string(debug.Stack()))
		}
		if x.status == 0 {
			x.fail(http.StatusInternalServerError, "internal", "something went wrong that has no name")
		} else {
			p = http.ErrAbortHandler
		}
	}
	if x.status == statusGone && p == nil {
		p = http.ErrAbortHandler // else net/http would say 200, to a caller that is perhaps only slow
	}
	x.tell()
	if p == http.ErrAbortHandler {
		panic(p)
	}
}

func (x *exchange) tell() {
	s := x.server
	if s.opts.Logger == nil && s.opts.Observe == nil {
		return
	}
	if x.status == 0 {
		x.status = statusGone
	}
	q := Request{
		Method: knownMethod(x.r.Method), Route: x.route, Status: x.status, Bytes: x.bytes, Duration: s.opts.Now().Sub(x.began),
		APIKey: x.key, Key: x.conn, Code: x.code,
	}
	if s.opts.Observe != nil {
		s.opts.Observe(q)
	}
	if s.opts.Logger != nil {
		q.log(x.r.Context(), s.opts.Logger)
	}
}

// knownMethod keeps what somebody made up out of logs and metrics.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "PROPFIND", "REPORT":
		return m
	}
	return "other"
}

func (q *Request) log(ctx context.Context, l *slog.Logger) {
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
	level := slog.LevelInfo
	if q.Status >= 500 {
		level = slog.LevelWarn
	}
	l.LogAttrs(context.WithoutCancel(ctx), level, "request", attrs...)
}
