package layer

import (
	"net/http"
	"time"
)

// ObserveCall returns the layer that tells how a call ended, whatever happened
// inside.
func ObserveCall(now func() time.Time) Layer { return observe(CallEnded, now) }

// ObserveAttempt returns the layer that tells how each request that was sent
// ended. It stands inside [Authorize]: the answer that refuses a token is told as
// well as the one that follows, and what lies between them is neither's.
func ObserveAttempt(now func() time.Time) Layer { return observe(AttemptEnded, now) }

func observe(kind NoticeKind, now func() time.Time) Layer {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			call := From(r.Context())
			if !call.watched() {
				return next.RoundTrip(r)
			}
			start := now()
			resp, err := next.RoundTrip(r)
			end := now()
			n := Notice{Kind: kind, Request: r, Response: resp, Attempt: call.attempt.number, Time: end, Duration: end.Sub(start), Err: err}
			if call.attempt.replaying {
				n.Reason = "sent again with another token"
			}
			if kind == CallEnded {
				n.Reason = call.reason
				if call.request != nil {
					n.Request = call.request // its URL is absolute
				}
			}
			call.notify(n)
			return resp, err
		})
	}
}
