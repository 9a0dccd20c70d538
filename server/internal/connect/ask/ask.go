// Package ask reads what a browser wants when it connects: which integration, on behalf of
// whom, with what, and where the result is told. Start with [Reader.Read].
package ask

import (
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/session"
)

// An Ask is what a browser wants: a connection of an integration, on behalf of whoever
// made the connect session.
type Ask struct {
	Key         engine.Key
	Session     *session.Session         // nil: the open form of 2022, without a session
	Fields      map[string]string        // of the connection
	Params      map[string]string        // for the provider's page
	Credentials map[string]schema.Secret // that the user brings
	Scopes      []string                 // nil: as configured
	To          result.Destination       // where the result is told
}

// moveCredentials moves credentials that stand among fields to their own kind: Nango's
// client has no other way to send those that it does not know of.
func (a *Ask) moveCredentials(d *engine.Description) {
	for _, f := range d.Fields {
		if v, ok := a.Fields[f.Name]; ok && f.Credential {
			a.Credentials[f.Name] = schema.NewSecret(v)
			delete(a.Fields, f.Name)
		}
	}
}

// read takes the parameters that are in brackets, and refuses those that are unknown or not
// supported.
func (a *Ask) read(q url.Values) *fault.Error {
	for name, values := range q {
		if len(values) > 1 {
			return fault.Param("a parameter is there more than once")
		}
		group, member, ok := bracketed(name)
		switch {
		case ok && group == "params":
			a.Fields[member] = values[0]
		case ok && group == "authorization_params":
			if values[0] == "undefined" { // which Nango's client sends for a parameter without a value
				values[0] = ""
			}
			a.Params[member] = values[0]
		case ok && group == "credentials" && member == "oauth_client_id_override":
			a.Credentials["client_id"] = schema.NewSecret(values[0])
		case ok && group == "credentials" && member == "oauth_client_secret_override":
			a.Credentials["client_secret"] = schema.NewSecret(values[0])
		case !slices.Contains(askNames, name):
			return fault.Param("a parameter is unknown")
		}
	}
	if q.Has("user_scope") {
		return fault.Param("user_scope is not supported: what an API calls so stands in authorization_params of the integration")
	}
	if q.Has("public_key") || q.Has("hmac") {
		return fault.Param("public keys are not supported: connecting needs a connect session")
	}
	return nil
}

// bracketed reads group[member].
func bracketed(name string) (group, member string, ok bool) {
	group, rest, found := strings.Cut(name, "[")
	member, tail, closed := strings.Cut(rest, "]")
	return group, member, found && closed && tail == "" && member != ""
}

// settle puts in what the product has settled. The browser may repeat it, but not say
// anything else in its place.
func (a *Ask) settle(d session.Defaults) *fault.Error {
	fields := maps.Clone(d.ConnectionConfig)
	if scopes, ok := fields[session.ScopesOverride]; ok {
		a.Scopes = slices.DeleteFunc(strings.FieldsFunc(scopes, func(r rune) bool { return r == ',' || r == ' ' }), func(s string) bool { return s == "" })
		delete(fields, session.ScopesOverride)
	}
	for _, both := range []struct{ settled, said map[string]string }{{fields, a.Fields}, {d.AuthorizationParams, a.Params}} {
		for name, v := range both.settled {
			if said, ok := both.said[name]; ok && said != v {
				return fault.Param("a parameter says something else than the connect session has settled")
			}
			both.said[name] = v
		}
	}
	return nil
}

// Check says what is wrong with what the browser brings, before the engine would say that the
// configuration is wrong. Values are not quoted.
func (a *Ask) Check(d *engine.Description) *fault.Error {
	known := map[string]bool{}
	for _, f := range d.Fields {
		known[f.Name] = true
		v := a.Fields[f.Name]
		if f.Credential {
			v = a.Credentials[f.Name].Reveal()
		}
		if err := f.Check(v); err != nil {
			return fault.Param(f.Title + " " + err.Error())
		}
	}
	for _, f := range d.Choices {
		known[f.Name] = true
	}
	for _, names := range []iter.Seq[string]{maps.Keys(a.Fields), maps.Keys(a.Credentials)} {
		for name := range names {
			if !known[name] {
				return fault.Param("the integration declares no field or credential by the name of one of the parameters; it has " + InputNames(d))
			}
		}
	}
	return nil
}

// AuthCodeOptions are the options of a flow through the provider's page.
func (a *Ask) AuthCodeOptions() *engine.AuthCodeOptions {
	o := &engine.AuthCodeOptions{Fields: a.Fields, Params: a.Params, Scopes: a.Scopes}
	if len(a.Credentials) > 0 {
		o.Credentials = a.Credentials
	}
	if a.Session != nil {
		o.Tags = a.Session.Tags
	}
	return o
}

// InputNames lists what the integration asks the user for, to be shown in errors.
func InputNames(d *engine.Description) string {
	var names []string
	for _, f := range d.Fields {
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
