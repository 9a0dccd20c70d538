package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/mode"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/engine/internal/session"
	"github.com/nango-lite/nango-lite/schema"
)

// SetFields sets fields of k's connection: what a user corrects of what they typed,
// and what they chose of [Engine.Choices]. What is looked up with them is looked up
// anew, and so is what is still open; with no fields at all that is all it does. An
// empty value unsets an optional field.
//
// Credentials stay as they are, but for a token that is obtained without the user
// (OAUTH2_CC, TWO_STEP and their like): where something that the user typed has changed,
// another is obtained first, since fields may say where and for what.
//
// It fails with KindClient, and stores nothing, if a value is not as declared or is no
// choice; and as [Engine.Connect] does where there is no token to be had.
func (e *Engine) SetFields(ctx context.Context, k Key, fields map[string]string) (*Connection, error) {
	const op = "set fields"
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	for range 5 {
		c, err := in.stored.Load(ctx, k)
		if err != nil {
			return nil, err
		}
		next, err := in.lookUps.Amend(op, c, fields)
		if err != nil {
			return nil, err
		}
		s, next, err := in.amendedSession(ctx, op, c, next)
		if err != nil {
			return nil, err
		}
		chosen := func(name string) bool { return fields[name] != "" }
		if err := in.lookUps.For(op, next, s).Fill(ctx, chosen); err != nil {
			return nil, err
		}
		stored, err := e.storeFields(ctx, op, in, c, next)
		if !errors.Is(err, ErrConflict) {
			return stored, err
		}
		e.refresher.Connections.Drop(k) // what is remembered is older
	}
	return nil, &Error{Op: op, Key: k, Kind: KindUnavailable, Detail: "the connection is changed by others time and again"}
}

// setReason names the fields that were set.
func setReason(names []string) string {
	if len(names) == 0 {
		return "nothing had changed"
	}
	slices.Sort(names)
	return "set: " + strings.Join(names, ", ")
}

// storeFields puts the connection fields of next, which was made from was, into what
// is stored by now. With ErrConflict somebody else was at it.
func (e *parts) storeFields(ctx context.Context, op string, in *integration, was, next *Connection) (*Connection, error) {
	unlock, err := e.refresher.Lock(ctx, op, was.Key)
	if err != nil {
		return nil, err
	}
	defer unlock()
	current, err := e.refresher.Connections.Store.Get(ctx, was.Key)
	if err != nil {
		return nil, fault.OfStore(op, was.Key, err)
	}
	if current.Status != StatusActive {
		return nil, refresh.NeedsReauthorization(current)
	}
	if !in.SameFields(current, was) {
		return nil, ErrConflict
	}
	out, secret := current.Clone(), false
	var changed []string
	for name, f := range in.Connection {
		v, _ := in.Carried(next, name)
		if old, _ := in.Carried(current, name); old != v {
			in.SetField(out, name, v)
			secret = secret || f.Secret
			changed = append(changed, name)
		}
	}
	if !next.Credentials.Token.AccessToken.Equal(was.Credentials.Token.AccessToken) {
		out.Credentials.Token, out.RefreshStarted, secret = next.Credentials.Token.Clone(), time.Time{}, true
	}
	if secret {
		out.Generation++ // a credential is another
	}
	out.UpdatedAt, out.MadeFor = e.opts.Now(), in.MadeFor(out)
	switch err := e.refresher.Connections.Replace(ctx, out, current.Generation); {
	case errors.Is(err, ErrConflict):
		return nil, err
	case err != nil:
		return nil, fault.OfStore(op, was.Key, err)
	}
	e.refresher.Forget(was.Key)
	e.watch.Tell(ctx, Event{Kind: EventFields, Key: was.Key, Reason: setReason(changed)})
	e.hooks.changed(ctx, EventFields, was.Key, out)
	return out.Clone(), nil
}

// amendedSession returns what look-ups of next are made with, and next with another
// token where that of c was obtained with other fields.
func (in *integration) amendedSession(ctx context.Context, op string, c, next *Connection) (layer.Session, *Connection, error) {
	typed := func(name string) bool {
		was, _ := in.Carried(c, name)
		is, _ := in.Carried(next, name)
		return in.Connection[name].From == schema.FromUser && was != is
	}
	m, issues := in.mode.(mode.Issuer)
	if !issues || !slices.ContainsFunc(slices.Collect(maps.Keys(in.Connection)), typed) {
		return session.Amended(in.stored.Open(next.Key), in.Integration, next), next, nil
	}
	next, err := m.Obtain(ctx, op, next)
	return session.Fixed(in.Integration, next), next, err
}
