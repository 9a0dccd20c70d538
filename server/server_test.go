package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/record"
)

// operator is the key that the operator gives.
const operator = "operator-0123456789-0123456789-0123456789"

// Secrets of the connections; they must show up nowhere.
const (
	accessSecret  = "s3cret-access-token"
	refreshSecret = "s3cret-refresh-token"
	clientSecret  = "s3cret-client-secret"
	apiKeySecret  = "s3cret-api-key"
)

// A stage is a server over an engine, and a provider that the test plays.
type stage struct {
	*testing.T
	server   *server.Server
	url      string
	engine   *engine.Engine
	records  *watchedRecords
	provider *httptest.Server

	api      atomic.Pointer[http.HandlerFunc] // answers calls of the API
	token    atomic.Pointer[http.HandlerFunc] // answers the token endpoint
	redeemed atomic.Int64

	config       *schema.Config
	sessionToken string // of tests that need it in several places

	mu    sync.Mutex
	clock time.Time
	log   bytes.Buffer
}

// watchedRecords count what is asked of them, and may be away.
type watchedRecords struct {
	record.Memory
	asked atomic.Int64
	away  atomic.Bool
}

func (w *watchedRecords) Records(ctx context.Context, kind, after string, limit int) ([]*record.Record, error) {
	w.asked.Add(1)
	if w.away.Load() {
		return nil, errors.New("the database is away")
	}
	return w.Memory.Records(ctx, kind, after, limit)
}

func (s *stage) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

func (s *stage) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
}

func (s *stage) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(b)
}

func (s *stage) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

func (s *stage) answerAPI(h http.HandlerFunc)   { s.api.Store(&h) }
func (s *stage) answerToken(h http.HandlerFunc) { s.token.Store(&h) }

// integrations are what the provider of a stage offers, in several ways.
func integrations(base string) map[string]*schema.Integration {
	scopes := schema.Scopes{}
	requests := func(name, value string) schema.Requests {
		return schema.Requests{BaseURL: base + "/api", Headers: map[string]string{name: value}}
	}
	return map[string]*schema.Integration{
		"tides": {
			Name: "tides", OAuthClientID: "tides-app", OAuthClientSecret: schema.NewSecret(clientSecret), OAuthScopes: &scopes,
			Auth:     schema.Auth{AuthMode: schema.OAuth2, AuthorizationURL: base + "/authorize", TokenURL: base + "/token"},
			Requests: requests("Authorization", "Bearer ${access_token}"), Operations: tideOperations(),
		},
		"lamps": {
			Name: "lamps", Auth: schema.Auth{AuthMode: schema.APIKey},
			Credentials: map[string]schema.Field{"api_key": {Title: "Key"}},
			Requests:    requests("X-Lamp-Key", "${api_key}"),
		},
	}
}

func newStage(t *testing.T, change func(*server.Options)) *stage {
	t.Helper()
	s := &stage{T: t, clock: time.Now(), records: &watchedRecords{}}
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello") })
	s.answerToken(s.rotate)
	s.provider = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			s.redeemed.Add(1)
			(*s.token.Load())(w, r)
			return
		}
		(*s.api.Load())(w, r)
	}))
	t.Cleanup(s.provider.Close)
	var err error
	s.config = &schema.Config{Integrations: integrations(s.provider.URL)}
	s.engine, err = engine.New(s.config, &engine.Options{Now: s.now})
	if err != nil {
		t.Fatal(err)
	}
	opts := &server.Options{
		Records: s.records, APIKey: schema.NewSecret(operator), Now: s.now,
		Logger: slog.New(slog.NewTextHandler(s, nil)),
	}
	if change != nil {
		change(opts)
	}
	s.mount(s.engine, opts)
	s.connect("tides", "user-42", engine.Credentials{Token: engine.Token{
		AccessToken: schema.NewSecret(accessSecret), RefreshToken: schema.NewSecret(refreshSecret), ExpiresAt: s.now().Add(time.Hour),
		Scopes: []string{"read", "write"},
	}})
	s.connect("lamps", "user-42", engine.Credentials{APIKey: schema.NewSecret(apiKeySecret)})
	return s
}

// mount serves e from now on.
func (s *stage) mount(e *engine.Engine, opts *server.Options) {
	s.Helper()
	var err error
	if s.server, err = server.New(e, opts); err != nil {
		s.Fatal(err)
	}
	front := httptest.NewServer(s.server)
	s.Cleanup(front.Close)
	s.url = front.URL
}

func (s *stage) connect(integration, id string, c engine.Credentials) {
	s.Helper()
	k := engine.Key{Integration: integration, ConnectionID: id}
	if _, err := s.engine.Connect(s.Context(), k, c, nil); err != nil {
		s.Fatalf("connect %s: %v", k, err)
	}
}

// integration is one that a test may change before it calls reload.
func (s *stage) integration(name string) *schema.Integration {
	s.config = &schema.Config{Integrations: integrations(s.provider.URL)}
	return s.config.Integrations[name]
}

func (s *stage) reload() {
	s.Helper()
	if err := s.engine.Reload(s.config); err != nil {
		s.Fatal(err)
	}
}

// rotate is a provider that takes each refresh token once.
func (s *stage) rotate(w http.ResponseWriter, _ *http.Request) {
	n := s.redeemed.Load()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token": "access-%d", "refresh_token": "refresh-%d", "token_type": "Bearer", "expires_in": 3600}`, n, n)
}

// key makes an API key.
func (s *stage) key(name string, scopes []server.Scope, connections ...string) string {
	s.Helper()
	k, err := server.CreateAPIKey(s.Context(), s.records, server.APIKey{Name: name, Scopes: scopes, Connections: connections})
	if err != nil {
		s.Fatal(err)
	}
	s.advance(2 * time.Second) // so that it is noticed
	return k.Reveal()
}

// An answer is one, read to its end.
type answer struct {
	*http.Response
	body string
}

// plain asks for nothing that the test does not say.
var plain = &http.Transport{DisableCompression: true}

func (s *stage) do(method, path string, body io.Reader, header ...string) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url+path, body)
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := plain.RoundTrip(r)
	if err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{resp, string(text)}
}

// code is the error's code, in either form.
func (a answer) code() string {
	var either struct{ Error json.RawMessage }
	_ = json.Unmarshal([]byte(a.body), &either)
	var nested struct{ Code string }
	if json.Unmarshal(either.Error, &nested) == nil {
		return nested.Code
	}
	return strings.Trim(string(either.Error), `"`)
}

func (s *stage) want(a answer, status int, code string) {
	s.Helper()
	if a.StatusCode != status || a.code() != code {
		s.Errorf("%s %s: got %d %q, want %d %q: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.code(), status, code, a.body)
	}
}

func bearer(key string) []string { return []string{"Authorization", "Bearer " + key} }

// nango are the headers of Nango's clients.
func nango(key, integration, connection string, more ...string) []string {
	return append([]string{"Authorization", "Bearer " + key, "Provider-Config-Key", integration, "Connection-Id", connection, "Base-Url-Override", ""}, more...)
}

func TestHealth(t *testing.T) {
	s := newStage(t, nil)
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := s.do("GET", path, nil); a.StatusCode != 200 {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
	s.records.away.Store(true)
	s.want(s.do("GET", "/readyz", nil), 503, "unavailable")
	if a := s.do("GET", "/healthz", nil); a.StatusCode != 200 {
		t.Error("a process whose store is away still lives")
	}
	s.want(s.do("GET", "/nowhere", nil), 404, "not_found")
	a := s.do("GET", "/oauth/token", nil)
	s.want(a, 405, "method_not_allowed")
	if got := a.Header.Get("Allow"); got != "POST" {
		t.Errorf("Allow: %q", got)
	}
}

func TestMetricsNeedAKey(t *testing.T) {
	s := newStage(t, func(o *server.Options) {
		o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "counts") })
	})
	if a := s.do("GET", "/metrics", nil, bearer(s.key("reader", []server.Scope{server.ScopeRead}))...); a.StatusCode != 200 || a.body != "counts" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	s.want(s.do("GET", "/metrics", nil), 401, "missing_auth_header")
	s.want(s.do("GET", "/metrics", nil, bearer(s.key("caller", []server.Scope{server.ScopeProxy}))...), 403, "forbidden")
	s.want(s.do("GET", "/metrics", nil, bearer(s.key("bound", server.Scopes, "tides/*"))...), 403, "forbidden")
	s.want(newStage(t, nil).do("GET", "/metrics", nil, bearer(operator)...), 404, "not_found")
}

// The document must describe the routes that there are, and no others.
func TestOpenAPIDescribesTheRoutes(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(server.OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, func(o *server.Options) { o.Metrics = http.NotFoundHandler() })
	real := map[string]bool{"post /o/{integration}/{connection}/{operation}": true, "get /c/{integration}/{connection}/{path}": true, "get /proxy/{path}": true}
	for path, methods := range s.server.Routes() {
		for _, m := range methods {
			real[strings.ToLower(m)+" "+path] = true
		}
	}
	for path, item := range doc.Paths {
		for m := range item {
			if m == "parameters" || m == "description" {
				continue
			}
			if !real[m+" "+path] {
				t.Errorf("the document has %s %s, and there is no such route", m, path)
			}
			delete(real, m+" "+path)
		}
	}
	for r := range real {
		t.Errorf("the document lacks %s", r)
	}
}

// Whoever may not is told so by every route, in the same words whether the
// connection is there or not, and it is logged.
func TestABoundKeyReachesNothingElse(t *testing.T) {
	s := newStage(t, nil)
	s.connect("tides", "user-43", engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret("another-token")}})
	key := s.key("bound", server.Scopes, "tides/user-42")
	for name, ask := range map[string]func(connection string) answer{
		"token": func(c string) answer { return s.askToken("tides/"+c, key) },
		"path":  func(c string) answer { return s.do("GET", "/c/tides/"+c+"/x", nil, bearer(key)...) },
		"show": func(c string) answer {
			return s.do("GET", "/connections/"+c+"?provider_config_key=tides", nil, bearer(key)...)
		},
		"header": func(c string) answer { return s.do("GET", "/proxy/x", nil, nango(key, "tides", c)...) },
		"encoded": func(c string) answer {
			return s.do("GET", "/c/tid%65s/"+strings.ReplaceAll(c, "-", "%2D")+"/x", nil, bearer(key)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if a := ask("user-42"); a.StatusCode != 200 {
				t.Errorf("its own: %d %s", a.StatusCode, a.body)
			}
			there, not := ask("user-43"), ask("user-99")
			if there.StatusCode/100 != 4 || there.body != not.body || there.StatusCode != not.StatusCode {
				t.Errorf("another's: %d %s\nnobody's: %d %s", there.StatusCode, there.body, not.StatusCode, not.body)
			}
			if strings.Contains(there.body, "another-token") {
				t.Error("the token leaked")
			}
		})
	}
	for _, path := range []string{"/c/tides/user-42%2F..%2Fuser-43/x", "/c/tides/user-42/../user-43/x", "/c/tides/user-42;x/x", "/c/tides%2Fuser-42/user-43/x", "/c//user-42/x", "/c/tides//x"} {
		if a := s.do("GET", path, nil, bearer(key)...); a.StatusCode == 200 {
			t.Errorf("%s: 200 %s", path, a.body)
		}
	}
	s.want(s.do("DELETE", "/connections/user-43?provider_config_key=tides", nil, bearer(key)...), 403, "forbidden")
	if got := s.listed("", key); got != "tides/user-42" {
		t.Errorf("listed: %s", got)
	}
	if !strings.Contains(s.logged(), "connection=user-43 code=forbidden") {
		t.Errorf("nothing is logged of the attempt:\n%s", s.logged())
	}
}

func TestScopes(t *testing.T) {
	s := newStage(t, nil)
	ordinary, tokens := s.key("ordinary", nil), s.key("tokens", []server.Scope{server.ScopeToken})
	s.want(s.askToken("tides/user-42", ordinary), 400, "unauthorized_client")
	s.want(s.do("GET", "/c/tides/user-42/x", nil, bearer(tokens)...), 403, "forbidden")
	s.want(s.do("GET", "/proxy/x", nil, nango(tokens, "tides", "user-42")...), 403, "forbidden")
	if a := s.do("GET", "/c/tides/user-42/x", nil, bearer(ordinary)...); a.body != "hello" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.askToken("tides/user-42", tokens); a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestRequestsASecond(t *testing.T) {
	s := newStage(t, func(o *server.Options) { o.RequestsPerSecond = 2 })
	ask := func(key string) answer { return s.do("GET", "/c/lamps/user-42/x", nil, bearer(key)...) }
	another := s.key("another", nil)
	for range 2 {
		if a := ask(operator); a.StatusCode != 200 {
			t.Errorf("within the limit: %d", a.StatusCode)
		}
	}
	a := ask(operator)
	s.want(a, 429, "too_many_request")
	if a.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After: %q", a.Header.Get("Retry-After"))
	}
	s.want(s.askToken("tides/user-42", operator), 503, "temporarily_unavailable")
	if a := ask(another); a.StatusCode != 200 {
		t.Errorf("another key pays for it: %d", a.StatusCode)
	}
	s.advance(time.Second)
	if a := ask(operator); a.StatusCode != 200 {
		t.Errorf("a second later: %d", a.StatusCode)
	}
}

// What grants access, and what was sent, is in no line of the log and in no error.
func TestNoSecretIsLogged(t *testing.T) {
	s := newStage(t, nil)
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, "s3cret-answer")
	})
	key := s.key("mine", server.Scopes)
	var shown strings.Builder
	for _, a := range []answer{
		s.do("GET", "/c/tides/user-42/s3cret-path?q=s3cret-query", nil, append(bearer(key), "X-More", "s3cret-header")...),
		s.do("POST", "/c/lamps/user-42/x", strings.NewReader("s3cret-body"), bearer(key)...),
		s.do("GET", "/c/tides/nobody/s3cret-path", nil, bearer(key)...),
		s.do("GET", "/c/tides/user-42/x?k="+key, nil, bearer(key)...),
		s.do("GET", "/proxy/s3cret-path?q=s3cret-query", nil, nango("s3cret-wrong-key", "tides", "user-42")...),
		s.do("S3CRET", "/c/tides/user-42/x", nil, bearer("s3cret-wrong-key")...),
		s.do("GET", "/s3cret-route?q=s3cret-query", nil),
		s.askToken("tides/user-42", "s3cret-wrong-key"),
		s.askToken("tides/user-42", key, "scope", "s3cret-scope"),
	} {
		if a.Header.Get(server.ErrorHeader) != "" || a.code() != "" {
			shown.WriteString(a.body)
		}
	}
	for name, text := range map[string]string{"log": s.logged(), "errors": shown.String()} {
		for _, secret := range []string{"s3cret", "S3CRET", key, operator, strings.TrimPrefix(key, "nlk_")} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s holds %s:\n%s", name, secret, text)
			}
		}
	}
	if !strings.Contains(s.logged(), "api_key=mine integration=tides connection=user-42") {
		t.Errorf("the log does not say who did what:\n%s", s.logged())
	}
}
