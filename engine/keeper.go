package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

// Times of the keeper.
const (
	// A connection is refreshed when between a half and three quarters of its
	// refresh token's life are over: which part, its key decides. What is left is
	// for a provider that is down.
	keepAfter  = 0.5
	keepSpread = 0.25

	roundsALife = 48 // rounds in the life of the shortest-lived refresh token
	minRound    = time.Minute
	maxRound    = 6 * time.Hour
	keeperPause = 200 * time.Millisecond // between refreshes at one provider, at least
	keeperTries = 3                      // failures in a row, and the provider is left alone until the next round
)

// Run keeps connections alive that nobody uses: it refreshes them before their
// refresh token lapses, where refresh_token_lifetime_seconds says when that is. It
// returns when ctx ends; a refresh under way is finished all the same. Failures are
// told to Observe.
//
// Nothing else depends on it. Several processes may run it over one store.
func (e *Engine) Run(ctx context.Context) {
	for {
		next := e.keepAlive(ctx)
		t := time.NewTimer(next)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// keepAlive makes one round and returns when the next one is due.
func (e *Engine) keepAlive(ctx context.Context) time.Duration {
	shortest := time.Duration(0)
	done := make(chan struct{})
	running := 0
	for _, in := range *e.current.Load() {
		life := in.refreshLife()
		if life <= 0 {
			continue
		}
		if shortest == 0 || life < shortest {
			shortest = life
		}
		running++
		go func() { // each provider at its own pace
			defer func() { done <- struct{}{} }()
			e.keepIntegration(ctx, in)
		}()
	}
	for range running {
		<-done
	}
	if shortest == 0 {
		return maxRound // a Reload may bring one
	}
	round := min(max(shortest/roundsALife, minRound), maxRound)
	return round - round/10 + time.Duration(spread(e.holder)*float64(round/5))
}

// refreshLife is how long a refresh token that is not used is good; 0 is unknown.
func (in *integration) refreshLife() time.Duration {
	return seconds(&in.Auth.RefreshTokenLifetimeSeconds, 0)
}

// keepIntegration refreshes what is due of in.
func (e *Engine) keepIntegration(ctx context.Context, in *integration) {
	defer func() {
		if p := recover(); p != nil { // a store of the host's, or whoever watches
			e.emitSafely(ctx, Event{Kind: EventKeep, Key: Key{Integration: in.Name}, Reason: "the round was not finished", Err: errors.New("panic in the store or a hook")})
		}
	}()
	start := e.opts.Now()
	unreadable := 0
	kept, failed, err := e.keepDue(ctx, in, &unreadable)
	if ctx.Err() != nil || kept+failed+unreadable == 0 && err == nil {
		return
	}
	reason := fmt.Sprintf("idle connections: %d refreshed, %d not", kept, failed)
	if unreadable > 0 {
		reason += fmt.Sprintf("; %d cannot be read", unreadable)
	}
	e.emit(ctx, Event{Kind: EventKeep, Key: Key{Integration: in.Name}, Duration: e.opts.Now().Sub(start), Err: err, Reason: reason})
}

// keepDue refreshes what is due, and counts what cannot be read, which keeps nobody else
// from being kept.
func (e *Engine) keepDue(ctx context.Context, in *integration, unreadable *int) (kept, failed int, err error) {
	inARow := 0
	q := Query{Integration: in.Name}
	for {
		page, err := e.conns.store.List(ctx, q)
		if err != nil {
			return kept, failed, fault.OfStore("keep", Key{Integration: in.Name}, err)
		}
		*unreadable += len(page.Unreadable)
		due := slices.DeleteFunc(page.Connections, func(c *Connection) bool { return !e.due(in, c) })
		for _, c := range due {
			if !pause(ctx, in.keeperPause()) {
				return kept, failed, ctx.Err()
			}
			switch _, err := e.refresh(ctx, in, c, "idle: the refresh token must not lapse"); {
			case err == nil:
				kept, inARow = kept+1, 0
			case ctx.Err() != nil:
				return kept, failed, ctx.Err()
			case ErrorKind(err) == KindReauthorize, ErrorKind(err) == KindNotFound:
				failed, inARow = failed+1, 0 // the provider is well
			default:
				failed, inARow = failed+1, inARow+1
				if inARow == keeperTries {
					return kept, failed, err
				}
				var known *Error
				if errors.As(err, &known) && known.Kind == KindRateLimited && !pause(ctx, min(known.RetryAfter, maxRateLimitPause)) {
					return kept, failed, ctx.Err()
				}
			}
		}
		if page.Next == "" {
			return kept, failed, nil
		}
		q.Cursor = page.Next
	}
}

// due reports whether it is time to refresh c although nobody asks.
func (e *Engine) due(in *integration, c *Connection) bool {
	t := &c.Credentials.Token
	if c.Status != StatusActive || c.Credentials.Type != in.Auth.AuthMode || !in.renewable(c) {
		return false
	}
	used := t.ObtainedAt // of a token that does not rotate: it was used then
	if t.RefreshObtainedAt.After(used) {
		used = t.RefreshObtainedAt
	}
	if used.IsZero() {
		used = c.CreatedAt
	}
	part := keepAfter + keepSpread*spread(c.Key.String())
	return e.opts.Now().After(used.Add(time.Duration(part * float64(in.refreshLife()))))
}

// keeperPause is the time between two refreshes: the pace that the API is known to
// allow, and never a burst.
func (in *integration) keeperPause() time.Duration {
	rate := in.calls.limit.Budget.Rate
	if rate <= 0 {
		return keeperPause
	}
	return max(keeperPause, time.Duration(float64(time.Second)/rate))
}

// spread returns a number from 0 to 1 that is always the same for text.
func spread(text string) float64 {
	sum := sha256.Sum256([]byte(text))
	return float64(binary.BigEndian.Uint32(sum[:])) / (1 << 32)
}

// pause waits and reports whether ctx lasted.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
