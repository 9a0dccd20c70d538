package ask

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/session"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/store/record"
)

// tides is the only integration that there is.
type tides struct{}

func (tides) Describe(name string) (*engine.Description, error) {
	if name != "tides" {
		return nil, &engine.Error{Kind: engine.KindNotFound}
	}
	return &engine.Description{Fields: []engine.InputField{{Name: "subdomain", Field: schema.Field{Title: "Subdomain"}}, {Name: "client_id", Field: schema.Field{Title: "Client"}, Credential: true}}}, nil
}

func reader() *Reader {
	here := &site.Site{Settings: func() schema.Server {
		return schema.Server{OpenConnect: []string{"tides", "gone"}, AllowedRedirects: []string{"https://app.example/done"}}
	}}
	return &Reader{
		Engine: tides{}, Site: here, Teller: &result.Teller{Engine: tides{}, Site: here},
		Sessions: &session.Store{Records: &record.Memory{}, Now: time.Now},
	}
}

func read(integration, query string) (*Ask, string) {
	r := httptest.NewRequest(http.MethodGet, "/oauth/connect/"+integration, nil)
	r.URL.RawQuery = query
	a, err := reader().Read(r, integration)
	if err != nil {
		return a, err.Code
	}
	return a, ""
}

// What stands in brackets is sorted into its kind.
func TestRead(t *testing.T) {
	a, code := read("tides", url.Values{
		"userId": {"a"}, "redirect_url": {"https://app.example/done"}, "params[subdomain]": {"acme"}, "params[client_id]": {"mine"},
		"authorization_params[prompt]": {"undefined"}, "credentials[oauth_client_secret_override]": {"s"},
	}.Encode())
	if code != "" {
		t.Fatal(code)
	}
	if a.Key != (engine.Key{Integration: "tides", ConnectionID: "a"}) || len(a.Fields) != 1 || a.Fields["subdomain"] != "acme" ||
		a.Credentials["client_id"].Reveal() != "mine" || a.Credentials["client_secret"].Reveal() != "s" {
		t.Errorf("got %+v", a)
	}
	if v, ok := a.Params["prompt"]; v != "" || !ok {
		t.Errorf("a parameter that is to be left out: %q, %v", v, ok)
	}
	if a.To.Redirect != "https://app.example/done" {
		t.Errorf("it is told at %+v", a.To)
	}
}

func TestWhatIsRefused(t *testing.T) {
	for query, want := range map[string]string{
		"userId=a&userId=b": "url_param_err", "userId=a&made_up=1": "url_param_err", "userId=a&params[subdomain": "url_param_err",
		"userId=a&public_key=x": "url_param_err", "userId=a&user_scope=x": "url_param_err", "userId=a&connect_session_token=x": "url_param_err",
		"": "missing_connect_session_token", "connect_session_token=x": "invalid_connect_session_token_format",
		"userId=a&redirect_url=https://evil.example": "url_param_err", "userId=a&opener_origin=https://evil.example": "url_param_err",
		"userId=a&ws_client_id=x": "url_param_err", "userId=": "url_param_err",
	} {
		if _, code := read("tides", query); code != want {
			t.Errorf("%q: got %q, want %q", query, code, want)
		}
	}
	if _, code := read("lamps", "userId=a"); code != "integration_not_allowed" {
		t.Errorf("an integration that is not open: %q", code)
	}
	if a, code := read("gone", "userId=a&redirect_url=https://app.example/done"); code != "unknown_config_key" || a.To.Redirect == "" {
		t.Errorf("an integration that there is not: %q, told at %+v", code, a.To)
	}
}

// A browser may repeat what the product has settled, and say nothing else in its place.
func TestSettle(t *testing.T) {
	d := session.Defaults{
		ConnectionConfig:    map[string]string{"subdomain": "acme", session.ScopesOverride: "read, write"},
		AuthorizationParams: map[string]string{"prompt": "none"},
	}
	for said, ok := range map[string]bool{"": true, "acme": true, "evil": false} {
		a := &Ask{Fields: map[string]string{}, Params: map[string]string{}}
		if said != "" {
			a.Fields["subdomain"] = said
		}
		err := a.settle(d)
		if (err == nil) != ok {
			t.Errorf("%q: %v", said, err)
		}
		if ok && (a.Fields["subdomain"] != "acme" || len(a.Fields) != 1 || a.Params["prompt"] != "none" || strings.Join(a.Scopes, " ") != "read write") {
			t.Errorf("settled: %+v", a)
		}
	}
}

func TestCheck(t *testing.T) {
	d, _ := tides{}.Describe("tides")
	for name, c := range map[string]struct {
		field string
		ok    bool
	}{"declared": {"subdomain", true}, "unknown": {"s3cret", false}} {
		a := &Ask{Fields: map[string]string{"subdomain": "acme"}, Credentials: map[string]schema.Secret{"client_id": schema.NewSecret("c")}}
		a.Fields[c.field] = "acme"
		err := a.Check(d)
		if (err == nil) != c.ok || err != nil && strings.Contains(err.Message, "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
