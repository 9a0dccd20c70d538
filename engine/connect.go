package engine

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/mode"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/engine/internal/session"
	"github.com/nango-lite/nango-lite/schema"
)

// ConnectOptions adjust [Engine.Connect].
type ConnectOptions struct {
	Fields   map[string]string // connection fields that the user types or chooses, by name
	Metadata map[string]any
	Tags     map[string]string

	// Imported says that the connection was made elsewhere, with the same client: Fields
	// may then hold what a callback or a token answer has said there, too.
	Imported bool

	// Verify makes the integration's verify call with the credentials first, and
	// stores nothing if it fails. Without a verify call it does nothing, nor where
	// that call needs a field that the user is still to choose.
	Verify bool
}

// Connect stores a connection for credentials the host already has, such as an
// API key, a user name and password, or a token from elsewhere. Where the auth mode
// gets a token for them (OAUTH2_CC, TWO_STEP), it is obtained first. A connection
// that is there already gets the new credentials and keeps its Metadata and its Tags,
// unless opts gives others. A nil opts means the zero ConnectOptions.
//
// What the integration looks up (from: request) is looked up first, unless all there
// is is a refresh token, or an access token that has ended: then [Engine.SetFields] does it
// later. A field with several values to choose from is left open; see
// [Engine.OpenFields].
//
// It fails with KindClient, before anything is stored, if the credentials are
// not those that the integration declares.
func (e *Engine) Connect(ctx context.Context, k Key, given Credentials, opts *ConnectOptions) (*Connection, error) {
	const op = "connect"
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	if err := named(op, k); err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &ConnectOptions{}
	}
	c := &Connection{Key: k, Status: StatusActive, Metadata: opts.Metadata, Tags: opts.Tags}
	typed, said := opts.Fields, map[string]string(nil)
	if opts.Imported {
		typed, said = in.said(opts.Fields)
	}
	fields, secrets, err := in.CheckFields(op, k, typed)
	if err != nil {
		return nil, err
	}
	c.Fields = fields
	if c.Credentials, err = in.accept(op, k, given); err != nil {
		return nil, err
	}
	for name, v := range secrets {
		c.Credentials.Fields[name] = v
	}
	for name, v := range said {
		if v, err = in.CheckField(op, k, "connection", name, in.Connection[name].Field, v); err != nil {
			return nil, err
		}
		in.SetField(c, name, v)
	}
	reason := "credentials were stored"
	if m, ok := in.mode.(mode.Issuer); ok {
		if c, err = m.Obtain(ctx, op, c); err != nil {
			return nil, err
		}
		reason = m.Obtained() + refresh.DescribeEnd(&c.Credentials.Token, e.opts.Now())
	}
	if err := in.complete(ctx, op, c); err != nil {
		return nil, err
	}
	if opts.Verify && in.Requests.Verify != nil && !in.lookUps.For(op, c, nil).VerifyWaits() {
		if err := in.api.Verify(ctx, c.Key, session.Fixed(in.Integration, c)); err != nil {
			return nil, err
		}
	}
	if err := e.put(ctx, op, in, c); err != nil {
		return nil, err
	}
	e.watch.Tell(ctx, Event{Kind: EventConnect, Key: k, Reason: reason})
	e.hooks.changed(ctx, EventConnect, k, c)
	return c, nil
}

// said tells what a user types apart from what a callback or a token answer says.
func (in *integration) said(fields map[string]string) (typed, said map[string]string) {
	typed, said = map[string]string{}, map[string]string{}
	for name, v := range fields {
		switch in.Connection[name].From {
		case schema.FromCallback, schema.FromTokenResponse:
			said[name] = v
		default:
			typed[name] = v
		}
	}
	return typed, said
}

// accept returns what of given belongs to the integration's mode, if it is complete.
func (in *integration) accept(op string, k Key, given Credentials) (Credentials, error) {
	cr, err := in.mode.Accept(op, k, given)
	if err != nil {
		return cr, err
	}
	names := in.UserCredentials()
	for _, name := range names {
		v := given.Field(name)
		text, err := in.CheckField(op, k, "credentials", name, in.CredentialField(name), v.Reveal())
		if err != nil {
			return cr, err
		}
		cr.SetField(name, schema.NewSecret(text))
	}
	for name := range given.Fields {
		if !slices.Contains(names, name) {
			return cr, &Error{Op: op, Key: k, Kind: KindClient, Detail: "the integration declares no credential " + strconv.Quote(name)}
		}
	}
	return cr, nil
}

// admit looks up what c, which has its credentials, is still to carry, and stores it.
// Every way to a new connection ends here.
func (e *parts) admit(ctx context.Context, op string, in *integration, c *Connection) error {
	if err := in.complete(ctx, op, c); err != nil {
		return err
	}
	return e.put(ctx, op, in, c)
}

// complete looks up what a connection that is not stored yet is to carry. Without a
// token to do it with, the fields stay open.
func (in *integration) complete(ctx context.Context, op string, c *Connection) error {
	if in.Auth.AuthMode.HasTokens() && (c.Credentials.Token.AccessToken.Empty() || refresh.Ended(c, in.stored.Now())) {
		return nil
	}
	return in.lookUps.For(op, c, session.Fixed(in.Integration, c)).Fill(ctx, func(string) bool { return true })
}

// put stores c as a user's latest word: whatever is there is replaced, but for
// the host's metadata and tags. What is there need not be readable.
func (e *parts) put(ctx context.Context, op string, in *integration, c *Connection) (failed error) {
	now := e.opts.Now()
	c.CreatedAt, c.UpdatedAt = now, now
	old, err := e.refresher.Connections.Store.Get(ctx, c.Key)
	switch {
	case err == nil:
		c.CreatedAt = old.CreatedAt
		if c.Metadata == nil {
			c.Metadata = old.Metadata
		}
		if c.Tags == nil {
			c.Tags = old.Tags
		}
	case errors.Is(err, connection.ErrUnreadable):
		defer func() {
			if failed == nil {
				e.watch.Tell(ctx, Event{Kind: EventStatus, Key: c.Key, Reason: "what was stored could not be read, its metadata and tags neither, and was replaced", Err: fault.OfStore(op, c.Key, err)})
			}
		}()
	case !errors.Is(err, ErrNoConnection):
		return fault.OfStore(op, c.Key, err)
	}
	if err := e.hooks.before(ctx, op, c); err != nil {
		return err
	}
	c.MadeFor = in.MadeFor(&Connection{Fields: c.Fields, Credentials: c.Credentials}) // whatever it was
	if err := e.refresher.Connections.Put(ctx, c); err != nil {
		return fault.OfStore(op, c.Key, err)
	}
	e.refresher.Forget(c.Key)
	return nil
}
