package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// fieldChecks are those of the fields that a connection takes from a token answer.
func (e exchangeStep) fieldChecks() (checks []check) {
	for _, name := range slices.Sorted(maps.Keys(e.Played.Connection)) {
		if f := e.Played.Connection[name]; f.From == schema.FromTokenResponse {
			checks = append(checks, check{"with " + name, e.takesField(name, f)}, check{"without " + name, e.missesField(name, f)})
		}
	}
	return checks
}

// takesField holds that the connection takes a field from the answer that has it.
func (e exchangeStep) takesField(name string, f schema.ConnectionField) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.stage(setup{})
		if err != nil {
			return err
		}
		var said answer
		st.wire.token = func(a *answer) {
			if _, has := schema.At(a.body, or(f.Path, name)); isContainer(a.body) && (!has || at(a.body, or(f.Path, name)) == "") {
				f.Optional = false // so that a value is made up
				a.body = schema.PutAt(a.body, or(f.Path, name), typed(name, f.Field))
			}
			said = a.clone()
		}
		c, err := st.connect(ctx, st.key)
		if err != nil {
			return err
		}
		return e.hasFields(c, said.body)
	}
}

// missesField holds that an answer without a field will do if the field is optional
// and will not do otherwise.
func (e exchangeStep) missesField(name string, f schema.ConnectionField) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.stage(setup{})
		if err != nil {
			return err
		}
		st.wire.token = func(a *answer) { schema.RemoveAt(a.body, or(f.Path, name)) }
		_, err = st.connect(ctx, st.key)
		if will := f.Optional || f.Default != ""; will && err != nil || !will && !errors.Is(err, engine.ErrInvalidResponse) {
			return fmt.Errorf("got %v; the field is optional: %t", err, will)
		}
		return nil
	}
}

// hasFields holds that the connection carries what it takes from the answer.
func (e exchangeStep) hasFields(c *engine.Connection, said any) error {
	for name, f := range e.Played.Connection {
		if f.From != schema.FromTokenResponse {
			continue
		}
		want := at(said, or(f.Path, name))
		got, plain := c.Fields[name]
		secret, sealed := c.Credentials.Fields["connection."+name]
		switch {
		case want == "":
			if plain || sealed {
				return fmt.Errorf("connection.%s has a value that the answer does not have", name)
			}
		case f.Secret && (plain || secret.Reveal() != want), !f.Secret && (sealed || got != want):
			return fmt.Errorf("connection.%s is not what the answer says", name)
		}
	}
	for name := range c.Fields {
		if _, ok := e.Played.Connection[name]; !ok {
			return fmt.Errorf("connection.%s is not declared", name)
		}
	}
	return nil
}

// hasCallbackFields holds that the connection carries what its user came back with.
func (e *Entry) hasCallbackFields(c *engine.Connection, callback url.Values) error {
	for name, f := range e.Played.Connection {
		if f.From != schema.FromCallback || callback == nil {
			continue
		}
		got := c.Fields[name]
		if f.Secret {
			got = c.Credentials.Fields["connection."+name].Reveal()
		}
		if got != callback.Get(or(f.Path, name)) {
			return fmt.Errorf("connection.%s is not what the callback says", name)
		}
	}
	return nil
}

// narrows holds that the scopes are those that the answer grants, and not those that were
// asked for (RFC 6749 5.1).
func (e exchangeStep) narrows(ctx context.Context) error {
	st, err := e.stage(setup{})
	if err != nil {
		return err
	}
	const granted = "bench.granted"
	said := false
	st.wire.token = func(a *answer) {
		path := or(e.shape().Scope, "scope")
		was, has := schema.At(a.body, path)
		if said = isContainer(a.body) && has; !said {
			return
		}
		if _, list := was.([]any); list {
			a.body = schema.PutAt(a.body, path, []any{granted})
		} else {
			a.body = schema.PutAt(a.body, path, granted)
		}
	}
	c, err := st.connect(ctx, st.key)
	if err != nil {
		return err
	}
	if got := c.Credentials.Token.Scopes; said && !slices.Equal(got, []string{granted}) {
		return fmt.Errorf("the answer grants %s, and the connection has %q", granted, got)
	}
	return nil
}
