package oauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/page"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/schema"
)

// standardParams of an authorization request; authorization_params cannot
// replace them.
var standardParams = []string{"response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "resource"}

// serveConsent plays the authorization endpoint (RFC 6749 3.1). A request that is
// not in order gets a page that says why, and never a redirect: a person is
// looking.
func (p *consent) serveConsent(w http.ResponseWriter, r *http.Request, at match.Location) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if p.Opts.MisleadTo != "" {
			p.mislead(w, r)
			return
		}
		check := p.checkAuthorization
		if p.Integration.Auth.AuthMode == schema.OAuth1 {
			check = p.checkTemporary
		}
		if p.Integration.Auth.PushedAuthorizationURL != "" {
			check = p.checkPushed
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
		p.writeRefusalPage(w, r, message.Refused(http.StatusMethodNotAllowed, "invalid_request", "the authorization URL takes GET, and POST from its form"))
	}
}

// mislead sends a user on to another's page, as a hostile server does: the state is that
// of the flow that began here, and whoever the callback reaches takes it for this one's.
func (p *consent) mislead(w http.ResponseWriter, r *http.Request) {
	to, err := url.Parse(p.Opts.MisleadTo)
	if err != nil {
		p.writeRefusalPage(w, r, message.Refused(http.StatusInternalServerError, "server_error", "MisleadTo is no URL"))
		return
	}
	q := r.URL.Query()
	q.Del("resource")
	for name, values := range to.Query() {
		q[name] = values
	}
	to.RawQuery = q.Encode()
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusFound)
}

// checkAuthorization checks an authorization request, and returns what the form
// carries from the page to the decision.
func (p *consent) checkAuthorization(q url.Values, at match.Location) (grant.Claims, *message.Refusal) {
	for _, name := range standardParams {
		if len(q[name]) > 1 {
			return grant.Claims{}, message.Refused(400, "invalid_request", "%s is given more than once (RFC 6749 3.1)", name)
		}
	}
	shown := &match.Seen{Values: map[string][]string{}, Checked: map[string]bool{}}
	p.Take(shown, p.Params.Authorization, q.Get)
	checks := []func() *message.Refusal{
		func() *message.Refusal {
			if p.Discovers() {
				return p.clients.checkAsking(q.Get("client_id"), q.Get("redirect_uri"))
			}
			return p.checkClientID(q.Get("client_id"))
		},
		func() *message.Refusal { return p.checkRedirectURI(q.Get("redirect_uri")) },
		func() *message.Refusal {
			if got := q.Get("response_type"); got != "code" {
				return message.Refused(400, "unsupported_response_type", "response_type must be code, not %q", got)
			}
			return nil
		},
		func() *message.Refusal {
			if got := q.Get("response_mode"); got != "" && got != "query" && got != "form_post" {
				return message.Refused(400, "invalid_request", "response_mode must be query or form_post, not %q", got)
			}
			return nil
		},
		func() *message.Refusal { return p.checkTarget(q.Get("resource")) },
		func() *message.Refusal { return p.checkScope(q.Get("scope")) },
		func() *message.Refusal { return p.checkChallenge(q) },
		func() *message.Refusal { return p.CheckShown(shown, at.Query, q.Get, "the query of authorization_url") },
		func() *message.Refusal {
			return p.CheckShown(shown, p.Params.Authorization, q.Get, "the authorization request (authorization_params)", standardParams...)
		},
	}
	for _, check := range checks {
		if ref := check(); ref != nil {
			return grant.Claims{}, ref
		}
	}
	return grant.Claims{
		Kind: grant.KindConsent, Client: q.Get("client_id"), Redirect: q.Get("redirect_uri"), Scope: q.Get("scope"),
		Resource: q.Get("resource"), State: q.Get("state"), Challenge: q.Get("code_challenge"), Method: q.Get("code_challenge_method"),
		AsForm: q.Get("response_mode") == "form_post",
	}, nil
}

func (p *consent) checkClientID(got string) *message.Refusal {
	want := p.Integration.OAuthClientID
	if got == "" {
		return message.Refused(400, "invalid_request", "client_id is missing")
	}
	if want != "" && got != want {
		return message.Refused(400, "unauthorized_client", "client_id %q is not the integration's oauth_client_id %q", got, want)
	}
	return nil
}

func (p *consent) checkChallenge(q url.Values) *message.Refusal {
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	want := p.Integration.Auth.Challenge()
	switch {
	case want == schema.PKCEOff && (challenge != "" || method != ""):
		return message.Refused(400, "invalid_request", "code_challenge is given, but the blueprint says pkce: false, which means that this provider refuses it")
	case want == schema.PKCEOff:
		return nil
	case challenge == "":
		return message.Refused(400, "invalid_request", "code_challenge is missing; the blueprint says pkce: %s (RFC 7636 4.3)", want)
	case want == schema.PKCEPlain && method == "":
		return nil
	case method != string(want):
		return message.Refused(400, "invalid_request", "code_challenge_method must be %s, not %q", want, method)
	case want == schema.PKCES256:
		if b, err := base64.RawURLEncoding.DecodeString(challenge); err != nil || len(b) != 32 {
			return message.Refused(400, "invalid_request", "code_challenge is not the base64url, without padding, of a SHA-256 (RFC 7636 4.2)")
		}
	}
	return nil
}

// decide takes the user's decision and sends the browser back.
func (p *consent) decide(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, message.MaxBody)
	if err := r.ParseForm(); err != nil {
		p.writeRefusalPage(w, r, message.Refused(400, "invalid_request", "the form cannot be read"))
		return
	}
	c, ref := p.Verify(grant.KindConsent, "request that the form carries", r.PostForm.Get("request"))
	if ref != nil {
		p.writeRefusalPage(w, r, message.Refused(400, "invalid_request", "%s; start again", ref.Reason))
		return
	}
	back := url.Values{}
	switch r.PostForm.Get("decision") {
	case "allow":
		p.Stats.Add(func(s *play.Counts) { s.Consents++ })
		if c.Temporary != "" {
			back = p.authorized(c)
			break
		}
		back = p.callbackFields()
		back.Set(p.Integration.Auth.CodeName(), p.codeFor(c))
	case "deny":
		p.Stats.Add(func(s *play.Counts) { s.Denials++ })
		if c.Temporary != "" {
			back.Set("oauth_token", c.Temporary)
			back.Set("oauth_problem", "user_refused")
			break
		}
		back.Set("error", "access_denied")
		back.Set("error_description", "The user pressed Deny in the sandbox.")
	default:
		p.writeRefusalPage(w, r, message.Refused(400, "invalid_request", "decision must be allow or deny"))
		return
	}
	if c.State != "" {
		back.Set("state", c.State)
	}
	issuer := p.Integration.Auth.Issuer
	if p.Discovers() {
		issuer = p.IssuerAt(message.HostOf(r))
	}
	if issuer != "" {
		back.Set("iss", issuer) // RFC 9207
	}
	if c.AsForm { // OAuth 2.0 Form Post Response Mode; providers have a script press the button
		page.Write(w, r, http.StatusOK, "back", page.Data{Title: "Sandbox: " + p.Product(), Product: p.Product(), Redirect: c.Redirect, Fields: back})
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", addQuery(c.Redirect, back))
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusSeeOther)
}

func (p *consent) codeFor(c grant.Claims) string {
	c.Kind, c.State, c.Family = grant.KindCode, "", p.Random(8)
	return p.Issue(c, codeLifetime)
}

// addQuery adds parameters to a URI and leaves the rest of it as it is.
func addQuery(uri string, v url.Values) string {
	mark := "?"
	if strings.Contains(uri, "?") {
		mark = "&"
	}
	return uri + mark + v.Encode()
}

func (p *consent) writeConsentPage(w http.ResponseWriter, r *http.Request, c grant.Claims) {
	redirect := c.Redirect
	if u, err := url.Parse(redirect); err == nil {
		u.RawQuery = ""
		redirect = u.String()
	}
	page.Write(w, r, http.StatusOK, "consent", page.Data{
		Title: "Sandbox: " + p.Product(), Product: p.Product(), Integration: p.Name(),
		Client: c.Client, Redirect: redirect, Scopes: p.scopesOf(c), Request: p.Issue(c, consentLifetime),
	})
}
