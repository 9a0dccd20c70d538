package refresh

import (
	"context"
	"errors"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

// read asks the store itself, within bounds.
func (r *Refresher) read(ctx context.Context, k connection.Key) (*connection.Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, r.pace.StoreCall)
	defer cancel()
	c, err := r.Connections.Store.Get(ctx, k)
	if err != nil {
		return nil, fault.OfStoreInTime(op, k, err)
	}
	return c, nil
}

// replace is the store's Replace, within bounds. A panic of it is an error like others,
// after which it is tried again: what is to be stored may be the only good token.
func (r *Refresher) replace(ctx context.Context, c *connection.Connection, generation int64) (err error) {
	ctx, cancel := context.WithTimeout(ctx, r.pace.StoreCall)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("panic in the store")
		}
	}()
	return r.Connections.Replace(ctx, c, generation)
}

// usable returns current if someone has replaced old's token meanwhile, or the
// error if the connection was found dead.
func (r *Refresher) usable(s *Source, current, old *connection.Connection) (*connection.Connection, error) {
	if current.Status == connection.StatusNeedsReauthorization {
		return nil, NeedsReauthorization(current)
	}
	if err := s.admit(current); err != nil {
		return nil, err // somebody has connected for something else meanwhile
	}
	if current.Generation != old.Generation && !s.Stale(current, r.now()) {
		return current, nil
	}
	return nil, nil
}

// reread looks whether another process has stored other credentials, where nothing
// else can be done.
func (r *Refresher) reread(ctx context.Context, s *Source, c *connection.Connection) (*connection.Connection, error) {
	r.Connections.Drop(c.Key)
	current, err := r.read(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	if current.Status == connection.StatusActive && current.Generation != c.Generation {
		if err := s.admit(current); err != nil {
			return nil, err
		}
		return current, nil
	}
	return nil, notRenewable(c)
}

// adopt returns what someone else has stored in place of c: the user has
// connected again, and their latest word counts.
func (r *Refresher) adopt(ctx context.Context, s *Source, c *connection.Connection) (*connection.Connection, error) {
	current, err := r.read(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	if newer, err := r.usable(s, current, c); err != nil || newer != nil {
		return newer, err
	}
	return nil, &fault.Error{Op: op, Key: c.Key, Kind: fault.KindUnavailable, Detail: "the connection was changed meanwhile"}
}

// expired is the error for a token that has ended where there is no refresh token. It is
// one of this call alone: nothing is stored, since clocks jump, and the token may be good by
// the next one.
func expired(c *connection.Connection) error {
	return &fault.Error{Op: "use", Key: c.Key, Kind: fault.KindReauthorize, Detail: "the token has ended and the provider gave no refresh token"}
}

// giveUp marks c as dead and returns the error that says so, or a newer
// connection if someone was faster.
func (r *Refresher) giveUp(ctx context.Context, c *connection.Connection, reason string) (*connection.Connection, error) {
	next := c.Clone()
	next.Status, next.Reason, next.RefreshStarted, next.UpdatedAt = connection.StatusNeedsReauthorization, reason, time.Time{}, r.now()
	switch err := r.replace(ctx, next, c.Generation); {
	case errors.Is(err, connection.ErrConflict):
		newer, err := r.read(ctx, c.Key)
		if err != nil {
			return nil, err
		}
		if newer.Status == connection.StatusActive {
			return newer, nil
		}
		return nil, NeedsReauthorization(newer)
	case errors.Is(err, connection.ErrNoConnection):
		return nil, fault.OfStore(op, c.Key, err)
	case err != nil:
		return nil, fault.OfStoreInTime(op, c.Key, err)
	}
	r.notify(ctx, event.Event{Kind: event.Status, Key: c.Key, Reason: "needs reauthorization: " + reason})
	r.stored(ctx, event.Status, next)
	return nil, NeedsReauthorization(next)
}
