package engine_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A harbour is a resource and the server that authorises its users, each with a page
// for every URL it has. It is reached without sockets.
type harbour struct {
	mu    sync.Mutex
	pages map[string]func(*http.Request, string) *http.Response // by method and URL
	asked []string
	forms []url.Values // of token requests
	basic []string     // their Authorization headers
}

const (
	resourceURL = "https://mcp.fjord.test/v1/mcp"
	issuerURL   = "https://id.fjord.test/north"
	metadataURL = "https://mcp.fjord.test/.well-known/oauth-protected-resource/v1/mcp"
	serverURL   = "https://id.fjord.test/.well-known/oauth-authorization-server/north"
	openIDURL   = "https://id.fjord.test/.well-known/openid-configuration/north"
	registerURL = "https://id.fjord.test/register"
)

type doc map[string]any

func (d doc) with(name string, v any) doc {
	e := doc{}
	for k, old := range d {
		e[k] = old
	}
	if e[name] = v; v == nil {
		delete(e, name)
	}
	return e
}

func resourceDoc() doc {
	return doc{"resource": resourceURL, "authorization_servers": []string{issuerURL}, "scopes_supported": []string{"lamps:read", "lamps:write"}}
}

func serverDoc() doc {
	return doc{
		"issuer": issuerURL, "authorization_endpoint": "https://id.fjord.test/authorize", "token_endpoint": "https://id.fjord.test/token",
		"registration_endpoint": registerURL, "revocation_endpoint": "https://id.fjord.test/revoke",
		"code_challenge_methods_supported": []string{"plain", "S256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		"authorization_response_iss_parameter_supported": true,
	}
}

func clientDoc() doc {
	return doc{"client_id": "registered", "client_secret": "g1ven/+=", "redirect_uris": []string{callbackURL}, "token_endpoint_auth_method": "client_secret_basic", "client_secret_expires_at": 0}
}

func page(status int, body any, headers ...string) func(*http.Request, string) *http.Response {
	return func(r *http.Request, _ string) *http.Response {
		text, ok := body.(string)
		if !ok {
			b, _ := json.Marshal(body)
			text = string(b)
		}
		resp := answer(r, status, text)
		for i := 0; i+1 < len(headers); i += 2 {
			resp.Header.Add(headers[i], headers[i+1])
		}
		return resp
	}
}

func newHarbour() *harbour {
	h := &harbour{}
	h.pages = map[string]func(*http.Request, string) *http.Response{
		"GET " + resourceURL:  page(401, "{}", "WWW-Authenticate", `Basic realm="a, b", Bearer error="invalid_token", resource_metadata="`+metadataURL+`", scope="lamps:read"`),
		"GET " + metadataURL:  page(200, resourceDoc()),
		"GET " + serverURL:    page(200, serverDoc()),
		"POST " + registerURL: page(201, clientDoc()),
		"POST https://id.fjord.test/token": func(r *http.Request, body string) *http.Response {
			form, _ := url.ParseQuery(body)
			h.forms, h.basic = append(h.forms, form), append(h.basic, r.Header.Get("Authorization"))
			return answer(r, 200, fmt.Sprintf(`{"access_token":"at-%d","refresh_token":"rt","token_type":"Bearer","expires_in":3600}`, len(h.forms)))
		},
		"POST https://id.fjord.test/revoke": page(200, ""),
	}
	return h
}

func (h *harbour) PublicOnly() http.RoundTripper { return h }

func (h *harbour) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	name := r.Method + " " + r.URL.String()
	h.asked = append(h.asked, name)
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	if p := h.pages[name]; p != nil {
		return p(r, string(body)), nil
	}
	return answer(r, 404, `{"error":"not_found"}`), nil
}

func (h *harbour) count(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, a := range h.asked {
		if a == name {
			n++
		}
	}
	return n
}

func discovering() *schema.Integration {
	return &schema.Integration{
		Auth: schema.Auth{AuthMode: schema.MCPOAuth2, ClientName: "Harbour Sync"},
		Requests: schema.Requests{
			BaseURL: resourceURL,
			Headers: map[string]string{"Authorization": "Bearer ${access_token}"},
		},
	}
}

func (h *harbour) engine(t *testing.T, opts *engine.Options, change func(*schema.Integration)) *engine.Engine {
	t.Helper()
	in := discovering()
	if change != nil {
		change(in)
	}
	o := engine.Options{}
	if opts != nil {
		o = *opts
	}
	o.Transport = h
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// allowed takes alice through consent, with the issuer named on the callback.
func (h *harbour) allowed(t *testing.T, e *engine.Engine) *engine.Connection {
	t.Helper()
	p, q := begin(t, e)
	c, err := e.Exchange(t.Context(), p, url.Values{"code": {"the-code"}, "state": {q.Get("state")}, "iss": {issuerURL}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	h := newHarbour()
	var registered map[string]any
	register := h.pages["POST "+registerURL]
	h.pages["POST "+registerURL] = func(r *http.Request, body string) *http.Response {
		_ = json.Unmarshal([]byte(body), &registered)
		return register(r, body)
	}
	e := h.engine(t, nil, func(in *schema.Integration) { in.Auth.ClientURI = "https://harbour.test" })
	p, q := begin(t, e)
	for name, want := range map[string]string{"client_id": "registered", "resource": resourceURL, "scope": "lamps:read", "code_challenge_method": "S256", "redirect_uri": callbackURL} {
		if got := q.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(p.URL.Reveal(), "https://id.fjord.test/authorize?") {
		t.Errorf("the user is sent to %s", p.URL.Reveal())
	}
	if text := fmt.Sprint(registered); text != `map[application_type:web client_name:Harbour Sync client_uri:https://harbour.test grant_types:[authorization_code refresh_token] redirect_uris:[`+callbackURL+`] response_types:[code] token_endpoint_auth_method:client_secret_basic]` {
		t.Errorf("registered as %s", text)
	}
	c, err := e.Exchange(t.Context(), p, url.Values{"code": {"the-code"}, "state": {q.Get("state")}, "iss": {issuerURL}})
	if err != nil {
		t.Fatal(err)
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("registered:"+url.QueryEscape("g1ven/+=")))
	if h.forms[0].Get("resource") != resourceURL || h.basic[0] != basic {
		t.Errorf("the code was redeemed with %v", h.forms[0])
	}
	// Another process has the connection alone.
	sealed, err := engine.EncodeConnection(c, plainSealer{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(sealed), "g1ven") || strings.Contains(string(sealed), "id.fjord.test") {
		t.Error("the registration is readable")
	}
	c, err = engine.DecodeConnection(sealed, plainSealer{})
	if err != nil {
		t.Fatal(err)
	}
	store := &engine.MemoryStore{}
	if err := store.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	before := len(h.asked)
	other := h.engine(t, &engine.Options{Connections: store}, nil)
	if _, err := other.Refresh(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	if got := h.forms[1]; got.Get("resource") != resourceURL || got.Get("refresh_token") != "rt" || got.Get("scope") != "" || h.basic[1] != basic {
		t.Errorf("refreshed with %v", got)
	}
	if err := other.Revoke(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	if got := h.asked[before:]; !slices.Equal(got, []string{"POST https://id.fjord.test/token", "POST https://id.fjord.test/revoke"}) {
		t.Errorf("a refresh and a revocation asked for %q", got)
	}
}

// What was read lately is not asked for again, and a registration serves for a while.
func TestDiscoveryIsRemembered(t *testing.T) {
	t.Parallel()
	h := newHarbour()
	h.pages["GET "+metadataURL] = page(200, resourceDoc(), "Cache-Control", "public, max-age=30")
	now := time.Now()
	e := h.engine(t, &engine.Options{Now: func() time.Time { return now }}, nil)
	for _, step := range []struct {
		after                      time.Duration
		metadata, server, register int
	}{{0, 1, 1, 1}, {20 * time.Second, 1, 1, 1}, {20 * time.Second, 2, 1, 1}, {10 * time.Minute, 3, 2, 1}, {time.Hour, 4, 3, 2}} {
		now = now.Add(step.after)
		begin(t, e)
		if got := [3]int{h.count("GET " + metadataURL), h.count("GET " + serverURL), h.count("POST " + registerURL)}; got != [3]int{step.metadata, step.server, step.register} {
			t.Errorf("after %s: asked %v times, want %v", step.after, got, step)
		}
	}
}

// Users who come at once are sent as one client.
func TestRegistrationOnceForManyUsers(t *testing.T) {
	t.Parallel()
	h := newHarbour()
	e := h.engine(t, nil, nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := h.count("POST " + registerURL); n != 1 {
		t.Errorf("registered %d times", n)
	}
}

// The secret of a registration ends: the next connection is made with another.
func TestRegistrationEnds(t *testing.T) {
	t.Parallel()
	h := newHarbour()
	now := time.Now()
	h.pages["POST "+registerURL] = page(201, clientDoc().with("client_secret_expires_at", now.Add(30*time.Minute).Unix()))
	e := h.engine(t, &engine.Options{Now: func() time.Time { return now }}, nil)
	c := h.allowed(t, e)
	if got := c.Credentials.Registration.SecretExpiresAt; got.Unix() != now.Add(30*time.Minute).Unix() {
		t.Errorf("the secret ends at %s", got)
	}
	now = now.Add(15 * time.Minute)
	begin(t, e)
	now = now.Add(6 * time.Minute) // too close to the end
	begin(t, e)
	if n := h.count("POST " + registerURL); n != 2 {
		t.Errorf("registered %d times, want 2", n)
	}
	// A server that has forgotten us is told apart from one that has forgotten the user.
	h.pages["POST https://id.fjord.test/token"] = page(401, doc{"error": "invalid_client"})
	_, err := e.Refresh(t.Context(), alice)
	if !errors.Is(err, engine.ErrReauthorize) || !strings.Contains(err.Error(), "no longer takes the client") {
		t.Errorf("got %v", err)
	}
	begin(t, e)
	if n := h.count("POST " + registerURL); n != 3 {
		t.Errorf("registered %d times, want 3", n)
	}
}

// Whatever the ways to the metadata, the user ends at the same page.
func TestDiscoveryWays(t *testing.T) {
	t.Parallel()
	const root = "https://mcp.fjord.test/.well-known/oauth-protected-resource"
	for name, tt := range map[string]struct {
		change func(h *harbour, in *schema.Integration)
		query  map[string]string
		asked  []string // of which the first must be these
	}{
		"by the well-known path": {func(h *harbour, _ *schema.Integration) {
			h.pages["GET "+resourceURL] = page(401, "")
		}, map[string]string{"scope": "lamps:read lamps:write"}, []string{"GET " + resourceURL, "GET " + metadataURL}},
		"at the root": {func(h *harbour, _ *schema.Integration) {
			delete(h.pages, "GET "+metadataURL)
			h.pages["GET "+resourceURL], h.pages["GET "+root] = page(200, ""), page(200, resourceDoc())
		}, nil, []string{"GET " + resourceURL, "GET " + metadataURL, "GET " + root}},
		"by POST where there is no GET": {func(h *harbour, _ *schema.Integration) {
			h.pages["POST "+resourceURL] = h.pages["GET "+resourceURL]
			h.pages["GET "+resourceURL] = page(405, "")
		}, map[string]string{"scope": "lamps:read"}, []string{"GET " + resourceURL, "POST " + resourceURL, "GET " + metadataURL}},
		"OpenID, path inserted": {func(h *harbour, _ *schema.Integration) {
			h.pages["GET "+openIDURL] = h.pages["GET "+serverURL]
			delete(h.pages, "GET "+serverURL)
		}, nil, []string{"GET " + resourceURL, "GET " + metadataURL, "GET " + serverURL, "GET " + openIDURL}},
		"OpenID, path before": {func(h *harbour, _ *schema.Integration) {
			h.pages["GET "+issuerURL+"/.well-known/openid-configuration"] = h.pages["GET "+serverURL]
			delete(h.pages, "GET "+serverURL)
		}, nil, []string{"GET " + resourceURL, "GET " + metadataURL, "GET " + serverURL, "GET " + openIDURL, "GET " + issuerURL + "/.well-known/openid-configuration"}},
		"a redirect at home": {func(h *harbour, _ *schema.Integration) {
			h.pages["GET "+metadataURL] = page(302, "", "Location", "/elsewhere")
			h.pages["GET https://mcp.fjord.test/elsewhere"] = page(200, resourceDoc())
		}, nil, nil},
		"a slash at the end": {func(h *harbour, _ *schema.Integration) {
			h.pages["GET "+metadataURL] = page(200, resourceDoc().with("resource", resourceURL+"/"))
		}, map[string]string{"resource": resourceURL + "/"}, nil},
		"a name of its own": {func(h *harbour, in *schema.Integration) {
			in.Auth.Resource = "https://mcp.fjord.test"
			h.pages["GET "+metadataURL] = page(200, resourceDoc().with("resource", "https://mcp.fjord.test"))
		}, map[string]string{"resource": "https://mcp.fjord.test"}, nil},
		"a server that only the file names": {func(h *harbour, in *schema.Integration) {
			in.Auth.AuthorizationServer = issuerURL
			delete(h.pages, "GET "+metadataURL)
		}, map[string]string{"resource": resourceURL}, nil},
		"the second of two servers": {func(h *harbour, in *schema.Integration) {
			in.Auth.AuthorizationServer = issuerURL
			h.pages["GET "+metadataURL] = page(200, resourceDoc().with("authorization_servers", []string{"https://other.test", issuerURL}))
		}, nil, nil},
		"configured scopes": {func(_ *harbour, in *schema.Integration) {
			in.OAuthScopes = &schema.Scopes{List: []string{"lamps:all"}}
		}, map[string]string{"scope": "lamps:all"}, nil},
		"no scopes": {func(_ *harbour, in *schema.Integration) { in.Auth.Scopes = "none" }, map[string]string{"scope": ""}, nil},
		"a refresh token at an OpenID provider": {func(h *harbour, _ *schema.Integration) {
			h.pages["GET "+serverURL] = page(200, serverDoc().with("scopes_supported", []string{"openid", "offline_access"}))
		}, map[string]string{"scope": "lamps:read offline_access", "prompt": "consent"}, nil},
		"the operator's client": {func(_ *harbour, in *schema.Integration) {
			in.OAuthClientID = "ours"
		}, map[string]string{"client_id": "ours"}, nil},
		"the operator's document": {func(h *harbour, in *schema.Integration) {
			in.Auth.ClientMetadataURL = "https://harbour.test/client.json"
			h.pages["GET "+serverURL] = page(200, serverDoc().with("client_id_metadata_document_supported", true))
		}, map[string]string{"client_id": "https://harbour.test/client.json"}, nil},
		"a document that the server does not read": {func(_ *harbour, in *schema.Integration) {
			in.Auth.ClientMetadataURL = "https://harbour.test/client.json"
		}, map[string]string{"client_id": "registered"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, in := newHarbour(), discovering()
			tt.change(h, in)
			e := h.engine(t, nil, func(to *schema.Integration) { *to = *in })
			_, q := begin(t, e)
			for name, want := range tt.query {
				if got := q.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if n := len(tt.asked); n > len(h.asked) || !slices.Equal(h.asked[:n], tt.asked) {
				t.Errorf("asked %q, want first %q", h.asked, tt.asked)
			}
			h.allowed(t, e)
		})
	}
}

// How the client authenticates follows from what the server takes.
func TestRegisteredClientAuth(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		methods any
		client  doc
		secret  string // of the operator
		header  bool
		form    map[string]string
	}{
		"none is best":    {[]string{"client_secret_basic", "none"}, clientDoc().with("token_endpoint_auth_method", "none").with("client_secret", nil), "", false, map[string]string{"client_id": "registered", "client_secret": ""}},
		"no secret then":  {[]string{"none"}, clientDoc().with("token_endpoint_auth_method", "none"), "", false, map[string]string{"client_id": "registered", "client_secret": ""}},
		"nothing is said": {nil, clientDoc().with("token_endpoint_auth_method", nil), "", true, map[string]string{"client_id": "", "client_secret": ""}},
		"in the body":     {[]string{"client_secret_post"}, clientDoc().with("token_endpoint_auth_method", "client_secret_post"), "", false, map[string]string{"client_id": "registered", "client_secret": "g1ven/+="}},
		"the server wants another": {[]string{"client_secret_basic"}, clientDoc().with("token_endpoint_auth_method", "client_secret_post"), "", false,
			map[string]string{"client_id": "registered", "client_secret": "g1ven/+="}},
		"the operator's": {[]string{"none", "client_secret_post"}, nil, "0urs", false, map[string]string{"client_id": "ours", "client_secret": "0urs"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarbour()
			h.pages["GET "+serverURL] = page(200, serverDoc().with("token_endpoint_auth_methods_supported", tt.methods))
			h.pages["POST "+registerURL] = page(200, tt.client)
			e := h.engine(t, nil, func(in *schema.Integration) {
				if tt.secret != "" {
					in.OAuthClientID, in.OAuthClientSecret = "ours", schema.NewSecret(tt.secret)
				}
			})
			c := h.allowed(t, e)
			if tt.secret != "" && c.Credentials.Registration.ClientSecret.IsSet() {
				t.Error("the operator's secret is kept with the connection")
			}
			if got := h.basic[0] != ""; got != tt.header {
				t.Errorf("Authorization is %q", h.basic[0])
			}
			for name, want := range tt.form {
				if got := h.forms[0].Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// Nothing that a stranger says wrongly is acted upon, and no error repeats it. The
// text "smuggled" stands wherever a document has room.
func TestDiscoveryRefused(t *testing.T) {
	t.Parallel()
	set := func(name string, p func(*http.Request, string) *http.Response) func(*harbour, *schema.Integration) {
		return func(h *harbour, _ *schema.Integration) { h.pages[name] = p }
	}
	resource := func(name string, v any) func(*harbour, *schema.Integration) {
		return set("GET "+metadataURL, page(200, resourceDoc().with(name, v)))
	}
	server := func(name string, v any) func(*harbour, *schema.Integration) {
		return set("GET "+serverURL, page(200, serverDoc().with(name, v)))
	}
	client := func(name string, v any) func(*harbour, *schema.Integration) {
		return set("POST "+registerURL, page(201, clientDoc().with(name, v)))
	}
	challenge := func(text string) func(*harbour, *schema.Integration) {
		return set("GET "+resourceURL, page(401, "", "WWW-Authenticate", text))
	}
	for name, tt := range map[string]struct {
		change func(*harbour, *schema.Integration)
		kind   engine.Kind
		want   string
	}{
		"the resource over plain http": {func(_ *harbour, in *schema.Integration) {
			in.Requests.BaseURL = "http://mcp.fjord.test/mcp"
		}, engine.KindClient, "the URL of the resource: must be https"},
		"metadata over plain http":      {challenge(`Bearer resource_metadata="http://mcp.fjord.test/x"`), engine.KindInvalidResponse, "resource_metadata in the challenge: must be https"},
		"metadata at another host":      {challenge(`Bearer resource_metadata="https://smuggled.test/x"`), engine.KindInvalidResponse, "of another origin than the resource"},
		"metadata at another port":      {challenge(`Bearer resource_metadata="https://mcp.fjord.test:444/x"`), engine.KindInvalidResponse, "of another origin than the resource"},
		"metadata behind a redirect":    {set("GET "+metadataURL, page(302, "", "Location", "https://smuggled.test/x")), engine.KindInvalidResponse, "the metadata of the resource is behind a redirect to another origin"},
		"metadata that are not JSON":    {set("GET "+metadataURL, page(200, "<html>smuggled")), engine.KindInvalidResponse, "the metadata of the resource: it is not a JSON object"},
		"metadata and more":             {set("GET "+metadataURL, page(200, `{"resource":"`+resourceURL+`"} smuggled`)), engine.KindInvalidResponse, "it is not a JSON object"},
		"metadata without end":          {set("GET "+metadataURL, page(200, `{"smuggled":"`+strings.Repeat("x", 64<<10)+`"}`)), engine.KindInvalidResponse, "it is larger than 64 KiB"},
		"no metadata":                   {func(h *harbour, _ *schema.Integration) { delete(h.pages, "GET "+metadataURL) }, engine.KindInvalidResponse, "the resource says nowhere who authorises its users (RFC 9728)"},
		"metadata that break":           {set("GET "+metadataURL, page(503, "smuggled")), engine.KindUnavailable, "the metadata of the resource"},
		"too many questions":            {set("GET "+metadataURL, page(429, "smuggled", "Retry-After", "7")), engine.KindRateLimited, "the metadata of the resource"},
		"another resource":              {resource("resource", "https://mcp.fjord.test/smuggled"), engine.KindInvalidResponse, "it is about another resource than the one asked for (RFC 9728 3.3)"},
		"the resource in other letters": {resource("resource", strings.ToUpper(resourceURL)), engine.KindInvalidResponse, "about another resource"},
		"no resource":                   {resource("resource", []string{"smuggled"}), engine.KindInvalidResponse, "there is no resource in it"},
		"no server":                     {resource("authorization_servers", nil), engine.KindInvalidResponse, "names no authorization server"},
		"a server over plain http":      {resource("authorization_servers", []string{"http://id.fjord.test"}), engine.KindInvalidResponse, "the authorization server that the resource names: must be https"},
		"a server that is no URL":       {resource("authorization_servers", []string{"javascript:smuggled"}), engine.KindInvalidResponse, "it is not a URL with a host"},
		"a server with a user":          {resource("authorization_servers", []string{"https://smuggled@id.fjord.test"}), engine.KindInvalidResponse, "it is not a URL with a host"},
		"a server with a query":         {resource("authorization_servers", []string{"https://id.fjord.test?smuggled"}), engine.KindInvalidResponse, "has a query"},
		"a server that the file does not name": {func(_ *harbour, in *schema.Integration) {
			in.Auth.AuthorizationServer = "https://other.test"
		}, engine.KindInvalidResponse, "the resource does not name auth.authorization_server"},
		"a server on our own network": {resource("authorization_servers", []string{"https://127.0.0.1:9"}), engine.KindUnsupported, "not on the public network"},
		"a server that is not there":  {resource("authorization_servers", []string{"https://nobody.test"}), engine.KindInvalidResponse, "the metadata of the authorization server at nobody.test is nowhere to be found"},
		"another issuer":              {server("issuer", issuerURL+"/"), engine.KindInvalidResponse, "it is of another issuer than the one asked for (RFC 8414 3.3)"},
		"no issuer":                   {server("issuer", nil), engine.KindInvalidResponse, "it is of another issuer"},
		"no token endpoint":           {server("token_endpoint", nil), engine.KindInvalidResponse, "there is no token_endpoint in it"},
		"no authorization endpoint":   {server("authorization_endpoint", 7), engine.KindInvalidResponse, "there is no authorization_endpoint in it"},
		"a token endpoint over http":  {server("token_endpoint", "http://id.fjord.test/smuggled"), engine.KindInvalidResponse, "token_endpoint: must be https"},
		"a page that is a program":    {server("authorization_endpoint", "javascript:smuggled()"), engine.KindInvalidResponse, "authorization_endpoint: it is not a URL with a host"},
		"a registration over http":    {server("registration_endpoint", "http://id.fjord.test/smuggled"), engine.KindInvalidResponse, "registration_endpoint: must be https"},
		"a registration at our own":   {server("registration_endpoint", "https://10.0.0.7/smuggled"), engine.KindUnsupported, "not on the public network"},
		"PKCE in name only":           {server("code_challenge_methods_supported", []string{"plain"}), engine.KindUnsupported, "code_challenge_methods_supported does not hold S256"},
		"no PKCE":                     {server("code_challenge_methods_supported", nil), engine.KindUnsupported, "code_challenge_methods_supported does not hold S256"},
		"no way to become a client":   {server("registration_endpoint", nil), engine.KindClient, "oauth_client_id is not configured, and the authorization server registers no clients"},
		"only keys will do":           {server("token_endpoint_auth_methods_supported", []string{"private_key_jwt"}), engine.KindUnsupported, "takes none of client_secret_basic, client_secret_post and none"},
		"a secret nobody takes": {func(h *harbour, in *schema.Integration) {
			in.OAuthClientID, in.OAuthClientSecret = "ours", schema.NewSecret("smuggled")
			h.pages["GET "+serverURL] = page(200, serverDoc().with("token_endpoint_auth_methods_supported", []string{"none"}))
		}, engine.KindClient, "takes no client secret"},
		"another redirect URI":      {client("redirect_uris", []string{"https://smuggled.test"}), engine.KindInvalidResponse, "its redirect_uris do not hold the one that was asked for"},
		"no redirect URI":           {client("redirect_uris", nil), engine.KindInvalidResponse, "its redirect_uris do not hold"},
		"no client id":              {client("client_id", nil), engine.KindInvalidResponse, "there is no client_id in it"},
		"no client secret":          {client("client_secret", nil), engine.KindInvalidResponse, "there is no client_secret in it"},
		"another client auth":       {client("token_endpoint_auth_method", "smuggled"), engine.KindInvalidResponse, "its token_endpoint_auth_method is not one"},
		"a refused registration":    {set("POST "+registerURL, page(400, doc{"error": "invalid_redirect_uri", "error_description": "smuggled"})), engine.KindClient, "code invalid_redirect_uri"},
		"a closed registration":     {set("POST "+registerURL, page(403, "smuggled")), engine.KindClient, "the registration at the authorization server was refused"},
		"a registration elsewhere":  {set("POST "+registerURL, page(307, "", "Location", "https://smuggled.test")), engine.KindInvalidResponse, "the registration at the authorization server"},
		"a registration that broke": {set("POST "+registerURL, page(502, "smuggled")), engine.KindUnavailable, "the registration at the authorization server was refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, in := newHarbour(), discovering()
			tt.change(h, in)
			e := h.engine(t, nil, func(to *schema.Integration) { *to = *in })
			_, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil)
			if engine.ErrorKind(err) != tt.kind || !strings.Contains(fmt.Sprint(err), tt.want) {
				t.Errorf("got %v, want kind %s and %q", err, tt.kind, tt.want)
			}
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "smuggled") {
				t.Errorf("the error repeats what a stranger wrote: %s", text)
			}
			for _, asked := range h.asked {
				if strings.Contains(asked, "smuggled") || strings.Contains(asked, "http://") {
					t.Errorf("asked %s", asked)
				}
			}
		})
	}
}

// A server that promises to name itself on the callback, and does not, is another
// (RFC 9207 2.4).
func TestS4_S5_DiscoveredIssuer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		promised bool
		iss      string
		ok       bool
	}{
		"promised and there": {true, issuerURL, true}, "promised and missing": {true, "", false}, "another": {true, "https://other.test", false},
		"with a slash": {true, issuerURL + "/", false}, "not promised": {false, "", true}, "not promised, another": {false, "https://other.test", false},
	} {
		for _, with := range []string{"code", "error"} {
			h := newHarbour()
			h.pages["GET "+serverURL] = page(200, serverDoc().with("authorization_response_iss_parameter_supported", tt.promised))
			e := h.engine(t, nil, nil)
			p, q := begin(t, e)
			callback := url.Values{with: {"access_denied"}, "state": {q.Get("state")}}
			if tt.iss != "" {
				callback.Set("iss", tt.iss)
			}
			_, err := e.ExchangeAt(t.Context(), p, &url.URL{Path: "/callback", RawQuery: callback.Encode()})
			want := engine.KindState
			if tt.ok {
				want = map[string]engine.Kind{"code": "", "error": engine.KindDenied}[with]
			}
			if engine.ErrorKind(err) != want {
				t.Errorf("%s, %s: got %v, want kind %q", name, with, err, want)
			}
			if !tt.ok && len(h.forms) > 0 {
				t.Errorf("%s: the code was sent", name)
			}
		}
	}
}

// What was found travels with the sealed authorization.
func TestPendingKeepsRegistration(t *testing.T) {
	t.Parallel()
	h := newHarbour()
	p, q := begin(t, h.engine(t, nil, nil))
	text, err := p.Seal(plainSealer{})
	if err != nil {
		t.Fatal(err)
	}
	opened, err := engine.OpenPending(text, plainSealer{})
	if err != nil {
		t.Fatal(err)
	}
	other := h.engine(t, nil, nil)
	if _, err := other.Exchange(t.Context(), opened, url.Values{"code": {"c"}, "state": {q.Get("state")}, "iss": {issuerURL}}); err != nil {
		t.Fatal(err)
	}
	old := *opened
	old.Registration, old.State = engine.Registration{}, schema.NewSecret("another")
	if _, err := other.Exchange(t.Context(), &old, url.Values{"code": {"c"}, "state": {"another"}}); !errors.Is(err, engine.ErrState) {
		t.Errorf("without a registration: got %v", err)
	}
}

func TestS35_DiscoveryOnThePublicNetwork(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*schema.Integration)
		url    string
		ok     bool
	}{
		"the user's words": {func(in *schema.Integration) { in.Requests.BaseURL = "${connection.url}" }, "http://127.0.0.1:3000/mcp", false},
		"as allowed": {func(in *schema.Integration) {
			in.Requests.BaseURL, in.Requests.AllowPrivateHosts = "${connection.url}", true
		}, "http://127.0.0.1:3000/mcp", true},
		"the operator's words": {func(in *schema.Integration) { in.Requests.BaseURL = "http://127.0.0.1:3000/mcp" }, "http://127.0.0.1:3000/mcp", true},
	} {
		h := newHarbour()
		h.pages["GET http://127.0.0.1:3000/mcp"] = page(401, "")
		h.pages["GET http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp"] = page(200, doc{"resource": tt.url, "authorization_servers": []string{"http://127.0.0.1:3000"}})
		h.pages["GET http://127.0.0.1:3000/.well-known/oauth-authorization-server"] = page(200, serverDoc().with("issuer", "http://127.0.0.1:3000").with("token_endpoint", "http://127.0.0.1:3000/token"))
		e := h.engine(t, nil, func(in *schema.Integration) {
			in.Connection = map[string]schema.ConnectionField{"url": {From: schema.FromUser, Field: schema.Field{Format: "uri", Default: tt.url}}}
			tt.change(in)
		})
		_, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil)
		if tt.ok != (err == nil) || err != nil && !errors.Is(err, engine.ErrUnsupported) {
			t.Errorf("%s: got %v", name, err)
		}
		if !tt.ok && len(h.asked) > 0 {
			t.Errorf("%s: asked %q", name, h.asked)
		}
	}
}

// An endpoint that was found gets no code where nothing of a stranger's leads, nor a
// refresh token later on.
func TestS35_FoundTokenEndpoint(t *testing.T) {
	t.Parallel()
	h := newHarbour()
	h.pages["GET "+serverURL] = page(200, serverDoc().with("token_endpoint", "https://10.0.0.7/token"))
	e := h.engine(t, nil, nil)
	p, q := begin(t, e)
	if _, err := e.Exchange(t.Context(), p, url.Values{"code": {"c"}, "state": {q.Get("state")}, "iss": {issuerURL}}); !errors.Is(err, engine.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	if n := h.count("POST https://10.0.0.7/token"); n != 0 {
		t.Error("the code was sent to our own network")
	}
	c := h.allowed(t, newHarbour().engine(t, nil, nil))
	c.Credentials.Registration.TokenEndpoint = "https://10.0.0.7/token"
	store := &engine.MemoryStore{}
	if err := store.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := h.engine(t, &engine.Options{Connections: store}, nil).Refresh(t.Context(), alice); err == nil || h.count("POST https://10.0.0.7/token") != 0 {
		t.Errorf("a refresh: got %v", err)
	}
}

func TestDiscoveryElsewhere(t *testing.T) {
	t.Parallel()
	h := newHarbour()
	e := h.engine(t, nil, nil)
	if _, err := e.OAuth2Config("fjord", callbackURL); !errors.Is(err, engine.ErrUnsupported) || !strings.Contains(err.Error(), "AuthCodeURL") {
		t.Errorf("OAuth2Config: got %v", err)
	}
	d, err := e.Describe("fjord")
	if err != nil || !d.Consent || len(d.Fields) != 0 || d.AuthMode != schema.MCPOAuth2 {
		t.Errorf("Describe: %+v, %v", d, err)
	}
	// A token from elsewhere is used as it is; nobody knows where to refresh it.
	c, err := e.Connect(t.Context(), alice, engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret("at"), RefreshToken: schema.NewSecret("rt")}}, nil)
	if err != nil || c.Credentials.Type != schema.MCPOAuth2 {
		t.Fatalf("Connect: %v", err)
	}
	if _, err := e.Refresh(t.Context(), alice); !errors.Is(err, engine.ErrUnsupported) {
		t.Errorf("Refresh: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h.pages["GET "+metadataURL] = func(r *http.Request, _ string) *http.Response { cancel(); return answer(r, 404, "") }
	h.pages["GET https://mcp.fjord.test/.well-known/oauth-protected-resource"] = page(404, "")
	if _, err := e.AuthCodeURL(ctx, alice, callbackURL, nil); err == nil {
		t.Error("a cancelled discovery went on")
	}
}

// A resource that wants more than was granted says what, and the user can be asked.
func TestInsufficientScope(t *testing.T) {
	t.Parallel()
	for challenge, want := range map[string]string{
		`Bearer error="insufficient_scope", scope="lamps:write lamps:all", error_description="no"`: "lamps:write lamps:all",
		`Bearer error="insufficient_scope"`:                            "",
		"Bearer error=\"insufficient_scope\", scope=\"at-1 ok\x7f x\"": schema.Redacted + " x",
	} {
		h := newHarbour()
		h.pages["GET "+resourceURL+"/lamps"] = page(403, doc{"error": "insufficient_scope"}, "WWW-Authenticate", challenge)
		e := h.engine(t, nil, nil)
		h.allowed(t, e)
		client, err := e.Client(alice)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Get("/lamps")
		if err != nil {
			t.Fatal(err)
		}
		err = engine.CheckResponse(resp)
		var known *engine.Error
		if !errors.As(err, &known) || known.Kind != engine.KindDenied || !strings.Contains(err.Error(), "the token has not the scopes that this takes") || strings.Join(known.Scopes, " ") != want {
			t.Errorf("%q: got %v with %q", challenge, err, known.Scopes)
		}
		if want != "" && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", challenge, err)
		}
	}
}

// What discovery brings grants access, and is told to nobody.
func TestS36_DiscoveryTellsNoSecrets(t *testing.T) {
	t.Parallel()
	h := newHarbour()
	var said strings.Builder
	e := h.engine(t, &engine.Options{
		Logger:  slog.New(slog.NewJSONHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(_ context.Context, ev engine.Event) { fmt.Fprintf(&said, "%+v\n", ev) },
	}, func(in *schema.Integration) { in.LogLevel = "debug" })
	p, q := begin(t, e)
	fmt.Fprintf(&said, "%v %+v %#v\n", p, p, p.Registration)
	c, err := e.Exchange(t.Context(), p, url.Values{"code": {"seeded-code"}, "state": {q.Get("state")}, "iss": {issuerURL}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&said, "%v %+v %#v\n", c, c.Credentials, c.Credentials.Registration)
	if _, err := e.Refresh(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	h.pages["POST https://id.fjord.test/revoke"] = page(400, doc{"error": "g1ven/+="})
	fmt.Fprintln(&said, e.Revoke(t.Context(), alice))
	for _, secret := range []string{"g1ven", "seeded-code", "at-1", "at-2", q.Get("state")} {
		if strings.Contains(said.String(), secret) {
			t.Errorf("%q is told:\n%s", secret, said.String())
		}
	}
}

// A verify call may have a body, and / is base_url itself.
func TestVerifyBody(t *testing.T) {
	t.Parallel()
	h := newHarbour()
	sent := ""
	h.pages["POST "+resourceURL] = func(r *http.Request, body string) *http.Response {
		sent = r.Header.Get("Content-Type") + " " + body
		return answer(r, 200, "{}")
	}
	e := h.engine(t, nil, func(in *schema.Integration) {
		in.Requests.Verify = &schema.Verify{Method: "POST", Path: "/", Body: map[string]any{"method": "initialize"}}
	})
	h.allowed(t, e)
	if err := e.Verify(t.Context(), alice); err != nil || sent != `application/json {"method":"initialize"}` {
		t.Errorf("sent %q, %v", sent, err)
	}
}
