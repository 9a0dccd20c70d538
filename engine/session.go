package engine

import (
	"context"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/schema"
)

// A snapshot is a connection as it was when it was read, with the integration
// that gives its placeholders a meaning. Neither changes.
type snapshot struct {
	in   *integration
	conn *Connection
}

var _ layer.Snapshot = (*snapshot)(nil)

// Value gives the value of a placeholder.
func (s *snapshot) Value(name string) (string, bool) { return s.in.Value(s.conn, name) }

// Connection returns the connection; callers must not modify it.
func (s *snapshot) Connection() *Connection { return s.conn }

// A session is the engine as the layers of one client see it.
type session struct {
	e   *Engine
	in  *integration
	key Key
}

var _ layer.Session = (*session)(nil)

func (e *Engine) session(in *integration, k Key) layer.Session { return &session{e, in, k} }

// Load reads the connection and refuses one that is known to be dead. NONE
// needs no connection.
func (s *session) Load(ctx context.Context) (layer.Snapshot, error) {
	c, err := s.e.load(ctx, s.in, s.key)
	if err != nil {
		return nil, err
	}
	return &snapshot{s.in, c}, nil
}

// Fresh refreshes ahead of the token's end.
func (s *session) Fresh(ctx context.Context, given layer.Snapshot) (layer.Snapshot, error) {
	old := given.(*snapshot)
	if !s.in.source.Stale(old.conn, s.e.opts.Now()) {
		return given, nil
	}
	c, err := s.e.refresher.Fresh(ctx, s.in.source, old.conn)
	if err != nil {
		return nil, err
	}
	return &snapshot{s.in, c}, nil
}

// Refresh replaces a token that the provider has refused.
func (s *session) Refresh(ctx context.Context, given layer.Snapshot, reason string) (layer.Snapshot, error) {
	c, err := s.e.refresher.Refused(ctx, s.in.source, given.(*snapshot).conn, reason)
	if err != nil {
		return nil, err
	}
	return &snapshot{s.in, c}, nil
}

// Refused says that what Refresh gave is no better.
func (s *session) Refused(given layer.Snapshot) {
	s.e.refresher.RefusedToo(given.(*snapshot).conn)
}

// load returns the connection of k for use; it may come from the cache.
func (e *Engine) load(ctx context.Context, in *integration, k Key) (*Connection, error) {
	c, err := e.refresher.Connections.Get(ctx, k)
	if err != nil {
		if in.Auth.AuthMode == schema.NoAuth && len(in.Connection) == 0 && ErrorKind(fault.OfStore("read", k, err)) == KindNotFound {
			return &Connection{Key: k, Status: StatusActive, Credentials: Credentials{Type: schema.NoAuth}}, nil
		}
		return nil, fault.OfStore("read", k, err)
	}
	if c.Credentials.Type != in.Auth.AuthMode {
		return nil, &Error{Op: "read", Key: k, Kind: KindReauthorize, Detail: "the connection was made with auth_mode " + string(c.Credentials.Type) + ", but the integration now has " + string(in.Auth.AuthMode)}
	}
	if c.Status == StatusNeedsReauthorization {
		return nil, refresh.NeedsReauthorization(c)
	}
	if err := in.CheckMadeFor("use", c); err != nil {
		return nil, err
	}
	return c, nil
}

// A TokenSource returns a token that is valid for a while yet.
type TokenSource interface {
	// Token returns the current token, refreshing it first if it is about to
	// end. It is safe for concurrent use; callers must not modify the result.
	Token(ctx context.Context) (*Token, error)
}

// TokenSource returns the source of k's tokens. Most hosts want [Engine.Client]
// instead. Token fails with KindUnsupported where the auth mode has no tokens.
func (e *Engine) TokenSource(k Key) TokenSource { return tokenSource{e, k} }

type tokenSource struct {
	e   *Engine
	key Key
}

func (t tokenSource) Token(ctx context.Context) (*Token, error) {
	e := t.e
	config := e.current.Load()
	if c := e.refresher.Connections.Hot(t.key, config); c != nil {
		return &c.Credentials.Token, nil
	}
	in, err := e.integration(t.key.Integration)
	if err != nil {
		return nil, err
	}
	if !in.Auth.HasTokens() {
		return nil, &Error{Op: "token", Key: t.key, Kind: KindUnsupported, Detail: "auth_mode " + string(in.Auth.AuthMode) + " has no tokens"}
	}
	c, err := e.load(ctx, in, t.key)
	if err != nil {
		return nil, err
	}
	now := e.opts.Now()
	if in.source.Stale(c, now) {
		if c, err = e.refresher.Fresh(ctx, in.source, c); err != nil {
			return nil, err
		}
		return &c.Credentials.Token, nil
	}
	e.refresher.Connections.Vouch(c, config, in.source.Good(c, now))
	return &c.Credentials.Token, nil
}

// Refresh replaces k's token now, whatever is left of it, and returns the
// connection. It fails with KindUnsupported if there is no refresh token.
func (e *Engine) Refresh(ctx context.Context, k Key) (*Connection, error) {
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	c, err := e.load(ctx, in, k)
	if err != nil {
		return nil, err
	}
	if c, err = e.refresher.Refresh(ctx, in.source, c, "asked for"); err != nil {
		return nil, err
	}
	return c.Clone(), nil
}
