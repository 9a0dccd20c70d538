package layer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Retry is the layer that makes failed attempts again. It judges by its [Policy]
// and leaves the rounds to go-retryablehttp, whose own judgement is switched off:
// it would repeat any method, wait without limit and read streams into memory.
//
// The first attempt is made before that library gets involved, because most
// calls need no second.
func Retry(p *Policy) Layer {
	if p.Max <= 0 && p.IdempotencyKey == "" {
		return nil
	}
	return func(next http.RoundTripper) http.RoundTripper {
		return &retry{p, next}
	}
}

type retry struct {
	*Policy
	next http.RoundTripper
}

func (t *retry) RoundTrip(r *http.Request) (*http.Response, error) {
	call := From(r.Context())
	if t.IdempotencyKey != "" && !call.foreign && !idempotent(r.Method) && !has(r.Header, t.IdempotencyKey) {
		r = call.ownRequest(r)
		r.Header.Set(t.IdempotencyKey, newUUID())
	}
	safe := t.repeatable(call, r)
	call.traceSent = !safe && t.Unsafe != "never"
	call.attempt = 1
	resp, err := t.next.RoundTrip(r)
	v := t.judge(call, r, safe, resp, err)
	if !v.again {
		call.note(v)
		return resp, err
	}
	return (&rounds{retry: t, call: call, request: r, safe: safe, resp: resp, err: err, verdict: v}).others()
}

// newUUID returns a random UUID (RFC 9562 5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// rounds are the attempts of one call.
type rounds struct {
	*retry
	call    *Call
	request *http.Request
	safe    bool // may be repeated whatever became of it

	resp    *http.Response // the last answer,
	err     error          // or why there was none
	verdict verdict
	used    bool // resp or err have been given to retryablehttp
	broken  bool // the body cannot be read again after all
}

// others makes the attempts after the first.
func (t *rounds) others() (*http.Response, error) {
	client := &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: t},
		RetryMax:     t.Max,
		CheckRetry:   t.checkRetry,
		Backoff:      t.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	// The body is not retryablehttp's: it would read a stream to its end.
	bare := *t.request
	bare.Body, bare.GetBody, bare.ContentLength = nil, nil, 0
	_, err := client.Do(&retryablehttp.Request{Request: &bare})
	var wrapped *url.Error
	if errors.As(err, &wrapped) || err == nil {
		return t.resp, t.err // as it was before net/http gave it a URL
	}
	return nil, err // the context ended while waiting
}

// RoundTrip makes an attempt for retryablehttp; the first time, it hands over the
// one that was made already. What it returns has the status 200 whatever the
// answer, so that the client between sees no redirect.
//
// The type has no CloseIdleConnections, which retryablehttp calls when a call
// ends in failure: it would cost everyone else their connections.
func (t *rounds) RoundTrip(*http.Request) (*http.Response, error) {
	if t.used {
		r, err := rewound(t.request)
		if err != nil {
			t.resp, t.err, t.broken = nil, err, true
			return nil, err
		}
		t.call.attempt++
		t.call.replaying, t.call.stuck = false, nil
		t.resp, t.err = t.next.RoundTrip(r)
	}
	t.used = true
	if t.err != nil {
		return nil, t.err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: t.resp.Body, Request: t.request}, nil
}

func (t *rounds) checkRetry(context.Context, *http.Response, error) (bool, error) {
	switch {
	case t.broken:
		return false, nil
	case t.call.attempt == 1:
		return true, nil // judged already
	}
	t.verdict = t.judge(t.call, t.request, t.safe, t.resp, t.err)
	if !t.verdict.again {
		t.call.note(t.verdict)
	}
	return t.verdict.again, nil
}

func (t *rounds) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration {
	reason := fmt.Sprintf("%s: waiting %s before attempt %d of %d", t.verdict.reason, inWords(t.verdict.wait), t.call.attempt+1, t.Max+1)
	t.call.notify(Notice{Kind: Waiting, Request: t.request, Response: t.resp, Attempt: t.call.attempt, Wait: t.verdict.wait, Reason: reason, Err: t.err})
	return t.verdict.wait
}
