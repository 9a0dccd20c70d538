package server

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// typedModes are the routes by which users connect with what they type, without a page
// of the provider's, and the modes that each is for. They are those of Nango's frontend
// client; the last one is ours, and for all modes.
var typedModes = map[string][]schema.AuthMode{
	"/api-auth/api-key/{integration}":     {schema.APIKey},
	"/api-auth/basic/{integration}":       {schema.UsernamePassword},
	"/oauth2/auth/{integration}":          {schema.OAuth2CC},
	"/auth/two-step/{integration}":        {schema.TwoStep},
	"/auth/bill/{integration}":            {schema.TwoStep},
	"/auth/jwt/{integration}":             {schema.SignedJWT, schema.App},
	"/auth/signature/{integration}":       {schema.Signature},
	"/auth/tba/{integration}":             {schema.TBA},
	"/auth/aws-sigv4/{integration}":       {schema.AWSSigV4},
	"/auth/unauthenticated/{integration}": {schema.NoAuth},
	"/connect/credentials/{integration}": {
		schema.APIKey, schema.UsernamePassword, schema.OAuth2CC, schema.TwoStep, schema.SignedJWT, schema.App,
		schema.Signature, schema.TBA, schema.AWSSigV4, schema.NoAuth,
	},
}

// outbound is a route of Nango's client for a mode that there is not.
const outbound = "/auth/oauth-outbound/{integration}"

func (s *Server) refuseOutbound(x *exchange) {
	x.fail(http.StatusNotImplemented, "auth_mode_err", "installing at the provider first is no way to connect here")
}

// connectTyped is POST of one of those routes.
func (s *Server) connectTyped(x *exchange, modes []schema.AuthMode) {
	a, err := s.askOf(x.r.Context(), x.r, x.r.PathValue("integration"))
	var described *engine.Description
	if err == nil {
		described, err = s.typedInto(a, modes)
	}
	if err != nil {
		x.failConnect(err)
		return
	}
	x.conn = a.key
	given := engine.Credentials{}
	for name, v := range a.credentials {
		given.SetField(name, v)
	}
	if x.r.ContentLength != 0 && !s.readTyped(x, described, a, &given) {
		return
	}
	c, failed := s.engine.Connect(x.r.Context(), a.key, given, a.connect())
	if failed != nil {
		x.failConnect(connectErrorOf(failed, typedFailures))
		return
	}
	if err := s.sessionHasMade(x.r.Context(), a.session.record.ID, a.key.Integration); err != nil && s.opts.Logger != nil {
		s.opts.Logger.WarnContext(x.r.Context(), "a connect session could not be noted as used", "integration", a.key.Integration, "connection", a.key.ConnectionID)
	}
	answer := map[string]any{"providerConfigKey": a.key.Integration, "connectionId": a.key.ConnectionID}
	if open, err := s.engine.OpenFields(c); err == nil && len(open) > 0 {
		names := []string{}
		for _, f := range open {
			names = append(names, f.Name)
		}
		answer["isPending"], answer["openFields"] = true, names
	}
	x.json(http.StatusOK, answer)
}

// typedInto checks that an ask can be met by what a user types.
func (s *Server) typedInto(a *ask, modes []schema.AuthMode) (*engine.Description, *connectError) {
	switch {
	case a.session == nil:
		return nil, connectErrorf(http.StatusUnauthorized, "missing_connect_session_token", "connecting with credentials needs a connect session")
	case len(a.params) > 0:
		return nil, badParam("there is no page to give authorization_params to")
	case a.to != (destination{}):
		return nil, badParam("the result is the answer; it is told nobody else")
	case len(a.scopes) > 0:
		return nil, badParam("the connect session settles scopes, which only consent at a page has")
	}
	d, err := s.engine.Describe(a.key.Integration)
	if err != nil {
		return nil, connectErrorOf(err, typedFailures)
	}
	if !slices.Contains(modes, d.AuthMode) {
		return nil, connectErrorf(http.StatusBadRequest, "auth_mode_err", "this integration wants "+string(d.AuthMode)+"; "+waysOf(d.AuthMode))
	}
	return d, nil
}

// waysOf names the route for a mode.
func waysOf(mode schema.AuthMode) string {
	for _, route := range slices.Sorted(maps.Keys(typedModes)) {
		if len(typedModes[route]) <= 2 && slices.Contains(typedModes[route], mode) {
			return "its route is " + route
		}
	}
	return "its route is /oauth/connect/{integration}"
}

// readTyped reads what the user typed: members of a JSON object, named as the
// integration names its credentials and fields, or as Nango's client writes them:
// apiKey for api_key, privateKey.id for private_key_id.
func (s *Server) readTyped(x *exchange, d *engine.Description, a *ask, given *engine.Credentials) bool {
	var body map[string]any
	if !s.readJSON(x, &body) {
		return false
	}
	bad := func(message string) bool {
		x.fail(http.StatusBadRequest, "invalid_body", message)
		return false
	}
	if t, ok := body["type"]; ok && !declares(d, "type") {
		if t != credentialType(d.AuthMode) && t != string(d.AuthMode) {
			return bad("type is another than the integration's auth mode")
		}
		delete(body, "type")
	}
	if option, ok := body["assertionOption"].(map[string]any); ok && len(option) == 0 {
		delete(body, "assertionOption")
	}
	typed := map[string]string{}
	if !flatten(typed, "", body) {
		return bad("each credential is a text")
	}
	for _, name := range slices.Sorted(maps.Keys(typed)) {
		f := fieldOf(d, name)
		switch {
		case f == nil:
			return bad("the integration declares no credential or field by the name of one of the members; it has " + inputNames(d))
		case f.Credential && given.Field(f.Name).IsSet() && given.Field(f.Name).Reveal() != typed[name]:
			return bad(f.Name + " is given twice")
		case f.Credential:
			given.SetField(f.Name, schema.NewSecret(typed[name]))
		case a.fields[f.Name] != "" && a.fields[f.Name] != typed[name]:
			return bad(f.Name + " is settled, or given twice")
		default:
			a.fields[f.Name] = typed[name]
		}
	}
	return true
}

// flatten puts the texts of v into out, with the names of nested members joined.
func flatten(out map[string]string, name string, v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		_, twice := out[name]
		if v != "" {
			out[name] = v
		}
		return !twice
	case map[string]any:
		for member, inner := range v {
			if name != "" {
				member = name + "_" + member
			}
			if !flatten(out, member, inner) {
				return false
			}
		}
		return true
	}
	return false
}

// fieldOf returns what the integration asks the user for by that name, or by one that
// is spelled as JavaScript spells.
func fieldOf(d *engine.Description, name string) *engine.InputField {
	var like *engine.InputField
	for _, list := range [][]engine.InputField{d.Fields, d.Choices} {
		for i := range list {
			switch {
			case list[i].Name == name:
				return &list[i]
			case plainName(list[i].Name) == plainName(name):
				like = &list[i]
			}
		}
	}
	return like
}

func plainName(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
}

func declares(d *engine.Description, name string) bool {
	return slices.ContainsFunc(d.Fields, func(f engine.InputField) bool { return f.Name == name })
}

func inputNames(d *engine.Description) string {
	var names []string
	for _, f := range d.Fields {
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// connect are the options of a connection that is made with what the user typed, and
// tried before it is stored.
func (a *ask) connect() *engine.ConnectOptions {
	return &engine.ConnectOptions{Fields: a.fields, Tags: a.session.Tags, Verify: true}
}
