package engine_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// twoKinds has an integration whose servers the file names, and one whose users name them.
func (h *harbour) twoKinds(t *testing.T) *engine.Engine {
	t.Helper()
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{
		"fjord": discovering(),
		"quay": {
			OAuthClientID: "app", OAuthClientSecret: secret("hush"),
			Auth:     schema.Auth{AuthMode: schema.OAuth2, AuthorizationURL: "https://quay.test/authorize", TokenURL: "https://quay.test/token"},
			Requests: schema.Requests{BaseURL: "https://quay.test", Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
		},
	}}, &engine.Options{Transport: h})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var quayAlice = engine.Key{Integration: "quay", ConnectionID: "alice"}

// A callback that came by another flow's redirect URI is refused before any token call,
// though its state is right: a hostile server leads users to an honest one with it.
func TestS37_CallbackByAnotherRedirectURI(t *testing.T) {
	t.Parallel()
	for _, at := range []string{
		"https://app.test/callback/quay", "/callback/quay", "/callback/fjord/", "/Callback/fjord", "/callback%2Ffjord", "",
		"https://other.test/callback/fjord", "http://app.test/callback/fjord",
	} {
		h := newHarbour()
		e := h.twoKinds(t)
		if _, err := e.AuthCodeURL(t.Context(), alice, "https://app.test/callback/fjord", nil); err == nil {
			t.Fatal("registered for another redirect URI, and went on")
		}
		h.pages["POST "+registerURL] = page(201, clientDoc().with("redirect_uris", []string{"https://app.test/callback/fjord"}))
		p, err := e.AuthCodeURL(t.Context(), alice, "https://app.test/callback/fjord", nil)
		if err != nil {
			t.Fatal(err)
		}
		q := "?" + url.Values{"state": {p.State.Reveal()}, "code": {"c"}, "iss": {issuerURL}}.Encode()
		u, _ := url.Parse(at + q)
		if _, err := e.ExchangeAt(t.Context(), p, u); !errors.Is(err, engine.ErrState) || !strings.Contains(err.Error(), "another redirect URI") || strings.Contains(err.Error(), p.State.Reveal()) {
			t.Errorf("%q: %v", at, err)
		}
		right, _ := url.Parse("/callback/fjord" + q)
		if _, err := e.ExchangeAt(t.Context(), p, right); !errors.Is(err, engine.ErrState) {
			t.Errorf("%q: the flow went on after it: %v", at, err)
		}
		if len(h.forms) > 0 {
			t.Errorf("%q: the code was sent", at)
		}
		if p, err = e.AuthCodeURL(t.Context(), alice, "https://app.test/callback/fjord", nil); err != nil {
			t.Fatal(err)
		}
		right.RawQuery = url.Values{"state": {p.State.Reveal()}, "code": {"c"}, "iss": {issuerURL}}.Encode()
		if _, err := e.ExchangeAt(t.Context(), p, right); err != nil {
			t.Errorf("the right one: %v", err)
		}
	}
}

// A server that was found out shares no redirect URI with those that the file names,
// whichever began first; and the latter are not kept from it.
func TestS37_FoundServersShareNoRedirectURI(t *testing.T) {
	t.Parallel()
	h := newHarbour()
	e := h.twoKinds(t)
	found, _ := begin(t, e)
	if _, err := e.AuthCodeURL(t.Context(), quayAlice, callbackURL, nil); err != nil {
		t.Fatalf("a user's server keeps others from a redirect URI: %v", err)
	}
	q := url.Values{"state": {found.State.Reveal()}, "code": {"c"}, "iss": {issuerURL}}
	if _, err := e.Exchange(t.Context(), found, q); !errors.Is(err, engine.ErrState) || len(h.forms) > 0 {
		t.Errorf("shared afterwards: %v, %d token calls", err, len(h.forms))
	}
	asked := len(h.asked)
	if _, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil); !errors.Is(err, engine.ErrState) || len(h.asked) > asked {
		t.Errorf("shared before: %v", err)
	}
}

// Two servers that were found out share one only where callbacks tell them apart.
func TestS37_OneRedirectURIForEachIssuer(t *testing.T) {
	t.Parallel()
	for _, names := range []bool{true, false} {
		h := newHarbour()
		h.pages["GET "+serverURL] = page(200, serverDoc().with("authorization_response_iss_parameter_supported", names))
		const other = "https://id.other.test"
		h.pages["GET "+other+"/.well-known/oauth-authorization-server"] = page(200, serverDoc().with("issuer", other).with("authorization_response_iss_parameter_supported", names))
		h.pages["GET https://mcp.other.test/mcp"] = page(401, "")
		h.pages["GET https://mcp.other.test/.well-known/oauth-protected-resource/mcp"] = page(200, doc{"resource": "https://mcp.other.test/mcp", "authorization_servers": []string{other}})
		e := h.engine(t, nil, func(in *schema.Integration) {
			in.Requests.BaseURL = "${connection.url}"
			in.Connection = map[string]schema.ConnectionField{"url": {From: schema.FromUser, Field: schema.Field{Format: "uri"}}}
		})
		for i, server := range []string{resourceURL, "https://mcp.other.test/mcp", resourceURL} {
			_, err := e.AuthCodeURL(t.Context(), alice, callbackURL, &engine.AuthCodeOptions{Fields: map[string]string{"url": server}})
			if ok := names || i != 1; ok != (err == nil) || err != nil && !errors.Is(err, engine.ErrState) {
				t.Errorf("issuers that name themselves: %t: %s: %v", names, server, err)
			}
		}
	}
}

// Nothing is asked where an operator's secret would go to whom a user names, or the
// token of one resource to another.
func TestS37_NothingForAnotherOrigin(t *testing.T) {
	t.Parallel()
	user := map[string]schema.ConnectionField{"url": {From: schema.FromUser, Field: schema.Field{Format: "uri", Default: "https://evil.test/mcp"}}}
	for name, change := range map[string]func(*schema.Integration){
		"a fixed resource, calls to the user's": func(in *schema.Integration) {
			in.Requests.BaseURL, in.Auth.Resource = "${connection.url}", resourceURL
		},
		"calls fixed, the user's resource": func(in *schema.Integration) { in.Auth.Resource = "${connection.url}" },
		"the operator's secret to the user's server": func(in *schema.Integration) {
			in.Requests.BaseURL, in.OAuthClientID, in.OAuthClientSecret = "${connection.url}", "app", secret("hush")
		},
		"the operator's secret to the user's issuer": func(in *schema.Integration) {
			in.Requests.BaseURL, in.OAuthClientID, in.OAuthClientSecret = "${connection.url}", "app", secret("hush")
			in.Auth.AuthorizationServer = "${connection.url}"
		},
		"the operator's secret to the user's issuer, for a resource that names none": func(in *schema.Integration) {
			in.OAuthClientID, in.OAuthClientSecret = "app", secret("hush")
			in.Auth.AuthorizationServer = "${connection.url}"
		},
	} {
		h := newHarbour()
		e := h.engine(t, nil, func(in *schema.Integration) { in.Connection = user; change(in) })
		if _, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil); !errors.Is(err, engine.ErrClient) || len(h.asked) > 0 {
			t.Errorf("%s: %v; asked %q", name, err, h.asked)
		}
	}
}

// A server that was found while the file let users name it gets no secret of a client that
// the operator has since, whatever id it has given us.
func TestS37_SecretOfAnotherServer(t *testing.T) {
	t.Parallel()
	for issuer, own := range map[string]bool{"https://evil.test": false, issuerURL + ".evil.test": false, "": false, "http://id.harbour.test": false, issuerURL: true} {
		h := newHarbour()
		h.pages["POST https://evil.test/token"] = h.pages["POST https://id.fjord.test/token"]
		e := h.engine(t, nil, func(in *schema.Integration) {
			in.OAuthClientID, in.OAuthClientSecret, in.OAuthClientSecretPrevious = "app", secret("hush"), secret("hush-before")
			in.Auth.AuthorizationServer = issuerURL
		})
		to := "https://evil.test/token"
		if own {
			to = "https://id.fjord.test/token"
		}
		given := engine.Credentials{Token: engine.Token{AccessToken: secret("a1"), RefreshToken: secret("r1")}, Registration: engine.Registration{Issuer: issuer, TokenEndpoint: to, ClientID: "app", AuthorizationMethod: schema.ClientAuthBody}}
		if _, err := e.Connect(t.Context(), alice, given, nil); err != nil {
			t.Fatal(err)
		}
		_, _ = e.Refresh(t.Context(), alice)
		if len(h.forms) != 1 || (h.forms[0].Get("client_secret") == "hush") != own || strings.Contains(fmt.Sprint(h.forms), "hush") != own {
			t.Errorf("%s: sent %v", issuer, h.forms)
		}
	}
}

// A user is not sent to our own network by a server that was found out.
func TestS35_FoundAuthorizationEndpoint(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "10.0.0.1", "168.63.129.16", "169.254.169.254", "localhost", "[::1]"} {
		h := newHarbour()
		h.pages["GET "+serverURL] = page(200, serverDoc().with("authorization_endpoint", "https://"+host+"/authorize"))
		if _, err := h.engine(t, nil, nil).AuthCodeURL(t.Context(), alice, callbackURL, nil); !errors.Is(err, engine.ErrUnsupported) || h.count("POST "+registerURL) > 0 {
			t.Errorf("%s: %v", host, err)
		}
	}
}
