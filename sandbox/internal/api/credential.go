package api

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/schema"
)

// A caller is who a request's credential says is calling.
type caller struct {
	key    string       // tells connections apart; never a credential
	access grant.Claims // zero unless an access token was shown
}

// checkCredential checks the credential where the blueprint puts it.
func (p *gate) checkCredential(guards []match.Guard, r *http.Request, query url.Values, shown *match.Seen) (caller, *message.Refusal) {
	var who caller
	get := func(g *match.Guard) func(string) string { return func(string) string { return g.Value(r, query) } }
	for i := range guards {
		g := &guards[i]
		p.Take(shown, []match.Declared{g.Declared}, get(g))
	}
	for i := range guards {
		g := &guards[i]
		if !g.Credential {
			continue
		}
		value := g.Value(r, query)
		if value == "" {
			if p.Optional(g.Form) {
				continue
			}
			return who, message.Refused(401, message.CodeUnauthorized, "%s is missing; it reads %q", g.Where(), g.Text)
		}
		if len(r.Header.Values(g.Name)) > 1 && g.Header {
			return who, message.Refused(401, message.CodeUnauthorized, "%s is there more than once", g.Where())
		}
		values, ok := g.Form.Read(value)
		if !ok {
			return who, message.Refused(401, message.CodeUnauthorized, "%s does not read like %q", g.Where(), g.Text)
		}
		for n, v := range values {
			if ref := p.checkAny(shown, g, g.Form.Refs[n], v, &who); ref != nil {
				return who, ref
			}
		}
	}
	return who, nil
}

// checkAny accepts a value that one of the alternatives accepts.
func (p *gate) checkAny(shown *match.Seen, g *match.Guard, refs []schema.Ref, value string, who *caller) (ref *message.Refusal) {
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
func (p *gate) checkComputed(shown *match.Seen, g *match.Guard, ref schema.Ref, value string, who *caller) *message.Refusal {
	var inner *message.Refusal
	bad := p.CheckFunction(ref, value, shown, func(refs []schema.Ref, v string) *message.Refusal {
		inner = p.checkAny(shown, g, refs, v, who)
		return inner
	})
	if bad == nil || bad == inner {
		return bad
	}
	return message.Refused(bad.Status, bad.Code, "%s %s", g.Where(), bad.Reason)
}

func (p *gate) checkRef(g *match.Guard, ref schema.Ref, value string, who *caller) *message.Refusal {
	if value == "" && ref.Name != "password" {
		return message.Refused(401, message.CodeUnauthorized, "%s has no value for ${%s}", g.Where(), ref.Name)
	}
	namespace, field, _ := strings.Cut(ref.Name, ".")
	switch namespace {
	case "":
		if value != ref.Literal {
			return message.Refused(401, message.CodeUnauthorized, "%s does not read like %q", g.Where(), g.Text)
		}
	case "access_token", "oauth_token":
		if p.Integration.Auth.AuthMode == schema.SignedJWT {
			return p.checkSigned(value, who)
		}
		return p.checkAccess("", value, who)
	case "token":
		return p.checkAccess(field, value, who)
	case "oauth_client_id", "oauth_client_secret", "app_api_key":
		if !p.AgreesRef(ref, value) && p.Configured(ref.Name) {
			return message.Refused(401, message.CodeUnauthorized, "%s holds another %s than the integration", g.Where(), ref.Name)
		}
	case "basic_auth_encoded":
		return p.checkUserPassword(g, value, who)
	case "credentials":
		who.key += message.ShortHash(value)
		return p.checkField(g, p.Integration.Credentials[field], value)
	case "connection":
		return p.checkField(g, p.Integration.Connection[field].Field, value)
	default:
		who.key += message.ShortHash(value)
		return p.checkField(g, p.Integration.Credentials[ref.Name], value)
	}
	return nil
}

// checkSigned checks an access token that the client has signed itself.
func (p *gate) checkSigned(value string, who *caller) *message.Refusal {
	t, ref := p.CheckJWT(value)
	if ref != nil {
		if ref.Code != message.CodeExpired {
			ref.Code = message.CodeUnauthorized
		}
		return ref
	}
	who.key += message.ShortHash(message.Text(t.Payload["iss"]) + message.Text(t.Header["kid"]))
	return nil
}

// checkAccess checks an access token. secondary is empty for the main one, where
// a token that was refreshed from a secondary chain is good too.
func (p *gate) checkAccess(secondary, value string, who *caller) *message.Refusal {
	c, ref := p.Verify(grant.KindAccess, "access token", value)
	if ref != nil {
		code := message.CodeUnauthorized
		if c.Kind == grant.KindAccess && c.Integration == p.Name() {
			code = message.CodeExpired
		}
		return message.Refused(401, code, "%s", ref.Reason)
	}
	if secondary != "" && c.Secondary != secondary {
		return message.Refused(401, message.CodeUnauthorized, "the access token is not the one named %q", secondary)
	}
	if last := p.LastStep(c.Refreshed); c.Part != "" || c.Step != last {
		return message.Refused(401, message.CodeUnauthorized, "the access token is of an earlier answer; it is the one after auth.steps (%d of them) that counts", last)
	}
	who.access, who.key = c, c.Family
	return p.Grants.Check(c)
}

func (p *gate) checkUserPassword(g *match.Guard, value string, who *caller) *message.Refusal {
	b, err := base64.StdEncoding.DecodeString(value)
	user, password, colon := strings.Cut(string(b), ":")
	switch {
	case err != nil || !colon:
		return message.Refused(401, message.CodeUnauthorized, "%s does not hold the Base64 of username:password", g.Where())
	case user == "" && password == "":
		return message.Refused(401, message.CodeUnauthorized, "%s holds neither username nor password", g.Where())
	}
	who.key += message.ShortHash(user)
	if user != "" {
		if ref := p.checkField(g, p.Integration.Credentials["username"], user); ref != nil {
			return ref
		}
	}
	if password == "" {
		return nil
	}
	return p.checkField(g, p.Integration.Credentials["password"], password)
}

// checkField checks a value against the form that its field declares.
func (p *gate) checkField(g *match.Guard, f schema.Field, value string) *message.Refusal {
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, value) {
		return message.Refused(401, message.CodeUnauthorized, "%s does not hold one of the declared values", g.Where())
	}
	if !match.FitsField(f, value) {
		return message.Refused(401, message.CodeUnauthorized, "%s does not match the declared pattern %q", g.Where(), f.Pattern)
	}
	return nil
}

// checkStatic checks that the headers and parameters that every call has are
// there. Their value is the caller's choice, unless it is one that was looked up.
func (p *gate) checkStatic(guards []match.Guard, r *http.Request, query url.Values) *message.Refusal {
	for i := range guards {
		g := &guards[i]
		if g.Credential {
			continue
		}
		value := g.Value(r, query)
		if value == "" && !p.Optional(g.Form) {
			return message.Refused(400, "missing_"+strings.ReplaceAll(strings.ToLower(g.Name), "-", "_"), "%s is missing; every request has one", g.Where())
		}
		if value != "" && p.looksUp(g.Form) && p.Agrees(nil, g.Form, value) != nil {
			return message.Refused(403, "forbidden", "%s holds nothing that a look-up has answered", g.Where())
		}
	}
	return nil
}

// looksUp reports whether a value is one that was looked up.
func (p *gate) looksUp(f match.ValueForm) bool {
	return slices.ContainsFunc(f.Names(), func(name string) bool {
		field, ok := strings.CutPrefix(name, "connection.")
		return ok && p.Integration.Connection[field].From == schema.FromRequest
	})
}

// withoutCredentials returns header and query as an echo may show them.
func (p *gate) withoutCredentials(r *http.Request, query url.Values) (http.Header, url.Values) {
	h, q := r.Header.Clone(), url.Values{}
	for name, v := range query {
		q[name] = v
	}
	for _, name := range []string{"Authorization", "Cookie", "Proxy-Authorization", play.FaultHeader, message.IntegrationHeader, message.CertificateHeader} {
		h.Del(name)
	}
	for i := range p.guards {
		if g := &p.guards[i]; g.Credential && g.Header {
			h.Del(g.Name)
		} else if g.Credential {
			q.Del(g.Name)
		}
	}
	return h, q
}
