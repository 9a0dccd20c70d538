package layer

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/internal/media"
)

// Transport returns the innermost layer. An attempt must be answered with its
// headers within timeout; from then on, the same time is the longest that a read
// of the body may wait for the next byte, so that downloads of any length are
// possible. So are uploads: as long as the request's body goes out, the time begins
// anew. A stream, of events or of JSON, may be silent for as long as it likes. What the
// engine itself reads of a body has that time altogether, see [answer.Within]. A timeout
// of 0 means none.
//
// Failures become [*TransportError]s, except that the end of the caller's
// context is passed on.
func Transport(timeout time.Duration) Layer {
	return func(next http.RoundTripper) http.RoundTripper {
		t := &transport{timeout: max(timeout, 0), next: next}
		if timeout > 0 {
			t.deadlines = newDeadlines(timeout)
		}
		return t
	}
}

type transport struct {
	timeout   time.Duration
	deadlines *deadlines // nil: no limit
	next      http.RoundTripper
}

var (
	errNoAnswer = errors.New("no answer in the time allowed")
	errSilent   = errors.New("the body stopped coming")
	errSlow     = errors.New("the body did not come in the time allowed")
)

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	caller := r.Context()
	var sent *sending
	if call := From(caller); call != nil && call.attempt.traced {
		sent = &sending{}
		r = r.WithContext(sent.trace(caller))
	}
	w := &watch{timeout: t.timeout}
	w.deadline.begin(r.Context())
	r = withContext(r, &w.deadline)
	if t.deadlines == nil {
		resp, err := t.next.RoundTrip(r)
		if err != nil {
			w.deadline.cancel()
			return nil, failure(r, caller, err, sent)
		}
		return w.over(whole(resp, r), r), nil
	}
	w.limited, w.deadline.all = true, t.deadlines
	if r.Body != nil && r.Body != http.NoBody {
		r = withBody(r, &outgoing{r.Body, &w.deadline})
	}
	w.deadline.wait()
	resp, err := t.next.RoundTrip(r)
	inTime := w.deadline.rest()
	if err != nil || !inTime { // if an answer came too late, its context is gone
		w.end()
		if err == nil {
			_ = resp.Body.Close()
		}
		if !inTime {
			err = errNoAnswer
		}
		return nil, failure(r, caller, err, sent)
	}
	return w.over(whole(resp, r), r), nil
}

// An outgoing body begins the time allowed anew with each part of it that is sent.
type outgoing struct {
	io.ReadCloser
	deadline *deadline
}

func (o *outgoing) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	if n > 0 {
		o.deadline.prolong()
	}
	return n, err
}

// withBody gives r another body: in place, if the chain made r for this attempt alone.
func withBody(r *http.Request, body io.ReadCloser) *http.Request {
	if call := From(r.Context()); call == nil || call.attempt.request != r {
		c := *r
		r = &c
	}
	r.Body = body
	return r
}

// whole fills in what net/http's transport promises and others may forget.
func whole(resp *http.Response, r *http.Request) *http.Response {
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if resp.Request == nil {
		resp.Request = r
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	return resp
}

// withContext gives r another context: in place, if the chain made r for this
// attempt alone.
func withContext(r *http.Request, ctx context.Context) *http.Request {
	if call := From(ctx); call != nil && call.attempt.request == r {
		*r = *r.WithContext(ctx)
		return r
	}
	return r.WithContext(ctx)
}

// A watch ends an attempt that takes too long, and is the body of the answer.
type watch struct {
	io.ReadCloser
	deadline deadline
	limited  bool          // deadline is used,
	silent   bool          // but not for the body
	timeout  time.Duration // of what the engine reads itself; 0: no limit

	resp   *http.Response
	call   *Call // nil: of nobody
	read   int64
	closed atomic.Bool
	late   atomic.Bool // see Within
	err    error       // what ended reading
}

// over makes w the body of resp.
func (w *watch) over(resp *http.Response, r *http.Request) *http.Response {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		if w.limited {
			w.deadline.drop()
		}
		return resp // the body is a connection now; what it carries is the caller's
	}
	w.ReadCloser, w.resp, w.call = resp.Body, resp, From(r.Context())
	if media.IsStream(media.Of(resp.Header.Get("Content-Type"))) {
		w.silent = true
	}
	resp.Body = w
	if w.call != nil {
		w.call.open = w
	}
	return resp
}

func (w *watch) Read(p []byte) (int, error) {
	timed := w.limited && !w.silent
	if timed {
		w.deadline.wait()
	}
	n, err := w.ReadCloser.Read(p)
	w.read += int64(n)
	inTime := !timed || w.deadline.rest()
	switch {
	case err == nil:
	case err == io.EOF:
		w.end()
	case w.err != nil:
		err = w.err
	default:
		if w.late.Load() {
			err = errSlow
		} else if !inTime {
			err = errSilent
		}
		w.err = w.broke(err)
		err = w.err
	}
	return n, err
}

// broke tells that the body has ended before its end, unless the caller has left
// or closed it.
func (w *watch) broke(err error) error {
	if w.call == nil || w.call.Err() != nil || w.closed.Load() {
		return err
	}
	if w.call.Broken != nil {
		err = w.call.Broken(w.call, err)
	}
	w.call.notify(Notice{Kind: BodyBroke, Request: w.resp.Request, Response: w.resp, Attempt: w.call.attempt.number, Err: err,
		Reason: fmt.Sprintf("the answer broke off after %d bytes", w.read)})
	return err
}

// Close ends the attempt.
func (w *watch) Close() error {
	w.closed.Store(true)
	err := w.ReadCloser.Close()
	w.end()
	return err
}

// end gives up what the attempt has held.
func (w *watch) end() {
	if w.limited {
		w.deadline.drop()
	}
	w.deadline.cancel()
}

// Within implements [answer.Bounded].
func (w *watch) Within(b answer.Bound, read func()) {
	if b.Quiet {
		w.closed.Store(true)
	}
	most := cmp.Or(b.Most, w.timeout)
	if most <= 0 {
		read()
		return
	}
	timer := time.AfterFunc(most, func() {
		w.late.Store(true)
		w.deadline.cancel()
	})
	defer timer.Stop()
	read()
}

// failure makes err a TransportError, unless it is that the caller has left, or has
// given what no request can carry.
func failure(r *http.Request, caller context.Context, err error, sent *sending) error {
	if caller.Err() != nil {
		return context.Cause(caller)
	}
	if name, bad := unsendable(r.Header); bad && !sent.wroteAny() {
		return fmt.Errorf("header %q cannot be sent: its name or its value holds a character that no header may", name)
	}
	var timeout interface{ Timeout() bool }
	return &TransportError{
		Err:     err,
		NotSent: notSent(err) || sent.surelyNot(),
		Timeout: err == errNoAnswer || errors.As(err, &timeout) && timeout.Timeout(),
	}
}

// notSent reports whether err says by its kind that no connection was made.
func notSent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns) || nobody(err)
}

// nobody reports whether err says that nobody is at the other end who could prove to
// be the provider.
func nobody(err error) bool {
	var cert *tls.CertificateVerificationError
	var refused *RefusedError
	return errors.As(err, &cert) || errors.As(err, &refused)
}

// A sending tells whether a request went out. Transports that do not report it
// leave the question open.
type sending struct{ connected, wrote atomic.Bool }

func (s *sending) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { s.connected.Store(true) },
		WroteHeaders: func() { s.wrote.Store(true) },
	})
}

func (s *sending) wroteAny() bool { return s != nil && s.wrote.Load() }

// unsendable returns a header that HTTP has no way to write (RFC 9110 5.1, 5.5).
func unsendable(h http.Header) (name string, bad bool) {
	for name, values := range h {
		if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c) }) {
			return name, true
		}
		for _, v := range values {
			if strings.ContainsFunc(v, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
				return name, true
			}
		}
	}
	return "", false
}

func (s *sending) surelyNot() bool {
	return s != nil && s.connected.Load() && !s.wrote.Load()
}
