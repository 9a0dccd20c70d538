package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// authorization: what is weaker than it could be needs a reason that users can
// read.
func authorization(v *version) {
	a := &v.Auth
	if c := a.Challenge(); a.AuthMode == schema.OAuth2 && c != schema.PKCES256 && !v.noted("auth.pkce") {
		how := "off"
		if c == schema.PKCEPlain {
			how = "plain"
		}
		v.report("unexplained-pkce", "auth.pkce", "PKCE is "+how+", and no note says why", "add a note with key: auth.pkce")
	}
	if a.TokenParams["grant_type"] == "password" && !v.noted("auth.token_params.grant_type") {
		v.report("unexplained-grant", "auth.token_params.grant_type", "the password grant is used, and no note says why",
			"add a note with key: auth.token_params.grant_type")
	}
	v.queryCredentials()
	v.scopes()
}

func (v *version) queryCredentials() {
	secret := func(namespace, field string) bool {
		f, _ := v.field(namespace + "." + field)
		return f.Secret || namespace == "credentials"
	}
	isQuery := func(at string) bool {
		return strings.HasPrefix(at, "requests.params.") || strings.HasPrefix(at, "auth.token_request.query.") ||
			(v.Auth.TokenRequestMethod == "GET" || v.Auth.BodyFormat == "query") && (strings.HasPrefix(at, "auth.token_params.") || strings.HasPrefix(at, "auth.refresh_params."))
	}
	templates := v.templates()
	for _, at := range slices.Sorted(maps.Keys(templates)) {
		if !isQuery(at) {
			continue
		}
		for _, ref := range templates[at].Refs() {
			if schema.IsCredential(ref, secret) && !v.noted(at) {
				v.report("unexplained-query-credential", at, fmt.Sprintf("${%s} is sent in the query, where logs keep it, and no note says why", ref),
					"send it in a header if the API takes it there, or add a note with key: "+at)
			}
		}
	}
	if v.Auth.BodyFormat == "query" && !v.noted("auth.body_format") {
		v.report("unexplained-query-credential", "auth.body_format", "the code or the token is sent in the query, where logs keep it, and no note says why",
			"add a note with key: auth.body_format")
	}
	if v.Auth.TokenRequestMethod == "GET" && !v.noted("auth.token_request_method") {
		v.report("unexplained-query-credential", "auth.token_request_method", "the code and the secret are sent in the query, where logs keep them, and no note says why",
			"add a note with key: auth.token_request_method")
	}
}

// noted reports whether a note is about a path or a section that it is in.
func (v *version) noted(at string) bool {
	return slices.ContainsFunc(v.Notes, func(n schema.Note) bool {
		return n.Key == at || n.Key != "" && strings.Count(n.Key, ".") > 0 && strings.HasPrefix(at, n.Key+".")
	})
}

var separatorWord = lazyregexp.New(`[A-Za-z0-9]`)

func (v *version) scopes() {
	a := &v.Auth
	separator := a.Separator()
	if a.ScopeSeparator != nil {
		switch {
		case a.AsksNoScopes():
			v.report("scope-separator", "auth.scope_separator", "a separator where no scopes are asked for", "")
		case separator == "":
			v.report("scope-separator", "auth.scope_separator", "without a separator, scopes run into each other", "")
		case separatorWord().MatchString(separator):
			v.report("scope-separator", "auth.scope_separator", fmt.Sprintf("%q is more like a scope than like a separator", separator),
				"write the character itself; it is encoded on the way")
		}
	}
	for i, s := range a.DefaultScopes {
		if s == "" || separator != "" && strings.Contains(s, separator) {
			v.report("scope-separator", fmt.Sprintf("auth.default_scopes.%d", i), fmt.Sprintf("%q is not one scope", s), "make it one item each")
		}
	}
}
