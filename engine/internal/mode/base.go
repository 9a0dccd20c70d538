package mode

import (
	"context"
	"errors"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/schema"
)

// A base is a mode of which nothing more is to be said than what the user types: a key,
// a name and a password, or nothing at all.
type base struct{ env *Env }

var _ Mode = base{}

// Accept takes nothing: what the user types is all there is.
func (b base) Accept(string, connection.Key, connection.Credentials) (connection.Credentials, error) {
	return b.empty(), nil
}

// empty returns credentials that have none yet.
func (b base) empty() connection.Credentials {
	return connection.Credentials{Type: b.env.In.Auth.AuthMode, Fields: map[string]schema.Secret{}}
}

// missing is the error of what is given and lacks something.
func missing(op string, k connection.Key, what string) error {
	return &fault.Error{Op: op, Key: k, Kind: fault.KindClient, Detail: what + " is missing"}
}

// Renewable reports that nothing is.
func (b base) Renewable(*connection.Connection) bool { return false }

// Renew is never asked.
func (b base) Renew(_ context.Context, c *connection.Connection, _ *refresh.Attempt) (*connection.Connection, error) {
	return nil, &fault.Error{Op: "refresh", Key: c.Key, Kind: fault.KindUnsupported, Detail: "the connection has no refresh token"}
}

// Complete learns the token's end, where only the provider can say it.
func (b base) Complete(ctx context.Context, c *connection.Connection) (*connection.Connection, error) {
	if b.env.In.Auth.IntrospectionURL == "" || !c.Credentials.Token.ExpiresAt.IsZero() {
		return c, nil
	}
	next := c.Clone()
	if err := b.env.Token.For("introspect", next).LearnEnd(ctx); err != nil {
		return nil, err
	}
	if next.Credentials.Token.ExpiresAt.IsZero() {
		return c, nil
	}
	return next, nil
}

// Gone is never asked.
func (b base) Gone(refusal error, _ bool) string { return goneBecause("the credentials", refusal) }

// goneBecause adds the code of a refusal to what is no longer taken.
func goneBecause(what string, refusal error) string {
	gone := "the provider no longer takes " + what
	if known, ok := errors.AsType[*fault.Error](refusal); ok {
		gone += inBrackets(known.Code)
	}
	return gone
}

func inBrackets(code string) string {
	if code == "" {
		return ""
	}
	return " (" + code + ")"
}

// unknown is a mode that nothing is known of: the configuration is newer than we are.
type unknown struct{ base }

// Accept accepts nothing.
func (u unknown) Accept(op string, k connection.Key, _ connection.Credentials) (connection.Credentials, error) {
	return u.empty(), &fault.Error{Op: op, Key: k, Kind: fault.KindUnsupported, Detail: "auth_mode " + string(u.env.In.Auth.AuthMode) + " cannot connect yet"}
}
