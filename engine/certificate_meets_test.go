package engine_test

import (
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
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
	for name, tt := range map[string]struct {
		server string
		want   []string // requests with the certificate
		count  string
	}{
		"a stranger's":   {"", []string{"GET " + resourceURL + "/x"}, plain},
		"the operator's": {issuerURL, []string{certified + "/token", certified + "/token", "GET " + resourceURL + "/x", certified + "/revoke"}, certified},
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
		if p, q := begin(t, e); !strings.HasPrefix(p.URL, "https://id.fjord.test/authorize?") || q == nil {
			t.Errorf("%s: users are sent to %s", name, p.URL)
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
