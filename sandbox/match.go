package sandbox

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// A declared value is a name (of a header or a parameter) and the template that
// its value follows.
type declared struct {
	name string
	text string // the template as written
	form valueForm
}

// A valueForm reads a value by its template.
type valueForm struct {
	re   *regexp.Regexp
	refs [][]schema.Ref // of each group
}

func compileForm(text string) (valueForm, error) {
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return valueForm{}, err
	}
	var f valueForm
	var re strings.Builder
	for _, part := range t.Parts {
		if part.Refs == nil {
			re.WriteString(regexp.QuoteMeta(part.Literal))
			continue
		}
		re.WriteString("(.*?)")
		f.refs = append(f.refs, part.Refs)
	}
	f.re, err = regexp.Compile("(?s)^" + re.String() + "$")
	return f, err
}

// literal reports whether the value stands in the template in full.
func (f valueForm) literal() bool { return len(f.refs) == 0 }

// read takes value apart. ok is false if it is not of the template's form.
func (f valueForm) read(value string) (values []string, ok bool) {
	m := f.re.FindStringSubmatch(value)
	if m == nil {
		return nil, false
	}
	return m[1:], true
}

// names returns the names in the template.
func (f valueForm) names() []string {
	var names []string
	for _, refs := range f.refs {
		names = append(names, schema.Template{Parts: []schema.Part{{Refs: refs}}}.Refs()...)
	}
	return names
}

// compileAll compiles a map of templates, sorted by name.
func compileAll(m map[string]string) ([]declared, error) {
	var out []declared
	for name, text := range m {
		form, err := compileForm(text)
		if err != nil {
			return nil, err
		}
		out = append(out, declared{name, text, form})
	}
	slices.SortFunc(out, func(a, b declared) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// compileQuery compiles the query of a declared URL.
func compileQuery(query string) ([]declared, error) {
	m := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(value); err == nil && !strings.Contains(value, "${") {
			value = schema.EscapeTemplate(plain)
		}
		if name != "" {
			m[name] = value
		}
	}
	return compileAll(m)
}

// A paramSet is what the blueprint adds to the OAuth requests.
type paramSet struct {
	authorization, request, realm, token, refresh, query, headers, device, introspect, revoke, revokeQuery, revokeHeaders []declared
}

func compileParams(a *schema.Auth) (s paramSet, err error) {
	revocation := schema.Revocation{}
	if a.RevocationRequest != nil {
		revocation = *a.RevocationRequest
	}
	lists := []struct {
		to   *[]declared
		from map[string]string
	}{
		{&s.revoke, revocation.Params},
		{&s.revokeQuery, revocation.Query},
		{&s.revokeHeaders, revocation.Headers},
		{&s.authorization, a.AuthorizationParams},
		{&s.token, a.TokenParams},
		{&s.request, a.RequestParams},
		{&s.realm, map[string]string{"realm": a.SignatureRealm}},
		{&s.refresh, a.RefreshParams},
		{&s.headers, a.TokenHeaders},
		{&s.device, a.DeviceAuthorizationParams},
		{&s.introspect, a.IntrospectionParams},
	}
	for _, l := range lists {
		if *l.to, err = compileAll(l.from); err != nil {
			return s, err
		}
	}
	if a.TokenRequest != nil {
		s.query, err = compileAll(a.TokenRequest.Query)
	}
	return s, err
}

// checkDeclared compares the values of a request with the declared ones. What a
// connection supplies must be there; what is known must be equal. Standard names
// are the caller's business and skipped. where says where the values belong.
func (p *Provider) checkDeclared(want []declared, get func(string) string, where string, skip ...string) *refusal {
	return p.checkShown(nil, want, get, where, skip...)
}

// checkShown is checkDeclared, given what else the request shows.
func (p *Provider) checkShown(s *seen, want []declared, get func(string) string, where string, skip ...string) *refusal {
	for _, d := range want {
		if slices.Contains(skip, d.name) || d.text == "" {
			continue
		}
		value := get(d.name)
		if value == "" {
			if p.optional(d.form) {
				continue
			}
			return refused(400, "invalid_request", "%q is missing from %s, where the blueprint declares it", d.name, where)
		}
		if ref := p.agrees(s, d.form, value); ref != nil {
			return refused(400, "invalid_request", "%q in %s %s", d.name, where, ref.reason)
		}
	}
	return nil
}

// agrees says, as the end of a sentence, why value is not what the template gives, as far as known here.
func (p *Provider) agrees(s *seen, f valueForm, value string) *refusal {
	values, ok := f.read(value)
	if !ok {
		return otherValue
	}
	for n, v := range values {
		if ref := p.agreesAny(s, f.refs[n], v); ref != nil {
			return ref
		}
	}
	return nil
}

var otherValue = &refusal{reason: "has another value than the blueprint declares"}

func (p *Provider) agreesAny(s *seen, refs []schema.Ref, value string) (ref *refusal) {
	for _, r := range refs {
		switch {
		case r.Func != "":
			ref = p.checkFunction(r, value, s, func(refs []schema.Ref, v string) *refusal { return p.agreesAny(s, refs, v) })
		case p.agreesRef(r, value):
			ref = nil
		default:
			ref = otherValue
		}
		if ref == nil {
			return nil
		}
	}
	return ref
}

func (p *Provider) agreesRef(ref schema.Ref, value string) bool {
	switch ref.Name {
	case "":
		return value == ref.Literal
	case "oauth_client_id":
		return same(value, p.integration.OAuthClientID)
	case "oauth_client_secret":
		return same(value, p.integration.OAuthClientSecret.Reveal())
	case "app_api_key":
		return same(value, p.integration.AppAPIKey.Reveal())
	case "key_fingerprint":
		key, err := p.jwtKey()
		want, ok := signingkey.Fingerprint(key)
		return err == nil && ok && value == want
	}
	namespace, field, _ := strings.Cut(ref.Name, ".")
	switch namespace {
	case "credentials":
		return value != "" && p.checkField(&guard{}, p.integration.Credentials[field], value) == nil
	case "connection":
		return value != "" && p.checkField(&guard{}, p.integration.Connection[field].Field, value) == nil
	}
	return value != ""
}

// optional reports whether the value may be absent because a field of the
// connection that it needs may be.
func (p *Provider) optional(f valueForm) bool {
	return slices.ContainsFunc(f.names(), func(name string) bool {
		namespace, field, _ := strings.Cut(name, ".")
		switch namespace {
		case "connection":
			return p.integration.Connection[field].Optional
		case "credentials":
			return p.integration.Credentials[field].Optional
		}
		return false
	})
}
