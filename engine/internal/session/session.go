// Package session gives the layers of a call the connection that it is made with: one
// that is stored (see [Stored]), one that is not yet ([Fixed]), or one that is to carry
// other fields ([Amended]).
package session

import (
	"context"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/schema"
)

// A snapshot is a connection as it was when it was read, with the integration
// that gives its placeholders a meaning. Neither changes.
type snapshot struct {
	in   *plan.Integration
	conn *connection.Connection
}

var _ layer.Snapshot = (*snapshot)(nil)

// Value gives the value of a placeholder.
func (s *snapshot) Value(name string) (string, bool) { return s.in.Value(s.conn, name) }

// Connection returns the connection; callers must not modify it.
func (s *snapshot) Connection() *connection.Connection { return s.conn }

// Stored is the connections of an integration as they are stored. It is safe for
// concurrent use.
type Stored struct {
	In        *plan.Integration
	Refresher *refresh.Refresher
	Source    *refresh.Source
	Now       func() time.Time
}

// Load returns the connection of k for use, and refuses one that is known to be dead. It
// may come from the cache. NONE needs no connection.
func (s *Stored) Load(ctx context.Context, k connection.Key) (*connection.Connection, error) {
	c, err := s.Refresher.Connections.Get(ctx, k)
	if err != nil {
		err = fault.OfStore("read", k, err)
		if s.In.Auth.AuthMode == schema.NoAuth && len(s.In.Connection) == 0 && fault.KindOf(err) == fault.KindNotFound {
			return &connection.Connection{Key: k, Status: connection.StatusActive, Credentials: connection.Credentials{Type: schema.NoAuth}}, nil
		}
		return nil, err
	}
	if c.Credentials.Type != s.In.Auth.AuthMode {
		return nil, &fault.Error{Op: "read", Key: k, Kind: fault.KindReauthorize, Detail: "the connection was made with auth_mode " + string(c.Credentials.Type) + ", but the integration now has " + string(s.In.Auth.AuthMode)}
	}
	if c.Status == connection.StatusNeedsReauthorization {
		return nil, refresh.NeedsReauthorization(c)
	}
	if err := s.In.CheckMadeFor("use", c); err != nil {
		return nil, err
	}
	return c, nil
}

// Refresh replaces the token of k's connection now, whatever is left of it.
func (s *Stored) Refresh(ctx context.Context, k connection.Key, reason string) (*connection.Connection, error) {
	c, err := s.Load(ctx, k)
	if err != nil {
		return nil, err
	}
	return s.Refresher.Refresh(ctx, s.Source, c, reason)
}

// Open returns the session of k's connection. There need be none yet.
func (s *Stored) Open(k connection.Key) layer.Session { return &session{s, k} }

type session struct {
	*Stored
	key connection.Key
}

var _ layer.Session = (*session)(nil)

// Load reads the connection.
func (s *session) Load(ctx context.Context) (layer.Snapshot, error) {
	c, err := s.Stored.Load(ctx, s.key)
	if err != nil {
		return nil, err
	}
	return &snapshot{s.In, c}, nil
}

// Fresh refreshes ahead of the token's end.
func (s *session) Fresh(ctx context.Context, given layer.Snapshot) (layer.Snapshot, error) {
	old := given.(*snapshot)
	if !s.Source.Stale(old.conn, s.Now()) {
		return given, nil
	}
	c, err := s.Refresher.Fresh(ctx, s.Source, old.conn)
	if err != nil {
		return nil, err
	}
	return &snapshot{s.In, c}, nil
}

// Refresh replaces a token that the provider has refused.
func (s *session) Refresh(ctx context.Context, given layer.Snapshot, reason string) (layer.Snapshot, error) {
	c, err := s.Refresher.Refused(ctx, s.Source, given.(*snapshot).conn, reason)
	if err != nil {
		return nil, err
	}
	return &snapshot{s.In, c}, nil
}

// Refused says that what Refresh gave is no better.
func (s *session) Refused(given layer.Snapshot) {
	s.Refresher.RefusedToo(given.(*snapshot).conn)
}
