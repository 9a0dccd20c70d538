// Package refresh gets connections their next token: once, however many goroutines and
// processes ask for it, and without losing one on the way. It knows a store and, for
// each integration, a [Source] with its [Renewer]; how a token is asked for is the
// Renewer's affair.
//
// Start with [New]. [Refresher.Fresh] is for a token that is about to end,
// [Refresher.Refused] for one that the provider does not take, [Refresher.Refresh] for
// whoever wants another in any case, and [Refresher.KeepAlive] for those that nobody uses.
package refresh

import (
	"context"
	"errors"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/internal/pace"
)

const op = "refresh"

const (
	// patience is how long callers whose token is still good wait for a better one,
	// counted from the start of the refresh.
	patience = 5 * time.Second

	// A failed refresh is not repeated at once: for callers whose token is still
	// good for a second, doubled up to lastPause; for the others for shortPause.
	// Where the provider names a time, all wait, up to maxRateLimitPause.
	lastPause         = 30 * time.Second
	shortPause        = time.Second
	maxRateLimitPause = time.Minute
)

var (
	failedPauses = pauses{time.Second, lastPause}

	// A refusal is no accident: the same request is refused again, until somebody has
	// mended something at the provider. What is mended here is asked for at once.
	refusalPauses = pauses{time.Second, 10 * time.Minute}

	// Credentials that are held here may be taken again: a login that was locked for a
	// while, an app that is enabled again.
	heldPauses = pauses{time.Minute, time.Hour}

	// A token that was refused although it was brand new is not replaced for a
	// while: another would be refused too.
	newTokenPauses = pauses{10 * time.Second, 10 * time.Minute}
)

// A Renewer knows how the connections of one integration get another token. Its
// methods are safe for concurrent use.
type Renewer interface {
	// Renewable reports whether c's token can be replaced without its user.
	Renewable(c *connection.Connection) bool

	// Renew asks the provider once, and returns a copy of c with what it answered;
	// Generation, UpdatedAt and RefreshStarted are not its concern. It asks
	// [Attempt.Cover] right before each request that may redeem something, and returns
	// an error of that as it is.
	//
	// With an error of its own the copy is nil, or has another refresh token at most: an
	// answer that is of no use may still hold the only one that is good. The error's
	// kind says what became of the request; see [fault.OutcomeOpen]. KindReauthorize
	// means that the grant is gone, or that held credentials are refused.
	Renew(ctx context.Context, c *connection.Connection, a *Attempt) (*connection.Connection, error)

	// Complete returns c, which is stored, or a copy of it with what is asked for only
	// now. With an error, the token turned out to be of no use.
	Complete(ctx context.Context, c *connection.Connection) (*connection.Connection, error)

	// Gone says in words what the provider no longer takes, given its refusal. lost says
	// that the answer to an earlier request is missing.
	Gone(refusal error, lost bool) string
}

// A Source is an integration, as far as its tokens go.
type Source struct {
	Renewer
	Integration string
	Margin      time.Duration // how long before its end a token is refreshed, at most
	Grace       bool          // a refresh token that was just spent is taken again
	RefreshLife time.Duration // for how long a refresh token that is not used is good; 0: not known
	KeepPause   time.Duration // between two refreshes of idle connections, at least

	// Reissues says that tokens are obtained with credentials that are held, and that no
	// request uses up. A refusal of those ends no connection: it is asked again, at
	// growing pauses.
	Reissues bool

	// Admit says why c is not to be used as the integration is configured: it was made
	// for something else. Nil: all are.
	Admit func(c *connection.Connection) error

	// Foreign reports whether c's token is another client's, and to be replaced before
	// its end. Nil: none is.
	Foreign func(c *connection.Connection) bool

	// MadeFor says what c is made for when it is stored. Nil: what it was.
	MadeFor func(c *connection.Connection) connection.MadeFor
}

func (s *Source) admit(c *connection.Connection) error {
	if s.Admit == nil {
		return nil
	}
	return s.Admit(c)
}

// Options are what a [Refresher] is made of. Store, Pace and Holder are needed.
type Options struct {
	Store     connection.Store
	CacheSize int           // see [Cache]; 0 means 10,000, a negative number none
	CacheTTL  time.Duration // 0 means 500 ms; a negative time none
	Pace      pace.Times
	Holder    string           // names this process in leases
	Now       func() time.Time // if nil, time.Now

	// Notify is told what happened; nil: nobody wants to know.
	Notify func(context.Context, event.Event)

	// BeforeStore may change what else a connection carries that a refresh has brought;
	// its error is told to Notify, and changes nothing. Nil: nobody wants to.
	BeforeStore func(context.Context, *connection.Connection) error

	// Stored is told of each connection that is stored for good. Nil: nobody wants to
	// know.
	Stored func(context.Context, event.Kind, *connection.Connection)
}

// A Refresher refreshes connections. It is safe for concurrent use.
type Refresher struct {
	Connections *Cache // the store

	opts    Options
	pace    pace.Times
	now     func() time.Time
	flights flights
	failed  failures // refreshes
	refused failures // tokens that were refused when they were new
}

// New returns a Refresher over a store.
func New(o Options) *Refresher {
	r := &Refresher{Connections: newCache(&o), opts: o, pace: o.Pace, now: o.Now}
	if r.now == nil {
		r.now = time.Now
	}
	return r
}

// Forget drops what is remembered of failures of k: somebody has mended it.
func (r *Refresher) Forget(k connection.Key) { r.failed.forget(k) }

// ForgetAll is Forget for all: the configuration is another.
func (r *Refresher) ForgetAll() { r.failed.forgetAll() }

// NeedsReauthorization is the error of whoever uses c, which is dead.
func NeedsReauthorization(c *connection.Connection) error {
	return &fault.Error{Op: "use", Key: c.Key, Kind: fault.KindReauthorize, Detail: "the connection needs to be authorised again: " + c.Reason}
}

// Fresh returns c with a token that is good for a while. While c's token has not
// ended, nobody waits long for a provider that is slow or down.
func (r *Refresher) Fresh(ctx context.Context, s *Source, c *connection.Connection) (*connection.Connection, error) {
	t := &c.Credentials.Token
	now := r.now()
	if !s.Renewable(c) {
		if !Ended(c, now) {
			return c, nil
		}
		return nil, expired(c)
	}
	if Ended(c, now) {
		if err := r.failedLately(c, now, shortPause); err != nil {
			return nil, err
		}
		return r.Refresh(ctx, s, c, "the token has ended")
	}
	if r.failedLately(c, now, lastPause) != nil {
		return c, nil
	}
	next, err := r.ahead(ctx, s, c, "the token ends in "+t.ExpiresAt.Sub(now).Round(time.Second).String())
	switch {
	case err == nil:
		return next, nil
	case ctx.Err() != nil, fault.KindOf(err) == fault.KindReauthorize && !s.Reissues, fault.KindOf(err) == fault.KindNotFound, Ended(c, r.now()):
		return nil, err
	}
	return c, nil
}

// ahead is Refresh for a token that is still good: it is what the caller gets when the
// refresh takes too long. The refresh goes on.
func (r *Refresher) ahead(ctx context.Context, s *Source, c *connection.Connection, reason string) (*connection.Connection, error) {
	f := r.join(ctx, s, c, reason)
	left := time.NewTimer(patience - time.Since(f.started))
	defer left.Stop()
	select {
	case <-f.done:
		return f.conn, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-left.C:
	}
	if Ended(c, r.now()) {
		return r.Refresh(ctx, s, c, reason)
	}
	return c, nil
}

// Refresh returns a connection with another token than c's. However many ask, in
// however many processes, the refresh token is redeemed once.
func (r *Refresher) Refresh(ctx context.Context, s *Source, c *connection.Connection, reason string) (*connection.Connection, error) {
	if !s.Renewable(c) {
		return nil, notRenewable(c)
	}
	for range 3 {
		f := r.join(ctx, s, c, reason)
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if f.err != nil || f.conn.Generation != c.Generation {
			return f.conn, f.err
		}
		// It began before there was c, and what it brought is c.
	}
	return nil, &fault.Error{Op: op, Key: c.Key, Kind: fault.KindUnavailable, Detail: "the new token is not stored yet"}
}

func notRenewable(c *connection.Connection) error {
	return &fault.Error{Op: op, Key: c.Key, Kind: fault.KindUnsupported, Detail: "the connection has no refresh token"}
}

// errRefused is remembered of tokens that were refused when they were new.
var errRefused = errors.New("the provider refuses new tokens too")

// Refused returns a connection with other credentials than c's, which the provider has
// refused.
func (r *Refresher) Refused(ctx context.Context, s *Source, c *connection.Connection, reason string) (*connection.Connection, error) {
	if !s.Renewable(c) {
		return r.reread(ctx, s, c)
	}
	now := r.now()
	if x, _, ok := r.refused.recent(c.Key, now, newTokenPauses.last); ok && x.generation == c.Generation {
		return nil, &fault.Error{Op: op, Key: c.Key, Kind: fault.KindUnavailable, Err: x.err}
	}
	if err := r.failedLately(c, now, shortPause); err != nil {
		return nil, err
	}
	return r.Refresh(ctx, s, c, reason)
}

// RefusedToo says that c, which Refused gave, is no better.
func (r *Refresher) RefusedToo(c *connection.Connection) {
	r.refused.add(c.Key, failure{err: errRefused, generation: c.Generation, at: r.now()}, newTokenPauses, 0)
}
