package engine_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// wrapping is a transport that the engine knows nothing of, such as one that
// traces.
type wrapping struct{ http.RoundTripper }

// ofTheUser makes an integration whose API and token endpoint are where a
// connection says.
func ofTheUser(in *schema.Integration) {
	in.Requests.BaseURL = "http://${connection.host}/v1"
	in.Auth.TokenURL = "http://${connection.host}/token"
	in.Auth.RevocationURL = "http://${connection.host}/revoke"
	in.Connection = map[string]schema.ConnectionField{"host": {From: schema.FromUser, Field: schema.Field{Format: "hostname"}}}
	in.Requests.Retries = &schema.Retries{MaxRetries: new(int)}
}

// homeEngine returns an engine with a connection whose host is the server's.
func homeEngine(t *testing.T, host string, base http.RoundTripper, change func(*schema.Integration)) *engine.Engine {
	t.Helper()
	in := fjord()
	ofTheUser(in)
	if change != nil {
		change(in)
	}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: base})
	if err != nil {
		t.Fatal(err)
	}
	token := engine.Token{AccessToken: secret("a1"), RefreshToken: secret("r1")}
	if _, err := e.Connect(t.Context(), alice, engine.Credentials{Token: token}, &engine.ConnectOptions{Fields: map[string]string{"host": host}}); err != nil {
		t.Fatal(err)
	}
	return e
}

func homeServer(t *testing.T) (host string, reached *int) {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		_, _ = w.Write([]byte(`{"access_token":"a2","refresh_token":"r2"}`))
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), &n
}

// Neither the API nor the token endpoint of a connection's own choosing is a way
// into our network, by number or by name, whatever carries the request.
func TestS35_PublicHostsOnlyForEveryRequest(t *testing.T) {
	address, reached := homeServer(t)
	_, port, _ := strings.Cut(address, ":")
	for what, base := range map[string]http.RoundTripper{"the default": nil, "net/http's": &http.Transport{}, "one that wraps it": wrapping{&http.Transport{}}} {
		for _, host := range []string{address, "localhost:" + port} {
			e := homeEngine(t, host, base, nil)
			_, refreshed := e.Refresh(t.Context(), alice)
			_, called := client(t, e).Get("/x")
			_ = e.Revoke(t.Context(), alice) // removes it here, whatever the provider says
			for op, err := range map[string]error{"refresh": refreshed, "call": called} {
				if !errors.Is(err, engine.ErrUnsupported) || !strings.Contains(err.Error(), "allow_private_hosts") {
					t.Errorf("%s, %s, %s: got %v", what, host, op, err)
				}
			}
			if *reached > 0 {
				t.Fatalf("%s, %s: reached", what, host)
			}
		}
	}
}

func TestOperatorAllowsPrivateHosts(t *testing.T) {
	host, reached := homeServer(t)
	allowed := func(in *schema.Integration) { in.Requests.AllowPrivateHosts = true }
	written := func(in *schema.Integration) {
		in.Requests.BaseURL, in.Auth.TokenURL = "http://"+host+"/${connection.host}", "http://"+host+"/token"
	}
	for name, change := range map[string]func(*schema.Integration){"allowed": allowed, "written by the operator": written} {
		for _, base := range []http.RoundTripper{nil, wrapping{&http.Transport{}}} {
			e := homeEngine(t, host, base, change)
			*reached = 0
			if _, err := get(t, client(t, e), "/x"); err != nil || *reached != 1 {
				t.Errorf("%s: got %v", name, err)
			}
			if _, err := e.Refresh(t.Context(), alice); err != nil || *reached != 2 {
				t.Errorf("%s: refresh: got %v", name, err)
			}
		}
	}
}

// S35: nor by way of a proxy, which would connect to what it is asked for.
func TestS35_OutboundProxy(t *testing.T) {
	asked := 0
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		_, _ = w.Write([]byte(`{"access_token":"a2","refresh_token":"r2"}`))
	}))
	defer proxy.Close()
	u, _ := url.Parse(proxy.URL)
	base := &http.Transport{Proxy: http.ProxyURL(u)}
	defer base.CloseIdleConnections()
	for _, host := range []string{"127.1", "2130706433", "0x7f.1", "0177.0.0.1", "169.254.169.254", "localhost"} {
		e := homeEngine(t, host, base, func(in *schema.Integration) { in.Auth.TokenURL = "https://${connection.host}/token" })
		_, refreshed := e.Refresh(t.Context(), alice)
		_, called := client(t, e).Get("/x")
		for op, err := range map[string]error{"refresh": refreshed, "call": called} {
			if !errors.Is(err, engine.ErrUnsupported) || !strings.Contains(err.Error(), "allow_private_hosts") || asked > 0 {
				t.Errorf("%s, %s: got %v; the proxy was asked %d times", host, op, err, asked)
			}
		}
	}
	e := homeEngine(t, "127.1", base, func(in *schema.Integration) {
		in.Requests.AllowPrivateHosts = true
		in.Auth.TokenURL = "https://fjord.test/token"
	})
	if _, err := get(t, client(t, e), "/x"); err != nil || asked != 1 {
		t.Errorf("allowed by the operator: %v; the proxy was asked %d times", err, asked)
	}
}
