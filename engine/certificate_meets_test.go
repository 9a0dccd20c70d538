package engine_test

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// TestS27_LookUpsShowTheCertificate: an API that lets nobody in without one is asked
// for fields with it, and whoever is asked besides is not shown it.
func TestS27_LookUpsShowTheCertificate(t *testing.T) {
	a := newAuthority(t)
	g, elsewhere := newGate(t, a, tls.RequireAndVerifyClientCert), newGate(t, a, tls.RequestClientCert)
	certificate, key := a.issue(t, "mine", "")
	in := behind(g, "harbour", certificate, key)
	in.Connection = map[string]schema.ConnectionField{
		"home": {From: schema.FromRequest, Path: "who", Request: &schema.LookUp{Path: "/me"}},
		"away": {From: schema.FromRequest, Path: "who", Request: &schema.LookUp{URL: elsewhere.URL + "/me"}},
	}
	e, err := engine.New(gated(in), &engine.Options{Transport: trusting(t, g, elsewhere)})
	if err != nil {
		t.Fatal(err)
	}
	connectTo(t, e, "harbour")
	c, err := e.Connection(t.Context(), engine.Key{Integration: "harbour", ConnectionID: "u"})
	if err != nil || c.Fields["home"] != "mine" || c.Fields["away"] != "nobody" {
		t.Errorf("got %v, %v", c, err)
	}
}

// A certifying is a harbour whose requests note whether they showed a certificate.
type certifying struct {
	*harbour
	shown bool
	with  *[]string
}

func (c certifying) PublicOnly() http.RoundTripper { return c }

func (c certifying) WithCertificate(tls.Certificate) http.RoundTripper {
	c.shown = true
	return c
}

func (c certifying) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.shown {
		*c.with = append(*c.with, r.Method+" "+r.URL.String())
	}
	return c.harbour.RoundTrip(r)
}

// TestS27_FoundEndpoints: an endpoint that a server of strangers says is its own is
// shown no certificate, neither at first nor later. One of a server that the file names
// is, at the address that it has for that (RFC 8705 5); browsers and registrations go
// to the plain ones.
func TestS27_FoundEndpoints(t *testing.T) {
	const alias = "https://mtls.fjord.test"
	const plain, certified = "POST https://id.fjord.test", "POST " + alias
	resource := []string{"GET " + resourceURL, "GET " + metadataURL}
	for name, tt := range map[string]struct {
		server string
		want   []string // requests with the certificate
		count  string
	}{
		"a stranger's":   {"", append(resource, resource[0], "GET "+resourceURL+"/x"), plain},
		"the operator's": {issuerURL, append(resource, "GET "+serverURL, "POST "+registerURL, resource[0], certified+"/token", certified+"/token", "GET "+resourceURL+"/x", certified+"/revoke"), certified},
	} {
		h := newHarbour()
		with := &[]string{}
		h.pages["GET "+serverURL] = page(200, serverDoc().with("mtls_endpoint_aliases", doc{
			"token_endpoint": alias + "/token", "revocation_endpoint": alias + "/revoke", "registration_endpoint": alias + "/register", "authorization_endpoint": alias + "/authorize",
		}))
		h.pages[certified+"/token"], h.pages[certified+"/revoke"] = h.pages[plain+"/token"], h.pages[plain+"/revoke"]
		in := discovering()
		in.Name, in.Auth.AuthorizationServer = "fjord", tt.server
		in.ClientCertificate, in.ClientCertificateKey = newAuthority(t).issue(t, "mine", "")
		e, err := engine.New(gated(in), &engine.Options{Transport: certifying{h, false, with}})
		if err != nil {
			t.Fatal(err)
		}
		if p, q := begin(t, e); !strings.HasPrefix(p.URL.Reveal(), "https://id.fjord.test/authorize?") || q == nil {
			t.Errorf("%s: users are sent to %s", name, p.URL.Reveal())
		}
		h.allowed(t, e)
		if _, err := e.Refresh(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		if err := called(t, e, "/x"); err == nil {
			t.Errorf("%s: there is nothing at /x", name)
		}
		if err := e.Revoke(t.Context(), alice); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Equal(*with, tt.want) {
			t.Errorf("%s: shown to %q, want %q", name, *with, tt.want)
		}
		if got := h.count(tt.count + "/token"); got != 2 {
			t.Errorf("%s: %d token requests at %s", name, got, tt.count)
		}
	}
}

// TestS27_DiscoveryBehindACertificate: a server that lets nobody in without one is asked
// what it has to say with it.
func TestS27_DiscoveryBehindACertificate(t *testing.T) {
	a := newAuthority(t)
	g := newGate(t, a, tls.RequireAndVerifyClientCert)
	g.route = func(w http.ResponseWriter, r *http.Request) bool {
		body := map[string]doc{
			"/.well-known/oauth-protected-resource/mcp": {"resource": g.URL + "/mcp", "authorization_servers": []string{g.URL}},
			"/.well-known/oauth-authorization-server": {
				"issuer": g.URL, "authorization_endpoint": g.URL + "/authorize", "token_endpoint": g.URL + "/token",
				"code_challenge_methods_supported": []string{"S256"},
			},
		}[r.URL.Path]
		if r.URL.Path == "/mcp" {
			w.WriteHeader(http.StatusUnauthorized)
		} else if body == nil {
			return false
		}
		_ = json.NewEncoder(w).Encode(body)
		return true
	}
	in := discovering()
	in.Name, in.OAuthClientID, in.Requests.BaseURL = "fjord", "op", g.URL+"/mcp"
	in.ClientCertificate, in.ClientCertificateKey = a.issue(t, "mine", "")
	e, err := engine.New(gated(in), &engine.Options{Transport: trusting(t, g)})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := exchangeAlice(t, e); err != nil || c.Credentials.Token.AccessToken.Reveal() != "t-op" {
		t.Errorf("got %v, %v", c, err)
	}
}

// TestS27_DiscoveryInTheSandbox: a resource that lets nobody in without a certificate is
// found out about, and its users' tokens are got and refreshed, where the file names its
// host and where the user does; the sandbox holds who is shown the certificate.
func TestS27_DiscoveryInTheSandbox(t *testing.T) {
	for name, tt := range map[string]struct{ base, server string }{
		"named":           {"https://mcp.fjord.test/v1", ""},
		"a server of its": {"https://mcp.fjord.test/v1", "https://id.fjord.test/north"},
		"the user's":      {"https://${connection.host}.fjord.test/v1", ""},
		"both":            {"https://${connection.host}.fjord.test/v1", "https://id.fjord.test/north"},
	} {
		in := discovering()
		in.Name, in.Requests.BaseURL, in.Auth.AuthorizationServer = "fjord", tt.base, tt.server
		in.Connection = map[string]schema.ConnectionField{
			"host": {From: schema.FromUser, Field: schema.Field{Example: "mcp"}},
			"away": {From: schema.FromRequest, Request: &schema.LookUp{URL: "https://elsewhere.test/me"}},
			"home": {From: schema.FromRequest, Request: &schema.LookUp{Path: "/me"}},
			"same": {From: schema.FromRequest, Request: &schema.LookUp{URL: "https://mcp.fjord.test/other"}},
		}
		in.ClientCertificate, in.ClientCertificateKey = sandbox.ClientCertificate, schema.NewSecret(sandbox.ClientCertificateKey)
		provider, err := sandbox.New(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		rt := sandbox.NewMux(provider).Transport()
		e, err := engine.New(gated(in), &engine.Options{Transport: rt})
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.AuthCodeURL(t.Context(), alice, callbackURL, &engine.AuthCodeOptions{Fields: map[string]string{"host": "mcp"}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		back, err := sandbox.Allow(t.Context(), rt, p.URL.Reveal(), "allow")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Exchange(t.Context(), p, back.Query()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := e.Refresh(t.Context(), alice); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := called(t, e, "/x"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := e.Revoke(t.Context(), alice); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A valued transport can be told from others of its type only where what it holds can.
type valued struct{ inner any }

func (v valued) WithCertificate(tls.Certificate) http.RoundTripper { return v }

func (v valued) RoundTrip(r *http.Request) (*http.Response, error) {
	return answer(r, 200, goodToken), nil
}

func TestCertificateTransportOfAnyKind(t *testing.T) {
	in := discovering()
	in.Name = "fjord"
	in.ClientCertificate, in.ClientCertificateKey = newAuthority(t).issue(t, "mine", "")
	if _, err := engine.New(gated(in), &engine.Options{Transport: valued{[]int{1}}}); err != nil {
		t.Error(err)
	}
}
