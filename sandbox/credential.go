package sandbox

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// A guard is a header or a query parameter that every API request must have.
type guard struct {
	declared
	header     bool
	body       bool // a member of the body, and no parameter of the query
	credential bool
}

// signatureGuards are those of auth.signature.
func signatureGuards(s *schema.RequestSignature) (guards []guard, err error) {
	if s == nil {
		return nil, nil
	}
	for _, from := range []struct {
		values map[string]string
		header bool
	}{{s.Headers, true}, {s.Params, false}} {
		list, err := compileAll(from.values)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			guards = append(guards, guard{declared: d, header: from.header, credential: true})
		}
	}
	return guards, nil
}

// where names the guard's place, for people.
func (g *guard) where() string {
	if g.header {
		return "header " + g.name
	}
	if g.body {
		return "body member " + g.name
	}
	return "query parameter " + g.name
}

func (g *guard) value(r *http.Request, query url.Values) string {
	if g.header {
		return r.Header.Get(g.name)
	}
	return query.Get(g.name)
}

func compileGuards(i *schema.Integration, headers, params map[string]string) ([]guard, error) {
	secret := func(namespace, field string) bool {
		return namespace == "credentials" || i.Connection[field].Secret
	}
	var guards []guard
	for _, from := range []struct {
		values map[string]string
		header bool
	}{{headers, true}, {params, false}} {
		list, err := compileAll(from.values)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			g := guard{declared: d, header: from.header}
			g.credential = slices.ContainsFunc(d.form.names(), func(name string) bool { return schema.IsCredential(name, secret) })
			if d.text != "" && !strings.EqualFold(d.name, "Host") {
				guards = append(guards, g)
			}
		}
	}
	return guards, nil
}

// A caller is who a request's credential says is calling.
type caller struct {
	key    string // tells connections apart; never a credential
	access claims // zero unless an access token was shown
}

// checkCredential checks the credential where the blueprint puts it.
func (p *Provider) checkCredential(guards []guard, r *http.Request, query url.Values, shown *seen) (caller, *refusal) {
	var who caller
	get := func(g *guard) func(string) string { return func(string) string { return g.value(r, query) } }
	for i := range guards {
		g := &guards[i]
		p.take(shown, []declared{g.declared}, get(g))
	}
	for i := range guards {
		g := &guards[i]
		if !g.credential {
			continue
		}
		value := g.value(r, query)
		if value == "" {
			if p.optional(g.form) {
				continue
			}
			return who, refused(401, codeUnauthorized, "%s is missing; it reads %q", g.where(), g.text)
		}
		if len(r.Header.Values(g.name)) > 1 && g.header {
			return who, refused(401, codeUnauthorized, "%s is there more than once", g.where())
		}
		values, ok := g.form.read(value)
		if !ok {
			return who, refused(401, codeUnauthorized, "%s does not read like %q", g.where(), g.text)
		}
		for n, v := range values {
			if ref := p.checkAny(shown, g, g.form.refs[n], v, &who); ref != nil {
				return who, ref
			}
		}
	}
	return who, nil
}

// checkAny accepts a value that one of the alternatives accepts.
func (p *Provider) checkAny(shown *seen, g *guard, refs []schema.Ref, value string, who *caller) (ref *refusal) {
	for _, r := range refs {
		if r.Func != "" {
			ref = p.checkComputed(shown, g, r, value, who)
		} else {
			ref = p.checkRef(g, r, value, who)
		}
		if ref == nil {
			return nil
		}
	}
	return ref
}

// checkComputed checks what a function has made, and says where it stands.
func (p *Provider) checkComputed(shown *seen, g *guard, ref schema.Ref, value string, who *caller) *refusal {
	var inner *refusal
	bad := p.checkFunction(ref, value, shown, func(refs []schema.Ref, v string) *refusal {
		inner = p.checkAny(shown, g, refs, v, who)
		return inner
	})
	if bad == nil || bad == inner {
		return bad
	}
	return refused(bad.status, bad.code, "%s %s", g.where(), bad.reason)
}

func (p *Provider) checkRef(g *guard, ref schema.Ref, value string, who *caller) *refusal {
	if value == "" && ref.Name != "password" {
		return refused(401, codeUnauthorized, "%s has no value for ${%s}", g.where(), ref.Name)
	}
	namespace, field, _ := strings.Cut(ref.Name, ".")
	switch namespace {
	case "":
		if value != ref.Literal {
			return refused(401, codeUnauthorized, "%s does not read like %q", g.where(), g.text)
		}
	case "access_token", "oauth_token":
		if p.integration.Auth.AuthMode == schema.SignedJWT {
			return p.checkSigned(value, who)
		}
		return p.checkAccess("", value, who)
	case "token":
		return p.checkAccess(field, value, who)
	case "oauth_client_id", "oauth_client_secret", "app_api_key":
		if !p.agreesRef(ref, value) && p.configured(ref.Name) {
			return refused(401, codeUnauthorized, "%s holds another %s than the integration", g.where(), ref.Name)
		}
	case "basic_auth_encoded":
		return p.checkUserPassword(g, value, who)
	case "credentials":
		who.key += shortHash(value)
		return p.checkField(g, p.integration.Credentials[field], value)
	case "connection":
		return p.checkField(g, p.integration.Connection[field].Field, value)
	default:
		who.key += shortHash(value)
		return p.checkField(g, p.integration.Credentials[ref.Name], value)
	}
	return nil
}

func (p *Provider) configured(name string) bool {
	switch name {
	case "oauth_client_id":
		return p.integration.OAuthClientID != ""
	case "oauth_client_secret":
		return p.integration.OAuthClientSecret.IsSet()
	}
	return p.integration.AppAPIKey.IsSet()
}

// checkSigned checks an access token that the client has signed itself.
func (p *Provider) checkSigned(value string, who *caller) *refusal {
	t, ref := p.checkJWT(value)
	if ref != nil {
		if ref.code != codeExpired {
			ref.code = codeUnauthorized
		}
		return ref
	}
	who.key += shortHash(text(t.payload["iss"]) + text(t.header["kid"]))
	return nil
}

// checkAccess checks an access token. secondary is empty for the main one, where
// a token that was refreshed from a secondary chain is good too.
func (p *Provider) checkAccess(secondary, value string, who *caller) *refusal {
	c, ref := p.verify(kindAccess, "access token", value)
	if ref != nil {
		code := codeUnauthorized
		if c.Kind == kindAccess && c.Integration == p.Name() {
			code = codeExpired
		}
		return refused(401, code, "%s", ref.reason)
	}
	if secondary != "" && c.Secondary != secondary {
		return refused(401, codeUnauthorized, "the access token is not the one named %q", secondary)
	}
	if last := p.lastStep(c.Refreshed); c.Part != "" || c.Step != last {
		return refused(401, codeUnauthorized, "the access token is of an earlier answer; it is the one after auth.steps (%d of them) that counts", last)
	}
	who.access, who.key = c, c.Family
	return p.grants.check(c)
}

func (p *Provider) checkUserPassword(g *guard, value string, who *caller) *refusal {
	b, err := base64.StdEncoding.DecodeString(value)
	user, password, colon := strings.Cut(string(b), ":")
	switch {
	case err != nil || !colon:
		return refused(401, codeUnauthorized, "%s does not hold the Base64 of username:password", g.where())
	case user == "" && password == "":
		return refused(401, codeUnauthorized, "%s holds neither username nor password", g.where())
	}
	who.key += shortHash(user)
	if user != "" {
		if ref := p.checkField(g, p.integration.Credentials["username"], user); ref != nil {
			return ref
		}
	}
	if password == "" {
		return nil
	}
	return p.checkField(g, p.integration.Credentials["password"], password)
}

// checkField checks a value against the form that its field declares.
func (p *Provider) checkField(g *guard, f schema.Field, value string) *refusal {
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, value) {
		return refused(401, codeUnauthorized, "%s does not hold one of the declared values", g.where())
	}
	if !fitsField(f, value) {
		return refused(401, codeUnauthorized, "%s does not match the declared pattern %q", g.where(), f.Pattern)
	}
	return nil
}

// fitsField reports whether value is one that f declares.
func fitsField(f schema.Field, value string) bool {
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, value) {
		return false
	}
	re, err := regexp.Compile("^(?:" + f.Pattern + ")$")
	return f.Pattern == "" || err != nil || re.MatchString(value)
}

// checkStatic checks that the headers and parameters that every call has are
// there. Their value is the caller's choice, unless it is one that was looked up.
func (p *Provider) checkStatic(guards []guard, r *http.Request, query url.Values) *refusal {
	for i := range guards {
		g := &guards[i]
		if g.credential {
			continue
		}
		value := g.value(r, query)
		if value == "" && !p.optional(g.form) {
			return refused(400, "missing_"+strings.ReplaceAll(strings.ToLower(g.name), "-", "_"), "%s is missing; every request has one", g.where())
		}
		if value != "" && p.looksUp(g.form) && p.agrees(nil, g.form, value) != nil {
			return refused(403, "forbidden", "%s holds nothing that a look-up has answered", g.where())
		}
	}
	return nil
}

// looksUp reports whether a value is one that was looked up.
func (p *Provider) looksUp(f valueForm) bool {
	return slices.ContainsFunc(f.names(), func(name string) bool {
		field, ok := strings.CutPrefix(name, "connection.")
		return ok && p.integration.Connection[field].From == schema.FromRequest
	})
}

// withoutCredentials returns header and query as an echo may show them.
func (p *Provider) withoutCredentials(r *http.Request, query url.Values) (http.Header, url.Values) {
	h, q := r.Header.Clone(), url.Values{}
	for name, v := range query {
		q[name] = v
	}
	for _, name := range []string{"Authorization", "Cookie", "Proxy-Authorization", faultHeader, integrationHeader, certificateHeader} {
		h.Del(name)
	}
	for i := range p.guards {
		if g := &p.guards[i]; g.credential && g.header {
			h.Del(g.name)
		} else if g.credential {
			q.Del(g.name)
		}
	}
	return h, q
}
