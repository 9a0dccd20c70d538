package layer

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"
)

// Retry is the layer that makes failed attempts again, as its [Policy] says.
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
	if t.IdempotencyKey != "" && !idempotent(r.Method) && !has(r.Header, t.IdempotencyKey) {
		r = call.ownHeader(r)
		r.Header.Set(t.IdempotencyKey, newUUID())
	}
	safe := t.repeatable(call, r)
	call.attempt = attempt{number: 1, traced: !safe && t.Unsafe != "never"}
	resp, err := t.next.RoundTrip(r)
	for {
		v := t.judge(call, r, safe, resp, err)
		if !v.again {
			call.note(v)
			return resp, err
		}
		if err := t.pause(call, r, resp, err, v); err != nil {
			return nil, err
		}
		again, rewinding := rewound(r)
		if rewinding != nil {
			return nil, rewinding
		}
		call.attempt = attempt{number: call.attempt.number + 1, traced: call.attempt.traced}
		resp, err = t.next.RoundTrip(again)
	}
}

// pause gives up an answer that is not the last, and waits before the next attempt.
// The error is that the caller has left meanwhile.
func (t *retry) pause(call *Call, r *http.Request, resp *http.Response, failed error, v verdict) error {
	reason := fmt.Sprintf("%s: waiting %s before attempt %d of %d", v.reason, inWords(v.wait), call.attempt.number+1, t.Max+1)
	call.notify(Notice{Kind: Waiting, Request: r, Response: resp, Attempt: call.attempt.number, Wait: v.wait, Reason: reason, Err: failed})
	if resp != nil {
		drain(resp)
	}
	timer := time.NewTimer(v.wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.Context().Done():
		return context.Cause(r.Context())
	}
}

// newUUID returns a random UUID (RFC 9562 5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
