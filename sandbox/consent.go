package sandbox

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

const (
	consentLifetime = 10 * time.Minute
	codeLifetime    = 60 * time.Second
)

// standardParams of an authorization request; authorization_params cannot
// replace them.
var standardParams = []string{"response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "resource"}

// serveConsent plays the authorization endpoint (RFC 6749 3.1). A request that is
// not in order gets a page that says why, and never a redirect: a person is
// looking.
func (p *Provider) serveConsent(w http.ResponseWriter, r *http.Request, at location) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		check := p.checkAuthorization
		if p.integration.Auth.AuthMode == schema.OAuth1 {
			check = p.checkTemporary
		}
		c, ref := check(r.URL.Query(), at)
		if ref != nil {
			p.writeRefusalPage(w, r, ref)
			return
		}
		p.writeConsentPage(w, r, c)
	case http.MethodPost:
		p.decide(w, r)
	default:
		p.writeRefusalPage(w, r, refused(http.StatusMethodNotAllowed, "invalid_request", "the authorization URL takes GET, and POST from its form"))
	}
}

// checkAuthorization checks an authorization request, and returns what the form
// carries from the page to the decision.
func (p *Provider) checkAuthorization(q url.Values, at location) (claims, *refusal) {
	for _, name := range standardParams {
		if len(q[name]) > 1 {
			return claims{}, refused(400, "invalid_request", "%s is given more than once (RFC 6749 3.1)", name)
		}
	}
	shown := &seen{values: map[string][]string{}, checked: map[string]bool{}}
	p.take(shown, p.params.authorization, q.Get)
	checks := []func() *refusal{
		func() *refusal {
			if p.discovers() {
				return p.checkAsking(q.Get("client_id"), q.Get("redirect_uri"))
			}
			return p.checkClientID(q.Get("client_id"))
		},
		func() *refusal { return p.checkRedirectURI(q.Get("redirect_uri")) },
		func() *refusal {
			if got := q.Get("response_type"); got != "code" {
				return refused(400, "unsupported_response_type", "response_type must be code, not %q", got)
			}
			return nil
		},
		func() *refusal { return p.checkTarget(q.Get("resource")) },
		func() *refusal { return p.checkScope(q.Get("scope")) },
		func() *refusal { return p.checkChallenge(q) },
		func() *refusal { return p.checkShown(shown, at.query, q.Get, "the query of authorization_url") },
		func() *refusal {
			return p.checkShown(shown, p.params.authorization, q.Get, "the authorization request (authorization_params)", standardParams...)
		},
	}
	for _, check := range checks {
		if ref := check(); ref != nil {
			return claims{}, ref
		}
	}
	return claims{
		Kind: kindConsent, Client: q.Get("client_id"), Redirect: q.Get("redirect_uri"), Scope: q.Get("scope"),
		Resource: q.Get("resource"), State: q.Get("state"), Challenge: q.Get("code_challenge"), Method: q.Get("code_challenge_method"),
	}, nil
}

func (p *Provider) checkClientID(got string) *refusal {
	want := p.integration.OAuthClientID
	if got == "" {
		return refused(400, "invalid_request", "client_id is missing")
	}
	if want != "" && got != want {
		return refused(400, "unauthorized_client", "client_id %q is not the integration's oauth_client_id %q", got, want)
	}
	return nil
}

func (p *Provider) checkRedirectURI(got string) *refusal {
	u, err := url.Parse(got)
	switch {
	case got == "":
		return refused(400, "invalid_request", "redirect_uri is missing")
	case err != nil || !u.IsAbs() || u.Opaque != "" || u.Host == "" && (u.Scheme == "http" || u.Scheme == "https"):
		return refused(400, "invalid_request", "redirect_uri is not an absolute URI")
	case strings.Contains(got, "#"):
		return refused(400, "invalid_request", "redirect_uri has a fragment (RFC 6749 3.1.2)")
	case len(p.opts.RedirectURIs) > 0 && !slices.Contains(p.opts.RedirectURIs, got):
		return refused(400, "invalid_request", "redirect_uri is not one of those registered: %s", strings.Join(p.opts.RedirectURIs, ", "))
	}
	return nil
}

// declaredScopes returns the scopes that the integration asks for.
func (p *Provider) declaredScopes() *schema.Scopes {
	if p.integration.OAuthScopes != nil {
		return p.integration.OAuthScopes
	}
	if d := p.integration.Auth.DefaultScopes; len(d) > 0 {
		return &schema.Scopes{List: d}
	}
	if p.discovers() && p.integration.Auth.Scopes != "none" {
		return &schema.Scopes{List: []string{askedScope}}
	}
	return nil
}

// checkScope refuses scopes that are joined otherwise than the blueprint says. A
// provider would take "read,write" for one unknown scope.
func (p *Provider) checkScope(got string) *refusal {
	separator := p.integration.Auth.Separator()
	want := p.declaredScopes()
	if want.Join(separator) == got {
		return nil
	}
	if got == "" {
		return refused(400, "invalid_scope", "the integration asks for scopes (%s) and the request has none", want.Join(separator))
	}
	if separator == "" {
		return nil
	}
	for scope := range strings.SplitSeq(got, separator) {
		if want != nil && (slices.Contains(want.List, scope) || scope == want.Verbatim) {
			continue
		}
		if i := strings.IndexAny(scope, ", +;"); i >= 0 {
			return refused(400, "invalid_scope", "scopes must be joined with %q, which scope_separator declares; %q holds %q", separator, scope, scope[i:i+1])
		}
	}
	return nil
}

func (p *Provider) checkChallenge(q url.Values) *refusal {
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	want := p.integration.Auth.Challenge()
	switch {
	case want == schema.PKCEOff && (challenge != "" || method != ""):
		return refused(400, "invalid_request", "code_challenge is given, but the blueprint says pkce: false, which means that this provider refuses it")
	case want == schema.PKCEOff:
		return nil
	case challenge == "":
		return refused(400, "invalid_request", "code_challenge is missing; the blueprint says pkce: %s (RFC 7636 4.3)", want)
	case want == schema.PKCEPlain && method == "":
		return nil
	case method != string(want):
		return refused(400, "invalid_request", "code_challenge_method must be %s, not %q", want, method)
	case want == schema.PKCES256:
		if b, err := base64.RawURLEncoding.DecodeString(challenge); err != nil || len(b) != 32 {
			return refused(400, "invalid_request", "code_challenge is not the base64url, without padding, of a SHA-256 (RFC 7636 4.2)")
		}
	}
	return nil
}

// decide takes the user's decision and sends the browser back.
func (p *Provider) decide(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		p.writeRefusalPage(w, r, refused(400, "invalid_request", "the form cannot be read"))
		return
	}
	c, ref := p.verify(kindConsent, "request that the form carries", r.PostForm.Get("request"))
	if ref != nil {
		p.writeRefusalPage(w, r, refused(400, "invalid_request", "%s; start again", ref.reason))
		return
	}
	back := url.Values{}
	codeName, stateName := p.integration.Auth.CallbackNames()
	switch r.PostForm.Get("decision") {
	case "allow":
		p.stats.add(func(s *counts) { s.consents++ })
		if c.Temporary != "" {
			back = p.authorized(c)
			break
		}
		back = p.callbackFields()
		back.Set(codeName, p.codeFor(c))
	case "deny":
		p.stats.add(func(s *counts) { s.denials++ })
		if c.Temporary != "" {
			back.Set("oauth_token", c.Temporary)
			back.Set("oauth_problem", "user_refused")
			break
		}
		back.Set("error", "access_denied")
		back.Set("error_description", "The user pressed Deny in the sandbox.")
	default:
		p.writeRefusalPage(w, r, refused(400, "invalid_request", "decision must be allow or deny"))
		return
	}
	if c.State != "" {
		back.Set(stateName, c.State)
	}
	issuer := p.integration.Auth.Issuer
	if p.discovers() {
		issuer = p.issuerAt(hostOf(r))
	}
	if issuer != "" {
		back.Set("iss", issuer) // RFC 9207
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", addQuery(c.Redirect, back))
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusSeeOther)
}

func (p *Provider) codeFor(c claims) string {
	c.Kind, c.State, c.Family = kindCode, "", p.random(8)
	return p.issue(c, codeLifetime)
}

// callbackFields returns what this provider says on the callback beside the code.
func (p *Provider) callbackFields() url.Values {
	v := url.Values{}
	for name, field := range p.integration.Connection {
		if field.From != schema.FromCallback {
			continue
		}
		at := field.Path
		if at == "" {
			at = name
		}
		v.Set(at, exampleOf(name, field.Field))
	}
	return v
}

// addQuery adds parameters to a URI and leaves the rest of it as it is.
func addQuery(uri string, v url.Values) string {
	mark := "?"
	if strings.Contains(uri, "?") {
		mark = "&"
	}
	return uri + mark + v.Encode()
}
