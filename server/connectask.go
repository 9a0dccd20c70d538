package server

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/schema"
)

// An ask is what a browser wants: a connection of an integration, on behalf of whoever
// made the connect session.
type ask struct {
	key         engine.Key
	session     *connectSession // nil: the open form
	fields      map[string]string
	params      map[string]string
	credentials map[string]schema.Secret
	scopes      []string // nil: as configured
	to          destination
}

// askNames are the parameters of a connect request, but for those in brackets.
var askNames = []string{"connect_session_token", "connection_id", "hmac", "opener_origin", "public_key", "redirect_url", "user_scope", "userId", "ws_client_id"}

// askOf reads a connect request. Where to tell what came of it is good even if the rest
// is not.
func (s *Server) askOf(ctx context.Context, r *http.Request, integration string) (*ask, *connectError) {
	q := form.Parse(r.URL.RawQuery) // Nango's client leaves some values as they are
	a := &ask{key: engine.Key{Integration: integration}, fields: map[string]string{}, params: map[string]string{}, credentials: map[string]schema.Secret{}}
	if err := a.read(q); err != nil {
		return a, err
	}
	var err *connectError
	if a.to, err = s.destinationOf(q); err != nil {
		return a, err
	}
	if err := s.askedBy(ctx, a, q); err != nil {
		return a, err
	}
	described, failed := s.engine.Describe(integration)
	if failed != nil {
		return a, connectErrorf(http.StatusNotFound, "unknown_config_key", "there is no such integration")
	}
	if a.session != nil {
		if err := a.settle(a.session.Defaults[integration]); err != nil {
			return a, err
		}
	}
	a.sort(described)
	return a, nil
}

// sort moves credentials that stand among params to their like: Nango's client has no
// other way to send those that it does not know of.
func (a *ask) sort(d *engine.Description) {
	for _, f := range d.Fields {
		if v, ok := a.fields[f.Name]; ok && f.Credential {
			a.credentials[f.Name] = schema.NewSecret(v)
			delete(a.fields, f.Name)
		}
	}
}

func badParam(message string) *connectError {
	return connectErrorf(http.StatusBadRequest, "url_param_err", message)
}

// read takes what is in brackets, and refuses what is unknown or cannot be heard.
func (a *ask) read(q url.Values) *connectError {
	for name, values := range q {
		if len(values) > 1 {
			return badParam("a parameter is there more than once")
		}
		group, member, ok := bracketed(name)
		switch {
		case ok && group == "params":
			a.fields[member] = values[0]
		case ok && group == "authorization_params":
			if values[0] == "undefined" { // how Nango's client says that there is to be none
				values[0] = ""
			}
			a.params[member] = values[0]
		case ok && group == "credentials" && member == "oauth_client_id_override":
			a.credentials["client_id"] = schema.NewSecret(values[0])
		case ok && group == "credentials" && member == "oauth_client_secret_override":
			a.credentials["client_secret"] = schema.NewSecret(values[0])
		case !slices.Contains(askNames, name):
			return badParam("a parameter is unknown")
		}
	}
	if q.Has("user_scope") {
		return badParam("user_scope is not supported: what an API calls so stands in authorization_params of the integration")
	}
	if q.Has("public_key") || q.Has("hmac") {
		return badParam("public keys are not supported: connecting needs a connect session")
	}
	return nil
}

// bracketed reads group[member].
func bracketed(name string) (group, member string, ok bool) {
	group, rest, found := strings.Cut(name, "[")
	member, tail, closed := strings.Cut(rest, "]")
	return group, member, found && closed && tail == "" && member != ""
}

// askedBy finds out who asks: the holder of a session, or in the open form of 2022
// anybody.
func (s *Server) askedBy(ctx context.Context, a *ask, q url.Values) *connectError {
	if !q.Has("userId") {
		session, err := s.sessionBy(ctx, q.Get("connect_session_token"))
		if err != nil {
			return err
		}
		if q.Has("connection_id") {
			return badParam("the connect session says which connection it is; connection_id must not stand beside it")
		}
		a.session, a.key.ConnectionID = session, session.ConnectionID
		return session.may(a.key.Integration)
	}
	switch {
	case q.Has("connect_session_token") || q.Has("connection_id"):
		return badParam("userId is for connecting without a session, and stands alone")
	case !slices.Contains(s.settings().OpenConnect, a.key.Integration):
		return connectErrorf(http.StatusForbidden, "integration_not_allowed", "connecting needs a connect session; server.open_connect does not name this integration")
	}
	a.key.ConnectionID = q.Get("userId")
	if a.key.Check() != nil {
		return badParam("userId is none that can be used")
	}
	return nil
}

// settle puts in what the product has settled. A browser may say the same, and nothing
// else in its place.
func (a *ask) settle(d sessionDefaults) *connectError {
	fields := maps.Clone(d.ConnectionConfig)
	if scopes, ok := fields[scopesOverride]; ok {
		a.scopes = slices.DeleteFunc(strings.FieldsFunc(scopes, func(r rune) bool { return r == ',' || r == ' ' }), func(s string) bool { return s == "" })
		delete(fields, scopesOverride)
	}
	for _, both := range []struct{ settled, said map[string]string }{{fields, a.fields}, {d.AuthorizationParams, a.params}} {
		for name, v := range both.settled {
			if said, ok := both.said[name]; ok && said != v {
				return badParam("a parameter says something else than the connect session has settled")
			}
			both.said[name] = v
		}
	}
	return nil
}

// check says what is wrong with what the browser brings: that is not the operator's to
// mend. Values are not quoted.
func (a *ask) check(d *engine.Description) *connectError {
	known := map[string]bool{}
	for _, f := range d.Fields {
		known[f.Name] = true
		v := a.fields[f.Name]
		if f.Credential {
			v = a.credentials[f.Name].Reveal()
		}
		if err := f.Check(v); err != nil {
			return badParam(f.Title + " " + err.Error())
		}
	}
	for _, f := range d.Choices {
		known[f.Name] = true
	}
	for _, names := range []iter.Seq[string]{maps.Keys(a.fields), maps.Keys(a.credentials)} {
		for name := range names {
			if !known[name] {
				return badParam("the integration declares no field or credential by the name of one of the parameters; it has " + inputNames(d))
			}
		}
	}
	return nil
}

// authorize are the options of a flow through the provider's page.
func (a *ask) authorize() *engine.AuthCodeOptions {
	o := &engine.AuthCodeOptions{Fields: a.fields, Params: a.params, Scopes: a.scopes}
	if len(a.credentials) > 0 {
		o.Credentials = a.credentials
	}
	if a.session != nil {
		o.Tags = a.session.Tags
	}
	return o
}
