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
	run := &rounds{retry: t, call: call, request: r, safe: safe}
	call.attempt = 0
	run.send(r)
	if !run.judge() {
		return run.resp, run.err
	}
	return run.others()
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

	resp *http.Response // the last answer,
	err  error          // or why there was none
	wait time.Duration  // before the next attempt
	why  string
	used bool // resp or err have been given to retryablehttp
}

// send makes an attempt.
func (t *rounds) send(r *http.Request) {
	t.call.attempt++
	t.resp, t.err = t.next.RoundTrip(r)
}

// judge decides whether there is another attempt, and notes when.
func (t *rounds) judge() bool {
	v := t.Policy.judge(t.call, t.request, t.safe, t.resp, t.err)
	t.wait, t.why = v.wait, v.reason
	if v.reason != "" && !v.again {
		t.call.reason = v.reason
	}
	return v.again
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
			return nil, err
		}
		t.send(r)
	}
	t.used = true
	if t.err != nil {
		return nil, t.err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: t.resp.Body, Request: t.request}, nil
}

func (t *rounds) checkRetry(_ context.Context, _ *http.Response, err error) (bool, error) {
	if t.call.attempt == 1 {
		return true, nil // judged already
	}
	if t.err == nil && err != nil { // the body could not be rewound
		t.resp, t.err = nil, err
		return false, nil
	}
	return t.judge(), nil
}

func (t *rounds) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration {
	reason := fmt.Sprintf("%s: waiting %s before attempt %d of %d", t.why, inWords(t.wait), t.call.attempt+1, t.Max+1)
	t.call.notify(Notice{Kind: Waiting, Request: t.request, Response: t.resp, Attempt: t.call.attempt, Wait: t.wait, Reason: reason, Err: t.err})
	return t.wait
}
