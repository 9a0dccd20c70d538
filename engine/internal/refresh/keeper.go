package refresh

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/event"
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
	keeperTries = 3 // failures in a row, and the provider is left alone until the next round
)

// KeepAlive refreshes connections of sources that nobody uses before their refresh token
// lapses, where RefreshLife says when that is. It makes one round and returns when the
// next one is due. Failures are told to Notify.
func (r *Refresher) KeepAlive(ctx context.Context, sources iter.Seq[*Source]) time.Duration {
	shortest := time.Duration(0)
	done := make(chan struct{})
	running := 0
	for s := range sources {
		life := s.RefreshLife
		if life <= 0 {
			continue
		}
		if shortest == 0 || life < shortest {
			shortest = life
		}
		running++
		go func() { // each provider at its own pace
			defer func() { done <- struct{}{} }()
			r.keepSource(ctx, s)
		}()
	}
	for range running {
		<-done
	}
	if shortest == 0 {
		return maxRound // another configuration may bring one
	}
	round := min(max(shortest/roundsALife, minRound), maxRound)
	return round - round/10 + time.Duration(spread(r.opts.Holder)*float64(round/5))
}

// keepSource refreshes what is due of s.
func (r *Refresher) keepSource(ctx context.Context, s *Source) {
	defer func() {
		if p := recover(); p != nil { // a store of the host's, or whoever watches
			r.notify(ctx, event.Event{Kind: event.Keep, Key: connection.Key{Integration: s.Integration}, Reason: "the round was not finished", Err: errors.New("panic in the store or a hook")})
		}
	}()
	start := r.now()
	unreadable := 0
	kept, failed, err := r.keepDue(ctx, s, &unreadable)
	if ctx.Err() != nil || kept+failed+unreadable == 0 && err == nil {
		return
	}
	reason := fmt.Sprintf("idle connections: %d refreshed, %d not", kept, failed)
	if unreadable > 0 {
		reason += fmt.Sprintf("; %d cannot be read", unreadable)
	}
	r.notify(ctx, event.Event{Kind: event.Keep, Key: connection.Key{Integration: s.Integration}, Duration: r.now().Sub(start), Err: err, Reason: reason})
}

// keepDue refreshes what is due, and counts what cannot be read, which keeps nobody else
// from being kept.
func (r *Refresher) keepDue(ctx context.Context, s *Source, unreadable *int) (kept, failed int, err error) {
	inARow := 0
	q := connection.Query{Integration: s.Integration}
	for {
		page, err := r.Connections.Store.List(ctx, q)
		if err != nil {
			return kept, failed, fault.OfStore("keep", connection.Key{Integration: s.Integration}, err)
		}
		*unreadable += len(page.Unreadable)
		due := slices.DeleteFunc(page.Connections, func(c *connection.Connection) bool { return !r.due(s, c) })
		for _, c := range due {
			if !pause(ctx, s.KeepPause) {
				return kept, failed, ctx.Err()
			}
			switch _, err := r.Refresh(ctx, s, c, "idle: the refresh token must not lapse"); {
			case err == nil:
				kept, inARow = kept+1, 0
			case ctx.Err() != nil:
				return kept, failed, ctx.Err()
			case fault.KindOf(err) == fault.KindReauthorize, fault.KindOf(err) == fault.KindNotFound:
				failed, inARow = failed+1, 0 // the provider is well
			default:
				failed, inARow = failed+1, inARow+1
				if inARow == keeperTries {
					return kept, failed, err
				}
				if known, ok := errors.AsType[*fault.Error](err); ok && known.Kind == fault.KindRateLimited && !pause(ctx, min(known.RetryAfter, maxRateLimitPause)) {
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
func (r *Refresher) due(s *Source, c *connection.Connection) bool {
	t := &c.Credentials.Token
	if c.Status != connection.StatusActive || !s.Renewable(c) || s.admit(c) != nil {
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
	return r.now().After(used.Add(time.Duration(part * float64(s.RefreshLife))))
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
