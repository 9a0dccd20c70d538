package layer_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/layer/layertest"
)

// target sends a GET for text through l and returns where it went.
func target(t *testing.T, l layer.Layer, s *layertest.Session, text string) (string, error) {
	t.Helper()
	got := ""
	rt := l(layertest.Func(func(r *http.Request) (*http.Response, error) {
		if r.Host != "" && r.Host != r.URL.Host {
			t.Errorf("Host is %q", r.Host)
		}
		got = r.URL.String()
		return layertest.Answer(r, 200, ""), nil
	}))
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r := (&http.Request{Method: http.MethodGet, URL: u, Host: "evil.test", Header: http.Header{}}).
		WithContext(layer.With(context.Background(), &layer.Call{Client: &layer.Client{Session: s}}))
	_, err = rt.RoundTrip(r)
	return got, err
}

func TestBaseURLResolves(t *testing.T) {
	for _, c := range []struct{ base, given, want string }{
		{"https://api.fjord.test", "/v1/users", "https://api.fjord.test/v1/users"},
		{"https://api.fjord.test/v1", "/users", "https://api.fjord.test/v1/users"},
		{"https://api.fjord.test/v1", "users", "https://api.fjord.test/v1/users"},
		{"https://api.fjord.test/v1/", "/users/", "https://api.fjord.test/v1/users/"},
		{"https://api.fjord.test/v1", "", "https://api.fjord.test/v1"},
		{"https://api.fjord.test/v1", "?a=b", "https://api.fjord.test/v1?a=b"},
		{"https://api.fjord.test/v1?k=v", "/users?a=b", "https://api.fjord.test/v1/users?k=v&a=b"},
		{"https://api.fjord.test/v1", "/files/a%2Fb?q=c%2Fd&q=%20", "https://api.fjord.test/v1/files/a%2Fb?q=c%2Fd&q=%20"},
		{"https://api.fjord.test/v1", "/a b/ü", "https://api.fjord.test/v1/a%20b/%C3%BC"},
		{"https://api.fjord.test/v1", "/x#part", "https://api.fjord.test/v1/x"},
		{"https://api.fjord.test/v1", "https://api.fjord.test/v1/users?a", "https://api.fjord.test/v1/users?a"},
		{"https://api.fjord.test/v1", "HTTPS://API.fjord.test:443/v1/users", "https://api.fjord.test/v1/users"},
		{"https://api.fjord.test/v1", "/.well-known/..hidden/a..b/...", "https://api.fjord.test/v1/.well-known/..hidden/a..b/..."},
		{"https://api.fjord.test/v1", "/100%25/x", "https://api.fjord.test/v1/100%25/x"},
		{"https://api.fjord.test/v1", "/a//b", "https://api.fjord.test/v1/a//b"},
		{"http://localhost:8080", "/x", "http://localhost:8080/x"},
	} {
		if got, err := target(t, baseURL(t, c.base), &layertest.Session{}, c.given); got != c.want || err != nil {
			t.Errorf("%s + %s: got %s, %v; want %s", c.base, c.given, got, err, c.want)
		}
	}
}

func TestBaseURLRefuses(t *testing.T) {
	const base = "https://api.fjord.test/v1"
	for _, given := range []string{
		"//evil.test/x", "https://evil.test/v1/x", "https://api.fjord.test.evil.test/v1/x", "https://evil.test\\@api.fjord.test/v1",
		"http://api.fjord.test/v1/x", "https://api.fjord.test:8443/v1/x",
		"https://api.fjord.test/", "https://api.fjord.test/v1x/users", "https://api.fjord.test/v2/users",
		"https://user@api.fjord.test/v1/x", "https://api.fjord.test@evil.test/v1/x", "https:opaque", "mailto:a@b.test", "file:///etc/passwd",
		"/../admin", "..", "../", "/a/../../admin", "https://api.fjord.test/v1/../admin",
		"/%2e%2e/admin", "/%2E./admin", "/.%2e/admin", "/..%2fadmin", "/a%2f..%2f..%2fadmin", "/%252e%252e/admin", "/..%5cadmin", `/..\admin`,
		"/..;x=1/admin", "/%2e%2e;/admin", "/%252e%252e/%25zz", "/%252e%252e%252f%25/x", "/a%25/%252e%252e/x", "/%25252525252e/x",
	} {
		u, err := url.Parse(given)
		if err != nil {
			continue // net/http refuses it before us
		}
		got, err := target(t, baseURL(t, base), &layertest.Session{}, u.String())
		var refused *layer.RefusedError
		if got != "" || !errors.As(err, &refused) {
			t.Errorf("%s: got %q, %v; want a refusal", given, got, err)
		}
	}
}

func TestBaseURLOfConnection(t *testing.T) {
	b := layer.BaseURL{Template: template(t, "https://${connection.shop}.fjord.test/${connection.version}"), IsSecret: func(string) bool { return false }}
	fork, err := b.Fork()
	if err != nil {
		t.Fatal(err)
	}
	ok := &layertest.Session{Values: layertest.Values{"connection.shop": "quill", "connection.version": "2/x"}}
	if got, err := target(t, same(fork), ok, "/a"); got != "https://quill.fjord.test/2%2Fx/a" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	for _, shop := range []string{"evil.test/", "evil.test#", "evil.test?", "x@evil.test", "a.b", "a.b:80", "", "-a", "..", "ä", "a\n", "%61"} {
		s := &layertest.Session{Values: layertest.Values{"connection.shop": shop, "connection.version": "2"}}
		if got, err := target(t, same(fork), s, "/a"); got != "" || err == nil {
			t.Errorf("%q: sent to %s", shop, got)
		}
	}
	for _, version := range []string{"..", ".", "../.."} {
		s := &layertest.Session{Values: layertest.Values{"connection.shop": "quill", "connection.version": version}}
		if got, err := target(t, same(fork), s, "/a"); got != "" || err == nil {
			t.Errorf("%q: sent to %s", version, got)
		}
	}
}

func TestBaseURLMakesLocationAbsolute(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{"/v1/b", "https://api.fjord.test/v1/b"},
		{"b?x=1", "https://api.fjord.test/v1/b?x=1"},
		{"//cdn.fjord.test/b", "https://cdn.fjord.test/b"},
		{"https://elsewhere.test/b", "https://elsewhere.test/b"},
		{"https://[broken/?secret", ""},
	} {
		rt := baseURL(t, layertest.Base)(layertest.Func(func(r *http.Request) (*http.Response, error) {
			return layertest.Answer(r, 201, "", "Location", c.given), nil
		}))
		r, _ := http.NewRequestWithContext(layer.With(context.Background(), &layer.Call{Client: &layer.Client{Session: &layertest.Session{}}}), "GET", "/a", nil)
		resp, err := rt.RoundTrip(r)
		if err != nil || resp.Header.Get("Location") != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.given, resp.Header.Get("Location"), err, c.want)
		}
	}
}
