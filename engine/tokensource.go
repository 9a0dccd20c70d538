package engine

import "context"

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
	c, err := in.stored.Load(ctx, t.key)
	if err != nil {
		return nil, err
	}
	now := e.opts.Now()
	if in.stored.Source.Stale(c, now) {
		if c, err = e.refresher.Fresh(ctx, in.stored.Source, c); err != nil {
			return nil, err
		}
		return &c.Credentials.Token, nil
	}
	e.refresher.Connections.Vouch(c, config, in.stored.Source.Good(c, now))
	return &c.Credentials.Token, nil
}

// Refresh replaces k's token now, whatever is left of it, and returns the
// connection. It fails with KindUnsupported if there is no refresh token.
func (e *Engine) Refresh(ctx context.Context, k Key) (*Connection, error) {
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	c, err := in.stored.Refresh(ctx, k, "asked for")
	if err != nil {
		return nil, err
	}
	return c.Clone(), nil
}
