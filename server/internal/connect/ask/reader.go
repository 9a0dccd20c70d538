package ask

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/session"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
)

// askNames are the parameters of a connect request, beside params[…], credentials[…] and
// authorization_params[…].
var askNames = []string{"connect_page", "connect_session_token", "connection_id", "hmac", "opener_origin", "origin", "public_key", "redirect_url", "user_scope", "userId", "ws_client_id"}

// Integrations describe integrations.
type Integrations interface {
	Describe(name string) (*engine.Description, error)
}

// A Reader reads what browsers ask for.
type Reader struct {
	Engine   Integrations
	Sessions *session.Store
	Teller   *result.Teller
	Site     *site.Site
}

// Read reads a request for a connection of the integration. If it returns an error, To of
// the Ask is good all the same, so that the error can be told there.
func (r *Reader) Read(req *http.Request, integration string) (*Ask, *fault.Error) {
	ctx, q := req.Context(), form.Parse(req.URL.RawQuery) // Nango's client does not encode all values
	a := &Ask{Key: engine.Key{Integration: integration}, Fields: map[string]string{}, Params: map[string]string{}, Credentials: map[string]schema.Secret{}}
	if err := a.read(q); err != nil {
		return a, err
	}
	var err *fault.Error
	if a.To, err = r.Teller.Destination(q); err != nil {
		return a, err
	}
	if err := r.identify(ctx, a, q); err != nil {
		return a, err
	}
	if q.Has("connect_page") && a.Session != nil {
		a.To.Origin, a.To.Product = r.Site.Origin(), q.Get("origin")
		a.To.Back = r.Site.ConnectPage(q.Get("connect_session_token"), a.To.Product, "")
		if err := r.Site.CheckProduct(a.To.Product); err != nil {
			a.To.Product = ""
			return a, err
		}
	}
	described, failed := r.Engine.Describe(integration)
	if failed != nil {
		return a, fault.New(http.StatusNotFound, "unknown_config_key", "there is no such integration")
	}
	if a.Session != nil {
		if err := a.settle(a.Session.Defaults[integration]); err != nil {
			return a, err
		}
	}
	a.moveCredentials(described)
	return a, nil
}

// Typed returns the Ask of what a user has typed on this server's own page: values of
// fields and credentials, by their names.
func (r *Reader) Typed(by *session.Session, d *engine.Description, values map[string]string) (*Ask, *fault.Error) {
	a := &Ask{
		Key: engine.Key{Integration: d.Integration, ConnectionID: by.ConnectionID}, Session: by,
		Fields: maps.Clone(values), Params: map[string]string{}, Credentials: map[string]schema.Secret{},
	}
	if err := a.settle(by.Defaults[d.Integration]); err != nil {
		return nil, err
	}
	a.moveCredentials(d)
	return a, a.Check(d)
}

// identify finds out for whom the browser asks: by its session, or in the open form of 2022
// by userId, which anybody may say.
func (r *Reader) identify(ctx context.Context, a *Ask, q url.Values) *fault.Error {
	if !q.Has("userId") {
		by, err := r.Sessions.ByToken(ctx, q.Get("connect_session_token"))
		if err != nil {
			return err
		}
		if q.Has("connection_id") {
			return fault.Param("the connect session says which connection it is; connection_id must not stand beside it")
		}
		a.Session, a.Key.ConnectionID = by, by.ConnectionID
		return by.May(a.Key.Integration)
	}
	switch {
	case q.Has("connect_session_token") || q.Has("connection_id"):
		return fault.Param("userId is for connecting without a session, and stands alone")
	case !slices.Contains(r.Site.Settings().OpenConnect, a.Key.Integration):
		return fault.New(http.StatusForbidden, "integration_not_allowed", "connecting needs a connect session; server.open_connect does not name this integration")
	}
	a.Key.ConnectionID = q.Get("userId")
	if a.Key.Check() != nil {
		return fault.Param("userId is none that can be used")
	}
	return nil
}
