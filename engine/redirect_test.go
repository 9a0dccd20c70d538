package engine_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A net of hosts: "scheme://host/path" to where it redirects; "" answers 200.
type hosts struct {
	mu     sync.Mutex
	status int
	to     map[string]string
	sent   []*http.Request
	bodies []string
}

// PublicOnly implements [engine.PublicTransport]: no connection is made at all.
func (h *hosts) PublicOnly() http.RoundTripper { return h }

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	body := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		body = string(b)
	}
	h.sent, h.bodies = append(h.sent, r), append(h.bodies, body)
	u := *r.URL
	u.RawQuery = ""
	to, ok := h.to[u.String()]
	if !ok {
		return nil, errors.New("nobody there: " + r.URL.String())
	}
	if to == "" {
		return answer(r, 200, "{}"), nil
	}
	resp := answer(r, h.status, "")
	resp.Header.Set("Location", to)
	return resp, nil
}

func (h *hosts) visited() string {
	var list []string
	for _, r := range h.sent {
		list = append(list, r.URL.String())
	}
	return strings.Join(list, " ")
}

// follow sends a request that carries everything a caller may add.
func follow(t *testing.T, h *hosts, method, path string) (*http.Response, error) {
	t.Helper()
	e := keyedEngine(t, h, nil, func(in *schema.Integration) {
		in.Requests.Headers["X-Api-Key"] = "${api_key}"
		in.Requests.Params = map[string]string{"key": "${api_key}", "v": "1"}
		in.Requests.Retries = &schema.Retries{MaxRetries: new(int)}
	})
	var body io.Reader
	if method != "GET" {
		body = strings.NewReader("the caller's body")
	}
	r, err := http.NewRequestWithContext(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Cookie": "a=callers-secret", "X-Custom": "callers-secret", "Accept": "text/csv", "Range": "bytes=0-9", "Content-Type": "text/plain", "User-Agent": "host/1"} {
		r.Header.Set(name, value)
	}
	return client(t, e).Do(r)
}

func TestS32_RedirectElsewhereCarriesNothing(t *testing.T) {
	for _, elsewhere := range []string{
		"https://files.test/a?sig=presigned", "https://api.fjord.test:8443/a?sig=presigned", "https://sub.api.fjord.test/a?sig=presigned", "//files.test/a?sig=presigned",
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			absolute := elsewhere
			if strings.HasPrefix(absolute, "//") {
				absolute = "https:" + absolute
			}
			bare, _, _ := strings.Cut(absolute, "?")
			h := &hosts{status: status, to: map[string]string{"https://api.fjord.test/v1/a": elsewhere, bare: ""}}
			resp, err := follow(t, h, "GET", "/a?callers-secret=1")
			if err != nil || resp.StatusCode != 200 || len(h.sent) != 2 {
				t.Fatalf("%s: got %v, %v; visited %s", elsewhere, resp, err, h.visited())
			}
			got := h.sent[1]
			if got.URL.String() != absolute {
				t.Errorf("asked for %s, want exactly %s", got.URL, absolute)
			}
			if text := dump(got); strings.Contains(text, "secret") || strings.Contains(text, "k3y") || strings.Contains(text, "Fjord-Version") || got.Header["Referer"] != nil || got.Host != "" {
				t.Errorf("%d to %s: carried %s", status, elsewhere, text)
			}
			if got.Header.Get("Accept") != "text/csv" || got.Header.Get("Range") != "bytes=0-9" || got.Header.Get("User-Agent") != "host/1" {
				t.Errorf("lost what anyone may know: %v", got.Header)
			}
		}
	}
}

func dump(r *http.Request) string {
	var b strings.Builder
	_ = r.Header.Write(&b)
	return r.URL.String() + "\n" + b.String()
}

func TestS32_RedirectAtHomeIsAuthorized(t *testing.T) {
	h := &hosts{status: 302, to: map[string]string{"https://api.fjord.test/v1/a": "/v1/other/b?x=1", "https://api.fjord.test/v1/other/b": ""}}
	resp, err := follow(t, h, "GET", "/a")
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("got %v, %v", resp, err)
	}
	if got := h.sent[1]; got.Header.Get("X-Api-Key") != "k3y/+=" || got.Header.Get("X-Custom") == "" || got.URL.RawQuery != "x=1&v=1&key=k3y%2F%2B%3D" {
		t.Errorf("sent %s", dump(got))
	}
}

// Whoever the request passed on its way chose where at home it comes back to.
func TestS32_CredentialsDoNotComeBack(t *testing.T) {
	h := &hosts{status: 302, to: map[string]string{
		"https://api.fjord.test/v1/a": "https://files.test/b", "https://files.test/b": "https://api.fjord.test/v1/keys", "https://api.fjord.test/v1/keys": "",
	}}
	if _, err := follow(t, h, "GET", "/a"); err != nil || len(h.sent) != 3 {
		t.Fatalf("got %v; visited %s", err, h.visited())
	}
	if text := dump(h.sent[2]); strings.Contains(text, "k3y") || strings.Contains(text, "secret") {
		t.Errorf("carried %s", text)
	}
}

func TestRedirectsThatAreNotFollowed(t *testing.T) {
	for _, c := range []struct {
		name, method, to string
		status, visits   int
	}{
		{"to http", "GET", "http://files.test/b", 302, 1},
		{"to http at home", "GET", "http://api.fjord.test/v1/b", 302, 1},
		{"a body elsewhere", "POST", "https://files.test/b", 307, 1},
		{"a PUT elsewhere", "PUT", "https://files.test/b", 308, 1},
		{"a DELETE elsewhere", "DELETE", "https://files.test/b", 307, 1},
		{"a POST to another tenant", "POST", "/v2/b", 307, 1},
		{"a DELETE elsewhere that would become a GET", "DELETE", "https://files.test/b", 302, 1},
		{"a PATCH elsewhere that would become a GET", "PATCH", "https://files.test/b", 301, 1},
		{"not http", "GET", "file:///etc/passwd", 302, 1},
		{"no URL", "GET", "https://[broken?sig=callers-secret", 302, 1},
		{"in a circle", "GET", "/v1/a", 302, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &hosts{status: c.status, to: map[string]string{"https://api.fjord.test/v1/a": c.to, "https://files.test/b": "", "http://files.test/b": "", "http://api.fjord.test/v1/b": ""}}
			resp, err := follow(t, h, c.method, "/a")
			if err != nil || resp.StatusCode != c.status || len(h.sent) != c.visits {
				t.Fatalf("got %v, %v; visited %s", resp, err, h.visited())
			}
			err = engine.CheckResponse(resp)
			if !errors.Is(err, engine.ErrInvalidResponse) || strings.Contains(err.Error(), "secret") || c.to[0] != 'h' && !strings.Contains(err.Error(), "not followed") {
				t.Errorf("CheckResponse says %v", err)
			}
		})
	}
}

// Tenants may be told apart by the path: what leads out of base_url's carries nothing,
// be it of the same origin.
func TestS32_RedirectToAnotherPathCarriesNothing(t *testing.T) {
	for _, to := range []string{"/v2/b", "/", "/v1x/b", "/v1/../v2/b", "/v1/%2e%2e/v2/b", "https://api.fjord.test/v2/b"} {
		h := &hosts{status: 302, to: map[string]string{"https://api.fjord.test/v1/a": to}}
		for _, path := range []string{"/v2/b", "/", "/v1x/b", "/v1/%2e%2e/v2/b"} {
			h.to["https://api.fjord.test"+path] = ""
		}
		resp, err := follow(t, h, "GET", "/a")
		if err != nil || resp.StatusCode != 200 || len(h.sent) != 2 {
			t.Fatalf("%s: got %v, %v; visited %s", to, resp, err, h.visited())
		}
		if text := dump(h.sent[1]); strings.Contains(text, "secret") || strings.Contains(text, "k3y") || strings.Contains(text, "Fjord-Version") {
			t.Errorf("%s: carried %s", to, text)
		}
	}
}

// S39: only 303 makes a GET of another method than POST (RFC 9110 15.4): a resource that was
// to be deleted must not seem to be.
func TestRedirectsKeepTheMethod(t *testing.T) {
	for _, c := range []struct {
		method string
		status int
		want   string
	}{
		{"DELETE", 301, "DELETE"}, {"DELETE", 302, "DELETE"}, {"PUT", 301, "PUT"}, {"PUT", 302, "PUT"}, {"PATCH", 302, "PATCH"}, {"QUERY", 301, "QUERY"}, {"PUT", 307, "PUT"},
		{"POST", 301, "GET"}, {"POST", 302, "GET"}, {"POST", 308, "POST"}, {"DELETE", 303, "GET"}, {"PUT", 303, "GET"},
	} {
		h := &hosts{status: c.status, to: map[string]string{"https://api.fjord.test/v1/a": "/v1/b", "https://api.fjord.test/v1/b": "/v1/c", "https://api.fjord.test/v1/c": ""}}
		resp, err := follow(t, h, c.method, "/a")
		if err != nil || resp.StatusCode != 200 || len(h.sent) != 3 {
			t.Errorf("%s on %d: got %v, %v; visited %s", c.method, c.status, resp, err, h.visited())
			continue
		}
		body, kind := "", ""
		if c.want != "GET" {
			body, kind = "the caller's body", "text/plain"
		}
		for i := range 2 {
			if got := h.sent[i+1]; got.Method != c.want || h.bodies[i+1] != body || c.want != "GET" && got.Header.Get("Content-Type") != kind {
				t.Errorf("%s on %d: hop %d is a %s of %q, %s; want %s", c.method, c.status, i+1, got.Method, h.bodies[i+1], got.Header.Get("Content-Type"), c.want)
			}
		}
	}
}

// S39: who answers a verify call from elsewhere has seen no credentials, and proves none.
func TestVerifyThatEndsElsewhere(t *testing.T) {
	for _, to := range []string{"https://login.test/b", "/v2/login"} {
		h := &hosts{status: 302, to: map[string]string{"https://api.fjord.test/v1/me": to, "https://login.test/b": "", "https://api.fjord.test/v2/login": ""}}
		e := keyedEngine(t, h, nil, func(in *schema.Integration) { in.Requests.Verify = &schema.Verify{Path: "/me"} })
		if err := e.Verify(t.Context(), alice); !errors.Is(err, engine.ErrInvalidResponse) || !strings.Contains(err.Error(), "redirected") {
			t.Errorf("%s: got %v; visited %s", to, err, h.visited())
		}
	}
}

// S39: what no request can carry is the caller's to mend, and will be the same next time.
func TestHeadersThatCannotBeSent(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("sent") }))
	defer s.Close()
	for name, want := range map[string]error{"X Spaced": engine.ErrClient, "X-Ä": engine.ErrClient, "X-Broken": engine.ErrClient, "host": engine.ErrUnsupported, "transfer-encoding": engine.ErrUnsupported, "CONTENT-LENGTH": engine.ErrUnsupported} {
		waited := 0
		e := keyedEngine(t, &http.Transport{}, &engine.Options{Observe: func(_ context.Context, ev engine.Event) {
			if ev.Kind == engine.EventWait {
				waited++
			}
		}}, func(in *schema.Integration) { in.Requests.BaseURL = s.URL })
		r, _ := http.NewRequest("GET", "/x", nil)
		r.Header[name] = []string{"a\x01b"}
		if _, err := client(t, e).Do(r); !errors.Is(err, want) || waited > 0 {
			t.Errorf("%s: got %v after %d waits, want %v", name, err, waited, want)
		}
	}
}

func TestPostAfterSeeOther(t *testing.T) {
	h := &hosts{status: 303, to: map[string]string{"https://api.fjord.test/v1/a": "https://files.test/b", "https://files.test/b": ""}}
	if _, err := follow(t, h, "POST", "/a"); err != nil || len(h.sent) != 2 || h.sent[1].Method != "GET" || h.bodies[1] != "" {
		t.Errorf("got %v; visited %s", err, h.visited())
	}
}

// A round tripper under a client of the host's, which asks nobody.
func TestRoundTripperRefusesRedirects(t *testing.T) {
	for to, sent := range map[string]int{"https://files.test/b": 2, "http://files.test/b": 1} {
		h := &hosts{status: 302, to: map[string]string{"https://api.fjord.test/v1/a": to, "https://files.test/b": "", "http://files.test/b": ""}}
		rt, err := keyedEngine(t, h, nil, nil).RoundTripper(alice, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := http.NewRequest("GET", "/a", nil)
		r.Header.Set("X-Custom", "callers-secret")
		_, err = (&http.Client{Transport: rt}).Do(r)
		if len(h.sent) != sent || (err != nil) != (sent == 1) {
			t.Errorf("%s: %v; visited %s", to, err, h.visited())
		}
		if sent == 2 && (strings.Contains(dump(h.sent[1]), "k3y") || strings.Contains(dump(h.sent[1]), "secret")) {
			t.Errorf("carried %s", dump(h.sent[1]))
		}
	}
}

// The query of a signed download is a credential of the provider's.
func TestErrorAfterRedirectSaysNoQuery(t *testing.T) {
	h := &hosts{status: 302, to: map[string]string{"https://api.fjord.test/v1/a": "https://gone.test/b?sig=presigned"}}
	_, err := follow(t, h, "GET", "/a")
	if err == nil || strings.Contains(err.Error(), "presigned") || strings.Contains(err.Error(), "secret") || !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestS35_PublicHostsOnly(t *testing.T) {
	local := func(in *schema.Integration) {
		in.Requests.BaseURL = "https://${connection.host}/v1"
		in.Connection = map[string]schema.ConnectionField{"host": {From: schema.FromUser, Field: schema.Field{Format: "hostname"}}}
		in.Requests.Retries = &schema.Retries{MaxRetries: new(int)}
	}
	for _, host := range []string{"127.0.0.1:1", "localhost:1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.0.0.0", "192.0.2.1", "evil.localhost"} {
		in := &schema.Integration{Auth: schema.Auth{AuthMode: schema.APIKey}, Requests: schema.Requests{Headers: map[string]string{"X-Key": "${api_key}"}}}
		local(in)
		e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Connect(t.Context(), alice, engine.Credentials{APIKey: secret("k")}, &engine.ConnectOptions{Fields: map[string]string{"host": host}}); err != nil {
			t.Fatal(err)
		}
		if _, err := client(t, e).Get("/x"); !errors.Is(err, engine.ErrUnsupported) || !strings.Contains(err.Error(), "public network") {
			t.Errorf("%s: got %v", host, err)
		}
	}
}

// A provider's redirect is no way into our own network either.
func TestS35_RedirectToOurOwnNetwork(t *testing.T) {
	reached := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reached = r.Host; r.Host == "api.public.test" {
			http.Redirect(w, r, "http://"+r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()+"/latest/meta-data", http.StatusFound)
		}
	}))
	defer s.Close()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
	}}
	defer transport.CloseIdleConnections()
	e := keyedEngine(t, transport, nil, func(in *schema.Integration) { in.Requests.BaseURL = "http://api.public.test" })
	if _, err := client(t, e).Get("/x"); !errors.Is(err, engine.ErrUnsupported) || reached != "api.public.test" {
		t.Errorf("got %v, reached %s", err, reached)
	}
}

func TestRedirectsCountAgainstTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hosts{status: 302, to: map[string]string{"https://api.fjord.test/v1/a": "/v1/b", "https://api.fjord.test/v1/b": ""}}
		e := keyedEngine(t, h, nil, func(in *schema.Integration) {
			in.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Requests: 1, PerSeconds: 10, Burst: 1}}
		})
		if _, err := client(t, e).Get("/a"); err != nil || len(h.sent) != 2 {
			t.Fatal(err)
		}
	})
}
