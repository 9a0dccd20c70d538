package engine

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// previousFor is how long the previous client secret, once it was needed, is tried
// first. After that the current one has its turn: the provider may know it by now.
const previousFor = time.Hour

// A secretBefore is an integration as it was with its previous client secret, while
// that is being rotated.
type secretBefore struct {
	*integration
	first atomic.Int64 // until when it is tried first, in Unix nanoseconds
}

func (in *integration) withSecretBefore() *secretBefore {
	if !in.OAuthClientSecretPrevious.IsSet() {
		return nil
	}
	before := *in.Integration.Integration
	before.OAuthClientSecret, before.OAuthClientSecretPrevious = before.OAuthClientSecretPrevious, schema.Secret{}
	return &secretBefore{integration: &integration{Integration: &plan.Integration{Integration: &before, Parsed: in.Parsed, Calls: in.Calls, LookUps: in.LookUps}, calls: in.calls, shown: in.shown}}
}

// asClient makes a request that authenticates the client, and makes it once more
// with the other client secret if the provider refuses the client: a request that is
// refused for that reason has redeemed nothing. It is never made again for another
// reason, nor in another style (RFC 9700 4.14 and 2.1.1 allow no guessing with codes),
// nor for a client that is not the operator's.
func (e *Engine) asClient(ctx context.Context, in *integration, c *Connection, try func(*integration) (*oauthwire.Answer, error)) (*oauthwire.Answer, error) {
	if _, secret := in.Client(c); in.previous == nil || !secret.Equal(in.OAuthClientSecret) {
		return try(in)
	}
	first, second := in, in.previous.integration
	if e.opts.Now().UnixNano() < in.previous.first.Load() {
		first, second = second, first
	}
	used := first
	answer, err := try(first)
	if clientRefused(err) {
		again, errAgain := try(second)
		if clientRefused(errAgain) {
			return answer, err
		}
		used, answer, err = second, again, errAgain
		if err == nil || !openOutcome(err) { // the provider knows the client by it
			in.previous.remember(used == in.previous.integration, e.opts.Now())
		}
	}
	if used == in.previous.integration && err == nil {
		e.emit(ctx, Event{Kind: EventClient, Key: c.Key, Reason: "the provider took oauth_client_secret_previous, and not oauth_client_secret"})
	}
	return answer, err
}

func (s *secretBefore) remember(needed bool, now time.Time) {
	if needed {
		s.first.Store(now.Add(previousFor).UnixNano())
	} else {
		s.first.Store(0)
	}
}

// clientRefused reports whether the token endpoint does not know the client by what
// it has shown (RFC 6749 5.2).
func clientRefused(err error) bool {
	refused, ok := errors.AsType[*Error](err)
	return ok && (refused.Code == "invalid_client" || refused.Status == http.StatusUnauthorized && refused.Code == "")
}
