package refresh

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

const (
	redeemAttempts = 3
	storeAttempts  = 8         // before callers get a token that is not stored yet
	keepTrying     = time.Hour // to store it, all the while holding the lease

	// hangs is how long a request takes that nobody should be made to wait for twice.
	hangs = 5 * time.Second
)

// A redemption spends the refresh token of one connection, whose lease is ours.
type redemption struct {
	r      *Refresher
	s      *Source
	flight *flight
	lease  *lease
	was    *connection.Connection // before the intent was recorded
	intent *connection.Connection // as it was stored before the first request
	reason string
	lost   bool // an answer to a request is missing
}

// An Attempt is one request of a redemption.
type Attempt struct{ *redemption }

// Cover returns nil if nobody else will redeem anything for as long as a request may
// take. A [Renewer] asks right before each, and returns the error as it is.
func (a *Attempt) Cover(ctx context.Context) error { return a.lease.cover(ctx) }

// Secure stores next, whose refresh token is new, before the answers that are still to
// come: if the process ends meanwhile, it is the only one that is good. That it cannot
// be stored yet is seen to at the end. The generation stays, because the access token
// does: it is no news to whoever waits for another.
func (a *Attempt) Secure(ctx context.Context, next *connection.Connection) {
	_ = a.r.replace(ctx, next, a.intent.Generation)
}

// run redeems. The intent is recorded first: after a crash one knows that the outcome
// is open, and tries the same token again.
func (d *redemption) run(ctx context.Context) (*connection.Connection, error) {
	start, k := d.r.now(), d.was.Key
	d.intent = d.was.Clone()
	d.intent.UpdatedAt = start
	if d.intent.RefreshStarted.IsZero() {
		d.intent.RefreshStarted = start
	}
	d.lost = !d.was.RefreshStarted.IsZero()
	if err := d.r.replace(ctx, d.intent, d.was.Generation); errors.Is(err, connection.ErrConflict) {
		return d.r.adopt(ctx, d.s, d.was)
	} else if err != nil {
		return nil, fault.OfStoreInTime(op, k, err)
	}
	next, err := d.patiently(ctx)
	if errors.Is(err, errNotHeld) {
		return nil, err
	}
	ev := event.Event{Kind: event.Refresh, Key: k, Reason: d.reason, Duration: d.r.now().Sub(start), Err: err}
	if next == nil {
		d.r.notify(ctx, ev)
		return d.failed(ctx, err)
	}
	unusable := err
	if next, err = d.store(ctx, next); err == nil {
		if err = unusable; err == nil {
			next, err = d.complete(ctx, next)
		}
	}
	if ev.Err = err; err == nil {
		ev.Reason += ": got a new token" + DescribeToken(&next.Credentials.Token, d.r.now())
	}
	d.r.notify(ctx, ev)
	if err != nil {
		return nil, err
	}
	return next, nil
}

// patiently repeats a request whose outcome is unknown. If it never arrived, or the
// server does not rotate or has a grace window, the same token is taken again; if it
// had rotated, the new one is lost anyway. After a success that cannot be read, a token
// that may be spent is sent again only where a grace window is declared: servers take
// one that comes twice for stolen.
func (d *redemption) patiently(ctx context.Context) (*connection.Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, d.r.pace.Redemption)
	defer cancel()
	for attempt, wait := 1, d.r.pace.RetryWait; ; attempt, wait = attempt+1, 2*wait {
		began := time.Now()
		next, err := d.once(ctx)
		if uncovered, ok := errors.AsType[*uncoveredError](err); ok {
			return nil, uncovered.error
		}
		spent := fault.AnswerLost(err)
		d.lost = d.lost || next == nil && spent
		again := fault.OutcomeOpen(err) || spent && d.s.Grace
		if next != nil || !again || attempt == redeemAttempts {
			return next, err
		}
		d.lost = true
		if time.Since(began) >= hangs {
			d.flight.land(nil, err) // those who wait have waited long enough; this goes on without them
		}
		d.r.notify(ctx, event.Event{Kind: event.Wait, Key: d.was.Key, Attempt: attempt, Wait: wait, Reason: whyAgain(err, wait, attempt)})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// once returns what the answer makes of the connection. With an error, that is another
// refresh token at most.
func (d *redemption) once(ctx context.Context) (*connection.Connection, error) {
	next, err := d.s.Renew(ctx, d.intent, &Attempt{d})
	if next == nil {
		return nil, err
	}
	next.RefreshStarted, next.RefreshFailed = time.Time{}, time.Time{}
	next.UpdatedAt = d.r.now()
	next.Generation = d.intent.Generation + 1
	return next, err
}

// store stores what a redemption gave, and does not let go easily: it may be the
// only good token there is. When the store is out of order for long, callers get
// the token before it is stored.
func (d *redemption) store(ctx context.Context, next *connection.Connection) (*connection.Connection, error) {
	d.s.bind(next)
	plain, began := next, time.Now()
	next = d.r.hooked(ctx, next)
	d.s.bind(next) // a hook may have changed fields
	for attempt, wait := 1, 50*time.Millisecond; ; attempt, wait = attempt+1, min(2*wait, 5*time.Second) {
		err := d.r.replace(ctx, next, d.intent.Generation)
		switch {
		case err == nil:
			d.r.stored(ctx, event.Refresh, next)
			return next, nil
		case errors.Is(err, connection.ErrConflict):
			return d.r.adopt(ctx, d.s, d.intent)
		case errors.Is(err, connection.ErrNoConnection):
			return nil, fault.OfStore(op, next.Key, err)
		case time.Since(began) > keepTrying:
			return nil, fault.OfStoreInTime(op, next.Key, err)
		case attempt == storeAttempts:
			next = plain // a hook may have made it what cannot be stored
			d.r.notify(ctx, event.Event{Kind: event.Refresh, Key: next.Key, Reason: "the new token is used, but cannot be stored yet", Err: fault.OfStoreInTime(op, next.Key, err)})
			d.flight.land(next, nil)
		}
		time.Sleep(wait)
	}
}

// bind writes down what c, which is stored next, is made for.
func (s *Source) bind(c *connection.Connection) {
	if s.MadeFor != nil {
		c.MadeFor = s.MadeFor(c)
	}
}

// complete adds what is asked for only when the token is stored: until then it may be
// the only good one, and nothing else comes first.
func (d *redemption) complete(ctx context.Context, c *connection.Connection) (*connection.Connection, error) {
	next, err := d.s.Complete(ctx, c)
	if err != nil {
		return nil, err
	}
	if next == c || d.r.replace(ctx, next, c.Generation) != nil {
		return c, nil // someone was faster, or the store is out of order: the token is good all the same
	}
	d.r.stored(ctx, event.Refresh, next)
	return next, nil
}

// failed tells what a failed redemption means. Only the provider's word that the grant
// is gone ends a connection, and only after a look whether another process has rotated
// the token meanwhile.
func (d *redemption) failed(ctx context.Context, cause error) (*connection.Connection, error) {
	if !errors.Is(cause, fault.ErrReauthorize) {
		if !d.lost && !fault.OutcomeOpen(cause) {
			// The provider said no, and the token is as good as before. If this is
			// not stored, it is tried again all the same.
			_ = d.r.replace(ctx, d.was, d.was.Generation)
		} else {
			in := d.intent.Clone()
			in.RefreshFailed = d.r.now()
			_ = d.r.replace(ctx, in, d.intent.Generation) // for those who wait in other processes
		}
		return nil, cause
	}
	current, err := d.r.read(ctx, d.intent.Key)
	if err != nil {
		return nil, err
	}
	if newer, err := d.r.usable(d.s, current, d.intent); err != nil || newer != nil {
		return newer, err
	}
	gone := d.s.Gone(cause, d.lost)
	if d.s.Reissues {
		_ = d.r.replace(ctx, d.was, d.was.Generation) // nothing is under way any more
		return nil, fault.Mean(cause, fault.KindReauthorize, "the connection needs to be authorised again, unless that changes: "+gone)
	}
	return d.r.giveUp(ctx, current, gone)
}

// whyAgain says for a trace why a redemption waits.
func whyAgain(err error, wait time.Duration, attempt int) string {
	what := "the token endpoint did not answer"
	if answered, ok := errors.AsType[*fault.Error](err); ok && answered.Status != 0 {
		what = fmt.Sprintf("the token endpoint answered with status %d and no token", answered.Status)
	}
	return fmt.Sprintf("%s: waiting %s s before attempt %d of %d", what, strconv.FormatFloat(math.Round(wait.Seconds()*100)/100, 'f', -1, 64), attempt+1, redeemAttempts)
}
