// Package typed connects with credentials that a user types into a page of the product's, such
// as an API key, without a page of the provider's. Start with [Typed].
package typed

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/ask"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/session"
)

// Engine is what Typed needs of an engine.
type Engine interface {
	Connect(ctx context.Context, k engine.Key, given engine.Credentials, opts *engine.ConnectOptions) (*engine.Connection, error)
	Describe(name string) (*engine.Description, error)
	OpenFields(c *engine.Connection) ([]engine.InputField, error)
}

// Typed connects with what users type.
type Typed struct {
	Engine   Engine
	Ask      *ask.Reader
	Sessions *session.Store
}

// Routes returns the handlers of the paths that take what users type.
func (t *Typed) Routes() map[string]answer.Handler {
	handlers := map[string]answer.Handler{OutboundRoute: t.Outbound}
	for path, modes := range routes {
		handlers[path] = func(w *answer.Writer) { t.connect(w, modes) }
	}
	return handlers
}

// Outbound is POST of OutboundRoute: it says that there is no such way to connect.
func (t *Typed) Outbound(w *answer.Writer) {
	w.Fail(http.StatusNotImplemented, "auth_mode_err", "installing at the provider first is no way to connect here")
}

// connect is POST of one of the routes.
func (t *Typed) connect(w *answer.Writer, modes []schema.AuthMode) {
	a, err := t.Ask.Read(w.Request, w.Request.PathValue("integration"))
	var described *engine.Description
	if err == nil {
		described, err = t.check(a, modes)
	}
	if err != nil {
		err.Answer(w)
		return
	}
	w.Connection = a.Key
	given := engine.Credentials{}
	for name, v := range a.Credentials {
		given.SetField(name, v)
	}
	if w.Request.ContentLength != 0 && !t.readTyped(w, described, a, &given) {
		return
	}
	c, failed := t.store(w.Request.Context(), a, given)
	if failed != nil {
		fault.OfTyped(failed).Answer(w)
		return
	}
	body := map[string]any{"providerConfigKey": a.Key.Integration, "connectionId": a.Key.ConnectionID}
	if open, err := t.Engine.OpenFields(c); err == nil && len(open) > 0 {
		names := []string{}
		for _, f := range open {
			names = append(names, f.Name)
		}
		body["isPending"], body["openFields"] = true, names
	}
	w.JSON(http.StatusOK, body)
}

// Connect connects with what a user has typed on this server's own page.
func (t *Typed) Connect(ctx context.Context, a *ask.Ask) (*engine.Connection, error) {
	given := engine.Credentials{}
	for name, v := range a.Credentials {
		given.SetField(name, v)
	}
	return t.store(ctx, a, given)
}

// store makes the connection, and notes that the session has.
func (t *Typed) store(ctx context.Context, a *ask.Ask, given engine.Credentials) (*engine.Connection, error) {
	c, err := t.Engine.Connect(ctx, a.Key, given, connectOptions(a))
	if err == nil {
		t.Sessions.Made(ctx, a.Session.ID(), a.Key)
	}
	return c, err
}

// check checks that an ask can be met by what a user types.
func (t *Typed) check(a *ask.Ask, modes []schema.AuthMode) (*engine.Description, *fault.Error) {
	switch {
	case a.Session == nil:
		return nil, fault.New(http.StatusUnauthorized, "missing_connect_session_token", "connecting with credentials needs a connect session")
	case len(a.Params) > 0:
		return nil, fault.Param("there is no page to give authorization_params to")
	case a.To != (result.Destination{}):
		return nil, fault.Param("the result is the answer; it is told nobody else")
	case len(a.Scopes) > 0:
		return nil, fault.Param("the connect session settles scopes, which only consent at a page has")
	}
	d, err := t.Engine.Describe(a.Key.Integration)
	if err != nil {
		return nil, fault.OfTyped(err)
	}
	if !slices.Contains(modes, d.AuthMode) {
		return nil, fault.New(http.StatusBadRequest, "auth_mode_err", "this integration wants "+string(d.AuthMode)+"; its route is "+routeOf(d.AuthMode))
	}
	return d, nil
}

// routeOf returns the route for a mode.
func routeOf(mode schema.AuthMode) string {
	for _, route := range slices.Sorted(maps.Keys(routes)) {
		if len(routes[route]) <= 2 && slices.Contains(routes[route], mode) {
			return route
		}
	}
	return "/oauth/connect/{integration}"
}

// connectOptions are the options of a connection that is made with what the user typed, and
// tried before it is stored.
func connectOptions(a *ask.Ask) *engine.ConnectOptions {
	return &engine.ConnectOptions{Fields: a.Fields, Tags: a.Session.Tags, Verify: true}
}
