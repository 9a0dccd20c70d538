// Package answer is a request and its answer: how JSON and errors are written, which
// status an error of the engine has, and what is logged when the request has ended. It
// knows no route. Start with [Writer], which is what every handler takes.
package answer

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

// Options are the same for all requests of a server. Now is required.
type Options struct {
	Logger       *slog.Logger  // takes one line a request; nil: nothing is logged
	Observe      func(Request) // is told of each request that has ended; nil: nobody is
	Now          func() time.Time
	MaxBodyBytes int64 // the largest body that the server's own routes read
}

// A Writer writes the answer of one request, and collects what is logged of it. It is used
// by the goroutine of its request alone.
type Writer struct {
	http.ResponseWriter
	Request *http.Request

	// What is logged. Handlers fill it in as they find it out; see [Request].
	Route      string
	APIKey     string
	Connection engine.Key
	Code       string

	// MaxBodyBytes is the largest body that the server's own routes read.
	MaxBodyBytes int64

	// Unread reports whether some of the request's body is still to come when the answer
	// begins; the TCP connection then ends with it. If nil, net/http sees to that.
	Unread func() bool

	opts   *Options
	began  time.Time
	status int // 0: not answered yet
	bytes  int64
}

// Begin returns the Writer of a request. [Writer.End] must be deferred.
func (o *Options) Begin(w http.ResponseWriter, r *http.Request) *Writer {
	return &Writer{ResponseWriter: w, Request: r, MaxBodyBytes: o.MaxBodyBytes, opts: o, began: o.Now()}
}

// Unwrap is for [http.ResponseController].
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter].
func (w *Writer) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
		if w.Unread != nil && w.Unread() {
			// What is left of the body must not be taken for the next request.
			w.Header().Set("Connection", "close")
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *Writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Gone notes that the caller has left, so that nobody reads an answer.
func (w *Writer) Gone() { w.status, w.Code = StatusGone, "gone" }

// End logs the request, which has been answered. A panic costs its request alone; what it
// says is not logged, for it may quote anything.
func (w *Writer) End() {
	p := recover()
	if p != nil && p != http.ErrAbortHandler {
		w.Code = "panic"
		if l := w.opts.Logger; l != nil {
			l.Error("panic", "route", w.Route, "stack", string(debug.Stack()))
		}
		if w.status == 0 {
			w.Fail(http.StatusInternalServerError, "internal", "something went wrong that has no name")
		} else {
			p = http.ErrAbortHandler
		}
	}
	if w.status == StatusGone && p == nil {
		p = http.ErrAbortHandler // else net/http would answer 200, and the caller may still be there
	}
	w.log()
	if p == http.ErrAbortHandler {
		panic(p)
	}
}
