package token

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
)

// previousFor is how long the previous client secret, once it was needed, is tried
// first. After that the current one has its turn: the provider may know it by now.
const previousFor = time.Hour

// A previousSecret remembers whether the previous client secret is tried first.
type previousSecret struct {
	until atomic.Int64 // in Unix nanoseconds
}

func (p *previousSecret) first(now time.Time) bool { return now.UnixNano() < p.until.Load() }

func (p *previousSecret) remember(needed bool, now time.Time) {
	if needed {
		p.until.Store(now.Add(previousFor).UnixNano())
	} else {
		p.until.Store(0)
	}
}

// asClient makes a request that authenticates the client, and makes it once more
// with the other client secret if the provider refuses the client: a request that is
// refused for that reason has redeemed nothing. It is never made again for another
// reason, nor in another style (RFC 9700 4.14 and 2.1.1 allow no guessing with codes),
// nor for a client that is not the operator's.
func (o *Operation) asClient(ctx context.Context, try func(*Operation) (*oauthwire.Answer, error)) (*oauthwire.Answer, error) {
	previous := o.In.Previous
	if _, secret := o.In.Client(o.Conn); previous == nil || !secret.Equal(o.In.OAuthClientSecret) {
		return try(o)
	}
	first, second := o.In, previous
	if o.previous.first(o.Now()) {
		first, second = second, first
	}
	used := first
	answer, err := try(o.with(first))
	if clientRefused(err) {
		again, errAgain := try(o.with(second))
		if clientRefused(errAgain) {
			return answer, err
		}
		used, answer, err = second, again, errAgain
		if err == nil || !fault.OutcomeOpen(err) { // the provider knows the client by it
			o.previous.remember(used == previous, o.Now())
		}
	}
	if used == previous && err == nil {
		o.Tell(ctx, event.Event{Kind: event.Client, Key: o.Conn.Key, Reason: "the provider took oauth_client_secret_previous, and not oauth_client_secret"})
	}
	return answer, err
}

// clientRefused reports whether the token endpoint does not know the client by what
// it has shown (RFC 6749 5.2).
func clientRefused(err error) bool {
	refused, ok := errors.AsType[*fault.Error](err)
	return ok && (refused.Code == "invalid_client" || refused.Status == http.StatusUnauthorized && refused.Code == "")
}
