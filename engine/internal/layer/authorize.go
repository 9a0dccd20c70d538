package layer

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// Fields are what a layer adds to a request, by where it goes.
type Fields struct{ Headers, Params, Body []Field }

// Authorize returns the layer that adds what grants access, in place of anything
// of the same name that the caller sent.
//
// expired says whether an answer means that the token is no longer good, and
// why. The token is then replaced once a call, and the request sent once more if
// its body allows. If there is no other token, the answer is the caller's.
//
// The layer is nil if there is nothing to add, unless signed says that the token is
// what requests are signed with.
func Authorize(add Fields, signed bool, expired func(*http.Response) (reason string, ok bool)) Layer {
	if len(add.Headers)+len(add.Params)+len(add.Body) == 0 && !signed {
		return nil
	}
	headers, params, body := prepared(add.Headers), prepared(add.Params), prepared(add.Body)
	return func(next http.RoundTripper) http.RoundTripper {
		return &authorize{headers, params, body, expired, next}
	}
}

type authorize struct {
	headers, params, body []field

	expired func(*http.Response) (string, bool)
	next    http.RoundTripper
}

func (a *authorize) RoundTrip(r *http.Request) (*http.Response, error) {
	call := From(r.Context())
	s, err := call.Session.Fresh(r.Context(), call.Snapshot())
	if err != nil {
		closeBody(r)
		return nil, err
	}
	call.setSnapshot(s)
	resp, err := a.send(call, r)
	if err != nil || call.refreshed {
		return resp, err
	}
	reason, ok := a.expired(resp)
	if !ok {
		return resp, nil
	}
	return a.replay(call, r, resp, s, reason)
}

// send sends r with credentials. The answer names r as its request: what it was
// sent with is nobody's business above.
func (a *authorize) send(call *Call, r *http.Request) (*http.Response, error) {
	out := call.copyRequest(r)
	call.attempt.request, call.attempt.made = out, nil
	if err := a.add(call, out); err != nil {
		closeBody(r)
		return nil, err
	}
	resp, err := a.next.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	resp.Request = r
	return resp, nil
}

func (a *authorize) add(call *Call, r *http.Request) error {
	values := call.value
	for i := range a.headers {
		f := &a.headers[i]
		if f.Yields && hasCanonical(r.Header, f.canonical) {
			continue
		}
		if f.fixed != nil && f.Yields {
			r.Header[f.canonical] = f.fixed
			continue
		}
		v, err := f.fill(call, values)
		if err == nil {
			err = render.OneLine(v)
		}
		if err != nil {
			return fmt.Errorf("header %s: %w", f.Name, err)
		}
		setHeader(r.Header, f.canonical, v)
	}
	query := r.URL.RawQuery
	for i := range a.params {
		f := &a.params[i]
		if f.Yields && inQuery(query, f.Name) {
			continue
		}
		v, err := f.fill(call, values)
		if err != nil {
			return fmt.Errorf("parameter %s: %w", f.Name, err)
		}
		query = withParameter(query, f.Name, v)
	}
	setQuery(r, query)
	if len(a.body) == 0 {
		return nil
	}
	return addBody(call, r, a.body, values)
}

// fill gives f its value. What a function has made of a secret is kept, to be masked.
func (f *field) fill(call *Call, values render.Values) (string, error) {
	if f.computed && !f.Yields {
		return call.fill(f.Value, values)
	}
	return render.Text(f.Value, values)
}

// replay gets another token and sends r again. Whatever stands in the way, the
// caller gets the answer there is.
func (a *authorize) replay(call *Call, r *http.Request, resp *http.Response, s Snapshot, reason string) (*http.Response, error) {
	call.refreshed = true
	s, err := call.Session.Refresh(r.Context(), s, reason)
	if err != nil {
		call.attempt.stuck = err
		return resp, nil
	}
	call.setSnapshot(s)
	if !replayable(r) {
		call.reason = reason + ": the token was refreshed, but the body cannot be sent again"
		return resp, nil
	}
	again, err := rewound(r)
	if err != nil {
		return resp, nil
	}
	if err := call.another(r); err != nil {
		closeBody(again)
		return resp, nil
	}
	drain(resp)
	call.attempt.replaying = true
	resp, err = a.send(call, again)
	if err != nil {
		return nil, err
	}
	if _, ok := a.expired(resp); ok {
		call.Session.Refused(s)
	}
	return resp, nil
}

// drain reads a little of what is left and closes the body, so that the
// connection can be used again. What takes longer than to make another is not waited for.
func drain(resp *http.Response) {
	answer.Within(resp.Body, answer.Bound{Most: 200 * time.Millisecond, Quiet: true}, func() {
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	})
	_ = resp.Body.Close()
}
