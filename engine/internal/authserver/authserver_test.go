package authserver_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/authserver"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// A world answers by URL, and counts; what it does not have is 404.
type world struct {
	pages map[string]any
	asked map[string]int
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.asked[r.URL.String()]++
	body, ok := w.pages[r.URL.String()]
	status, header := http.StatusNotFound, http.Header{"Content-Type": {"application/json"}}
	switch {
	case r.URL.String() == "https://mcp.test/mcp":
		status = http.StatusUnauthorized
		header.Set("WWW-Authenticate", `Bearer scope="lamps:read"`)
	case ok && r.Method == http.MethodPost:
		status = http.StatusCreated
	case ok:
		status = http.StatusOK
	}
	text, _ := json.Marshal(body)
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(string(text))), Request: r}, nil
}

func newFinder(t *testing.T, change func(*schema.Integration)) (*authserver.Finder, *world) {
	t.Helper()
	in := &schema.Integration{Name: "fjord", Auth: schema.Auth{AuthMode: schema.MCPOAuth2}, Requests: schema.Requests{BaseURL: "https://mcp.test/mcp"}}
	if change != nil {
		change(in)
	}
	p, err := plan.New(in)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{asked: map[string]int{}, pages: map[string]any{
		"https://mcp.test/.well-known/oauth-protected-resource/mcp": map[string]any{"resource": "https://mcp.test/mcp", "authorization_servers": []string{"https://id.test"}},
		"https://id.test/.well-known/oauth-authorization-server": map[string]any{
			"issuer": "https://id.test", "authorization_endpoint": "https://id.test/authorize", "token_endpoint": "https://id.test/token", "registration_endpoint": "https://id.test/register",
			"code_challenge_methods_supported": []string{"S256"}, "token_endpoint_auth_methods_supported": []string{"none"},
		},
		"https://id.test/register": map[string]any{"client_id": "registered", "token_endpoint_auth_method": "none", "redirect_uris": []string{"https://app.test/callback"}},
	}}
	return &authserver.Finder{
		In: p, Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }, Timeout: time.Minute, Memory: authserver.NewMemory(),
		Client: func(*url.URL) *http.Client { return &http.Client{Transport: w} },
	}, w
}

func find(t *testing.T, f *authserver.Finder) (*authserver.Server, error) {
	t.Helper()
	c := &connection.Connection{Key: connection.Key{Integration: "fjord", ConnectionID: "alice"}}
	return f.Find(t.Context(), authserver.Quest{Op: "authorize", Key: c.Key, Values: f.In.ValuesOf(c), Redirect: "https://app.test/callback"})
}

// Users who come one after the other share what the first has found, and the client that
// it was registered as, until the server says that it knows none such.
func TestFindOnceForMany(t *testing.T) {
	f, w := newFinder(t, nil)
	for range 3 {
		s, err := find(t, f)
		if err != nil {
			t.Fatal(err)
		}
		if s.Authorize != "https://id.test/authorize" || s.TokenEndpoint != "https://id.test/token" || s.ClientID != "registered" || s.Resource != "https://mcp.test/mcp" || strings.Join(s.Scopes, " ") != "lamps:read" {
			t.Errorf("found %+v", s)
		}
	}
	if w.asked["https://id.test/register"] != 1 || w.asked["https://id.test/.well-known/oauth-authorization-server"] != 1 {
		t.Errorf("asked %v", w.asked)
	}
	refused := &fault.Error{Op: "refresh", Kind: fault.KindClient, Code: "invalid_client"}
	if err := f.Blame(&connection.Registration{ClientID: "registered"}, refused); fault.KindOf(err) != fault.KindReauthorize {
		t.Errorf("got %v, want that the user connects again", err)
	}
	if _, err := find(t, f); err != nil || w.asked["https://id.test/register"] != 2 {
		t.Errorf("after that: %v, registered %d times", err, w.asked["https://id.test/register"])
	}
}

// The operator's own client is nobody's to register, nor a user's to mend.
func TestFindWithTheOperatorsClient(t *testing.T) {
	f, w := newFinder(t, func(in *schema.Integration) { in.OAuthClientID = "ours" })
	s, err := find(t, f)
	if err != nil || s.ClientID != "ours" || w.asked["https://id.test/register"] != 0 {
		t.Errorf("got %+v, %v, registered %d times", s, err, w.asked["https://id.test/register"])
	}
	refused := &fault.Error{Op: "refresh", Kind: fault.KindClient, Code: "invalid_client"}
	if err := f.Blame(&connection.Registration{ClientID: "ours"}, refused); !errors.Is(err, refused) || fault.KindOf(err) != fault.KindClient {
		t.Errorf("got %v", err)
	}
}

// A server that nobody names is an error which says what can name it.
func TestFindNothing(t *testing.T) {
	f, w := newFinder(t, nil)
	clear(w.pages)
	if _, err := find(t, f); fault.KindOf(err) != fault.KindInvalidResponse || !strings.Contains(err.Error(), "auth.authorization_server") {
		t.Errorf("got %v", err)
	}
}
