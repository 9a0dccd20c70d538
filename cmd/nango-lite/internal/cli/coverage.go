package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// Who brings a value.
const (
	byOperator = "operator"
	byUser     = "user"
)

// bring lists what the blueprint cannot know: first what the operator writes into
// the file, then what each user types.
func (e entry) bring() []broughtValue {
	out := []broughtValue{}
	auth := &e.version.Auth
	if auth.AuthMode == schema.OAuth2 || auth.AuthMode == schema.OAuth1 {
		out = append(out, broughtValue{By: byOperator, Name: "oauth_client_id",
			Description: "Of an OAuth app that you register with " + e.blueprint.DisplayName + ", with the redirect URL " + defaultRedirect + " for connections from the command line."})
		if auth.ClientAuth() != schema.ClientAuthNone {
			out = append(out, broughtValue{By: byOperator, Name: "oauth_client_secret", Secret: true})
		}
		if auth.AuthMode == schema.OAuth2 && auth.Scopes != "none" && len(auth.DefaultScopes) == 0 {
			out = append(out, broughtValue{By: byOperator, Name: "oauth_scopes", Description: "What the app asks the user for."})
		}
	}
	if e.wants("app_api_key") {
		out = append(out, broughtValue{By: byOperator, Name: "app_api_key", Secret: true})
	}
	for _, name := range slices.Sorted(maps.Keys(e.version.Connection)) {
		if f := e.version.Connection[name]; f.From == schema.FromUser {
			out = append(out, asked("connection."+name, f.Field))
		}
	}
	names := slices.Sorted(maps.Keys(e.version.Credentials))
	for _, own := range ownCredentials(auth.AuthMode) {
		if !slices.Contains(names, own) {
			names = append(names, own)
		}
	}
	slices.SortFunc(names, func(a, b string) int { // the user name before its password
		return slices.Index(ownCredentials(auth.AuthMode), a) - slices.Index(ownCredentials(auth.AuthMode), b)
	})
	for _, name := range names {
		out = append(out, asked(name, e.version.Credentials[name]))
	}
	return out
}

func ownCredentials(mode schema.AuthMode) []string {
	switch mode {
	case schema.APIKey:
		return []string{"api_key"}
	case schema.UsernamePassword:
		return []string{"username", "password"}
	}
	return nil
}

func asked(name string, f schema.Field) broughtValue {
	text := f.Description
	if f.Title != "" {
		text = strings.TrimSpace(strings.TrimSuffix(f.Title, ".") + ". " + text)
	}
	return broughtValue{By: byUser, Name: name, Description: text, Format: f.Format, Enum: f.Enum, Example: f.Example,
		Optional: f.Optional || f.Default != "", Secret: f.Secret}
}

// coverage says what the blueprint takes off its users' hands.
func (e entry) coverage() []covered {
	v, r := e.version, &e.version.Requests
	return []covered{
		{"authorization", describeAuth(&v.Auth)},
		{"revocation", either(v.Auth.RevocationURL != "", "at the provider, when a connection is removed")},
		{"retries", describeRetries(r.Retries)},
		{"rate limit", describeRateLimit(r.RateLimit)},
		{"pagination", describePagination(r.Pagination)},
		{"errors", describeErrors(r.Errors)},
		{"verify", describeVerify(r.Verify)},
		{"sandbox", either(len(v.Samples) > 0, "answers from "+plural(len(v.Samples), "sample"))},
	}
}

func either(ok bool, text string) string {
	if !ok {
		return ""
	}
	return text
}

func describeAuth(a *schema.Auth) string {
	if a.AuthMode != schema.OAuth2 {
		return string(a.AuthMode)
	}
	text := "OAUTH2, PKCE " + string(a.Challenge())
	if a.Challenge() == schema.PKCEOff {
		text = "OAUTH2, without PKCE"
	}
	return text + ", client secret by " + a.ClientAuth()
}

func describeRetries(r *schema.Retries) string {
	text := "timeouts, lost connections, 502, 503, 504"
	if r != nil && len(r.Statuses) > 0 {
		text = "timeouts, lost connections, " + joinInts(r.Statuses)
	}
	if r != nil && len(r.Safe) > 0 {
		text += "; also " + strings.Join(r.Safe, ", ")
	}
	return text
}

func describeRateLimit(r *schema.RateLimit) string {
	if r == nil {
		return "429 with Retry-After"
	}
	var parts []string
	for _, c := range r.Detect {
		parts = append(parts, describeCondition(c))
	}
	text := strings.Join(parts, "; or ")
	if b := r.Budget; b != nil && b.Requests > 0 {
		per := b.PerSeconds
		if per == 0 {
			per = 1
		}
		text = strings.TrimPrefix(text+"; ", "; ") + fmt.Sprintf("at most %g requests in %g s", b.Requests, per)
	}
	return text
}

func describePagination(p *schema.Pagination) string {
	if p == nil {
		return ""
	}
	return "by " + p.Kind
}

func describeErrors(e *schema.Errors) string {
	if e == nil {
		return ""
	}
	var parts []string
	if e.Code != "" {
		parts = append(parts, "code")
	}
	if e.Message != "" {
		parts = append(parts, "message")
	}
	if e.RequestID != nil {
		parts = append(parts, "request id")
	}
	if len(e.Rules) > 0 {
		parts = append(parts, plural(len(e.Rules), "rule"))
	}
	return strings.Join(parts, ", ")
}

func describeVerify(v *schema.Verify) string {
	if v == nil {
		return ""
	}
	method := v.Method
	if method == "" {
		method = "GET"
	}
	return method + " " + v.Path
}

// describeCondition puts a condition on an answer into words.
func describeCondition(c schema.Condition) string {
	var parts []string
	if len(c.Status) > 0 {
		parts = append(parts, "status "+joinInts(c.Status))
	}
	if len(c.Code) > 0 {
		parts = append(parts, "code "+strings.Join(c.Code, " or "))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Header)) {
		parts = append(parts, equals("header "+name, c.Header[name]))
	}
	for _, path := range slices.Sorted(maps.Keys(c.Body)) {
		parts = append(parts, equals("body "+path, fmt.Sprint(c.Body[path])))
	}
	return strings.Join(parts, ", ")
}

func equals(what, value string) string {
	if value == "*" {
		return what
	}
	return what + " " + value
}

func joinInts(list []int) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ", ")
}
