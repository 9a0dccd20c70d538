package bench

import (
	"maps"

	"github.com/nango-lite/nango-lite/schema"
)

// ofOneUser returns what is played, as a provider that knows its user: where a field may
// hold anything, it takes what this user types, or what the provider itself has given, and
// no other value. all says whether the user types what is optional. What MCP_OAUTH2
// discovers lies beside the server, at addresses that the value does not begin.
func (e *Entry) ofOneUser(all bool) *schema.Integration {
	in := *e.Played
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return &in
	}
	in.Connection = maps.Clone(in.Connection)
	for name, value := range e.fields(all) {
		f := in.Connection[name]
		f.Field = onlyValue(f.Field, value)
		in.Connection[name] = f
	}
	for name, f := range in.Connection {
		if value := e.given(name, f); value != "" {
			f.Field = onlyValue(f.Field, value)
			in.Connection[name] = f
		}
	}
	in.Credentials = maps.Clone(in.Credentials)
	if in.Credentials == nil {
		in.Credentials = map[string]schema.Field{}
	}
	given := e.credentials()
	for _, name := range in.UserCredentials() {
		f := in.Credentials[name]
		if f.Optional && !all {
			continue
		}
		in.Credentials[name] = onlyValue(f, given.Field(name).Reveal())
	}
	return &in
}

// onlyValue returns f as a field that takes value alone, and its default.
func onlyValue(f schema.Field, value string) schema.Field {
	if len(f.Enum) > 0 || value == "" || f.Format == "private_key" {
		return f
	}
	f.Enum, f.Optional = []string{value}, false
	if f.Default != "" && f.Default != value {
		f.Enum = append(f.Enum, f.Default)
	}
	return f
}

// given returns what the sandbox gives for a field on the callback or in a token answer,
// or "".
func (e *Entry) given(name string, f schema.ConnectionField) string {
	switch f.From {
	case schema.FromCallback:
		f.Optional = false // it says all of them
		return typed(name, f.Field)
	case schema.FromTokenResponse:
		return at(e.tokenSample(), or(f.Path, name))
	}
	return ""
}
