package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

const (
	redeemAttempts = 3
	storeAttempts  = 8         // before callers get a token that is not stored yet
	keepTrying     = time.Hour // to store it, all the while holding the lease
)

// redeemRefresh spends c's refresh token. The intent is recorded first: after a
// crash one knows that the outcome is open, and tries the same token again.
func (e *Engine) redeemRefresh(ctx context.Context, f *flight, h *hold, in *integration, c *Connection, reason string) (*Connection, error) {
	start := e.opts.Now()
	intent := c.Clone()
	intent.UpdatedAt = start
	if intent.RefreshStarted.IsZero() {
		intent.RefreshStarted = start
	}
	if err := e.replace(ctx, intent, c.Generation); errors.Is(err, ErrConflict) {
		return e.adopt(ctx, in, c)
	} else if err != nil {
		return nil, fault.OfStoreInTime("refresh", c.Key, err)
	}
	next, lost, err := e.redeemPatiently(ctx, h, in, intent)
	if errors.Is(err, errNotHeld) {
		return nil, err
	}
	ev := Event{Kind: EventRefresh, Key: c.Key, Reason: reason, Duration: e.opts.Now().Sub(start), Err: err}
	if next == nil {
		e.emit(ctx, ev)
		return e.afterFailure(ctx, in, c, intent, err, lost || !c.RefreshStarted.IsZero())
	}
	unusable := err
	if next, err = e.keep(ctx, f, in, intent, next); err == nil {
		if err = unusable; err == nil {
			next, err = e.learnEndStored(ctx, in, next)
		}
	}
	if ev.Err = err; err == nil {
		ev.Reason += ": got a new token" + describeToken(&next.Credentials.Token, e.opts.Now())
	}
	e.emit(ctx, ev)
	if err != nil {
		return nil, err
	}
	return next, nil
}

// redeemPatiently repeats a request whose outcome is unknown. If it never
// arrived, or the server does not rotate or has a grace window, the same token
// is taken again; if it had rotated, the new one is lost anyway. lost reports
// whether the outcome of an earlier request is unknown.
func (e *Engine) redeemPatiently(ctx context.Context, h *hold, in *integration, c *Connection) (next *Connection, lost bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.pace.Redemption)
	defer cancel()
	for attempt, wait := 1, e.pace.RetryWait; ; attempt, wait = attempt+1, 2*wait {
		next, err = e.redeemOnce(ctx, h, in, c)
		var uncovered *uncoveredError
		if errors.As(err, &uncovered) {
			return nil, lost, uncovered.error
		}
		if next != nil || !token.OpenOutcome(err) || attempt == redeemAttempts {
			return next, lost, err
		}
		lost = true
		e.emit(ctx, Event{Kind: EventWait, Key: c.Key, Attempt: attempt, Wait: wait, Reason: redeemPause(err, wait, attempt)})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, lost, err
		}
	}
}

// redeemOnce returns what the answer makes of c. With an error, that is c with
// another refresh token at most: an answer that is of no use may still hold the only
// one that is good.
func (e *Engine) redeemOnce(ctx context.Context, h *hold, in *integration, c *Connection) (*Connection, error) {
	const op = "refresh"
	answer, err := e.renew(ctx, op, h, in, c)
	if answer == nil {
		return nil, err
	}
	now := e.opts.Now()
	next := c.Clone()
	if err != nil { // a step after the answer failed
		if in.Auth.Issues() || !in.token.For(op, next).Salvage(answer) {
			return nil, err
		}
	} else if err = in.takeToken(op, next, answer, nil); err == nil {
		// What the connection has is kept where the answer says nothing, or nonsense.
		_ = in.TakeFields(op, next, schema.FromTokenResponse, next.Credentials.Token.RawValue)
	} else if in.Auth.Issues() || !in.token.For(op, next).Salvage(answer) {
		return nil, err
	}
	next.RefreshStarted = time.Time{}
	next.UpdatedAt = now
	next.Generation = c.Generation + 1
	return next, err
}

// keep stores what a redemption gave, and does not let go easily: it may be the
// only good token there is. When the store is out of order for long, callers get
// the token before it is stored.
func (e *Engine) keep(ctx context.Context, f *flight, in *integration, c, next *Connection) (*Connection, error) {
	plain, began := next, time.Now()
	next = e.hooked(ctx, next)
	for attempt, wait := 1, 50*time.Millisecond; ; attempt, wait = attempt+1, min(2*wait, 5*time.Second) {
		err := e.replace(ctx, next, c.Generation)
		switch {
		case err == nil:
			e.changed(ctx, EventRefresh, c.Key, next)
			return next, nil
		case errors.Is(err, ErrConflict):
			return e.adopt(ctx, in, c)
		case errors.Is(err, ErrNoConnection):
			return nil, fault.OfStore("refresh", c.Key, err)
		case time.Since(began) > keepTrying:
			return nil, fault.OfStoreInTime("refresh", c.Key, err)
		case attempt == storeAttempts:
			next = plain // a hook may have made it what cannot be stored
			e.emitSafely(ctx, Event{Kind: EventRefresh, Key: c.Key, Reason: "the new token is used, but cannot be stored yet", Err: fault.OfStoreInTime("refresh", c.Key, err)})
			f.land(next, nil)
		}
		time.Sleep(wait)
	}
}

// adopt returns what someone else has stored in place of c: the user has
// connected again, and their latest word counts.
func (e *Engine) adopt(ctx context.Context, in *integration, c *Connection) (*Connection, error) {
	current, err := e.read(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	if newer, err := usable(in, current, c, e.opts.Now()); err != nil || newer != nil {
		return newer, err
	}
	return nil, &Error{Op: "refresh", Key: c.Key, Kind: KindUnavailable, Detail: "the connection was changed meanwhile"}
}

// afterFailure tells what a failed redemption means. Only the provider's word
// that the grant is gone ends a connection, and only after a look whether
// another process has rotated the token meanwhile. was is the connection before the
// intent was recorded; lost says that an answer to an earlier request is missing.
func (e *Engine) afterFailure(ctx context.Context, in *integration, was, intent *Connection, cause error, lost bool) (*Connection, error) {
	if !errors.Is(cause, ErrReauthorize) {
		if !lost && !token.OpenOutcome(cause) {
			// The provider said no, and the token is as good as before. If this is
			// not stored, it is tried again all the same.
			_ = e.replace(ctx, was, was.Generation)
		}
		return nil, cause
	}
	current, err := e.read(ctx, intent.Key)
	if err != nil {
		return nil, err
	}
	if newer, err := usable(in, current, intent, e.opts.Now()); err != nil || newer != nil {
		return newer, err
	}
	reason := "the provider no longer takes the refresh token"
	if in.Auth.Issues() {
		reason = "the provider no longer takes the connection's credentials"
	} else if in.Auth.RefreshesAccessToken() {
		reason = "the provider no longer takes the access token, which refreshes itself"
	}
	var answered *Error
	if errors.As(cause, &answered) && answered.Detail == clientForgotten {
		reason = clientForgotten
	}
	if answered != nil && answered.Code != "" {
		reason += " (" + answered.Code + ")"
	}
	if lost && !in.Auth.Issues() {
		reason += "; the answer to an earlier refresh was lost, and with it perhaps the token that came next"
	}
	return e.giveUp(ctx, current, reason)
}

// describeToken says for a trace what a token is good for; it follows the word
// "token".
func describeToken(t *Token, now time.Time) string {
	text := describeEnd(t, now)
	if t.RefreshToken.Empty() {
		text += " and no refresh token"
	}
	return text
}

func describeEnd(t *Token, now time.Time) string {
	if t.ExpiresAt.IsZero() {
		return " without a stated end"
	}
	return fmt.Sprintf(" good for %s", t.ExpiresAt.Sub(now).Round(time.Second))
}

// redeemPause says for a trace why a refresh waits.
func redeemPause(err error, wait time.Duration, attempt int) string {
	what := "the token endpoint did not answer"
	if answered := new(Error); errors.As(err, &answered) && answered.Status != 0 {
		what = fmt.Sprintf("the token endpoint answered with status %d and no token", answered.Status)
	}
	return fmt.Sprintf("%s: waiting %s s before attempt %d of %d", what, shortFloat(wait.Seconds()), attempt+1, redeemAttempts)
}
