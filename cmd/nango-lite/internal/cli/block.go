package cli

import (
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// block returns what to paste below "integrations:" to use a blueprint, and the
// variables that it takes.
func (e entry) block() (lines, variables []string) {
	name := e.blueprint.Name
	auth := &e.version.Auth
	lines = []string{name + ":", "    extends_blueprint: " + e.ref()}
	add := func(line string) { lines = append(lines, "    "+line) }
	variable := func(what string) string {
		v := envName(name) + "_" + what
		variables = append(variables, v)
		return "${" + v + "}"
	}
	if auth.AuthMode == schema.OAuth2 || auth.AuthMode == schema.OAuth1 {
		lines = append(lines, "")
		add("oauth_client_id: <YOUR " + strings.ToUpper(e.blueprint.DisplayName) + " CLIENT ID>")
		if auth.ClientAuth() != schema.ClientAuthNone {
			add("oauth_client_secret: " + variable("CLIENT_SECRET"))
		}
		if auth.AuthMode == schema.OAuth2 {
			add(e.scopesLine())
		}
	}
	if e.wants("app_api_key") {
		add("app_api_key: " + variable("APP_API_KEY"))
	}
	return lines, variables
}

func (e entry) scopesLine() string {
	auth := &e.version.Auth
	switch {
	case auth.Scopes == "none":
		return "oauth_scopes: '' # this API has no scopes"
	case len(auth.DefaultScopes) > 0:
		return "# oauth_scopes: [" + strings.Join(quoted(auth.DefaultScopes), ", ") + "] # the default"
	}
	return "oauth_scopes: <YOUR SCOPES> # a list, such as [read, write]"
}

func quoted(scopes []string) []string {
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return out
}

// wants reports whether a request of the version carries a placeholder.
func (e entry) wants(placeholder string) bool {
	r := &e.version.Requests
	texts := slices.Concat([]string{r.BaseURL}, slices.Collect(maps.Values(r.Headers)), slices.Collect(maps.Values(r.Params)),
		slices.Collect(maps.Values(e.version.Auth.TokenParams)), slices.Collect(maps.Values(e.version.Auth.TokenHeaders)))
	for _, text := range texts {
		if t, err := schema.ParseTemplate(text); err == nil && slices.Contains(t.Refs(), placeholder) {
			return true
		}
	}
	return false
}

// envName makes the first part of a variable's name.
func envName(name string) string {
	s := strings.ToUpper(strings.NewReplacer("-", "_", ".", "_", "~", "_").Replace(name))
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		return "_" + s
	}
	return s
}
