package proxy

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

// The API key goes to no provider, in whichever header it stands, and neither does what is
// about the way to this server.
func TestEndToEnd(t *testing.T) {
	const key = "nlk_0123456789012345678901234567890123456789"
	asked := http.Header{
		"Accept": {"text/plain"}, "X-Api-Key": {key}, "X-Embedded": {"token=" + key}, "Authorization": {"Bearer " + key}, "Cookie": {"a=b"},
		"X-Forwarded-For": {"10.0.0.1"}, "Connection": {"close, X-Hop"}, "X-Hop": {"1"}, "Content-Length": {"3"},
	}
	got := endToEnd(asked, key)
	if len(got) != 1 || got.Get("Accept") != "text/plain" {
		t.Errorf("got %v, want Accept alone", got)
	}
	basic := &http.Request{Header: http.Header{}}
	basic.SetBasicAuth(key, "x")
	if got := endToEnd(basic.Header, key); len(got) != 0 {
		t.Errorf("a key within HTTP Basic goes on: %v", got)
	}
}

// A provider's answer sets nothing of this server's in a browser.
func TestCopyBack(t *testing.T) {
	to := http.Header{}
	copyBack(to, http.Header{
		"Content-Type": {"text/html"}, "Content-Length": {"3"}, "Set-Cookie": {"a=b"}, "Strict-Transport-Security": {"x"},
		"Access-Control-Allow-Origin": {"*"}, "X-Nango-Lite-Error": {"faked"}, "Content-Security-Policy": {"default-src *"}, "Transfer-Encoding": {"chunked"},
	})
	if len(to) != 4 || to.Get("Content-Type") != "text/html" || to.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got %v", to)
	}
	if policies := to["Content-Security-Policy"]; len(policies) != 2 || policies[1] != "sandbox" {
		t.Errorf("policies: %q", policies)
	}
}

func TestSplitPath(t *testing.T) {
	for path, want := range map[string]string{
		"/c/tides/user-42/x/y":  "tides user-42 /x/y",
		"/c/tides/a%2Fb/x%2Fy":  "tides a/b /x%2Fy",
		"/c/tides/user-42":      "tides user-42 ",
		"/c/tides/user-42//x/.": "tides user-42 //x/.",
		"/c/tides":              "",
		"/c//user-42/x":         "",
		"/c/tides/%zz/x":        "",
	} {
		k, rest, ok := splitPath(path)
		if got := k.Integration + " " + k.ConnectionID + " " + rest; ok != (want != "") || ok && got != want {
			t.Errorf("%s: got %q, %v, want %q", path, got, ok, want)
		}
	}
}

func TestURL(t *testing.T) {
	asked, _ := url.Parse("https://server.example/c/tides/a/ignored?q=1%2F2")
	for _, c := range []struct{ base, path, want string }{
		{"", "/x%2Fy", "/x%2Fy?q=1%2F2"},
		{"", "//evil.example/x", ""},
		{"", "/%zz", ""},
		{"https://api.example/v2/", "/x%2Fy", "https://api.example/v2/x%2Fy?q=1%2F2"},
		{"https://user@api.example", "/x", ""},
		{"https://api.example?a=b", "/x", ""},
		{"ftp://api.example", "/x", ""},
	} {
		u, err := (&call{base: c.base, path: c.path}).url(asked)
		if (err == nil) != (c.want != "") || err == nil && u.String() != c.want {
			t.Errorf("%s %s: got %v, %v, want %q", c.base, c.path, u, err, c.want)
		}
	}
}

func TestCallOf(t *testing.T) {
	h := http.Header{
		"Provider-Config-Key": {"tides"}, "Connection-Id": {"a"}, "Nango-Proxy-X-Mine": {"1"}, "Nango-Proxy-Host": {"evil"}, "X-Other": {"2"},
		"Content-Type": {"text/plain"}, "Retries": {"2"}, "Retry-On": {"409, 422"},
	}
	c, err := callOf(h)
	if err != nil || c.key != (engine.Key{Integration: "tides", ConnectionID: "a"}) || len(c.header) != 2 || c.header.Get("X-Mine") != "1" || c.retries.times != 2 || len(c.retries.statuses) != 2 {
		t.Errorf("got %+v, %v", c, err)
	}
	for name, v := range map[string]string{"Provider-Config-Key": "", "Connection-Id": "", "Retries": "11", "Retry-On": "200"} {
		wrong := h.Clone()
		wrong.Set(name, v)
		if _, err := callOf(wrong); err == nil {
			t.Errorf("%s %q is taken", name, v)
		}
	}
}

// A wait that nobody would sit out is the caller's to know of.
func TestRetryWait(t *testing.T) {
	for after, want := range map[string]bool{"3": true, "30": true, "31": false, "9999999999": false, "": true, "soon": true} {
		wait, ok := retryWait(after, 2)
		if ok != want || ok && (wait <= 0 || wait > maxRetryWait) {
			t.Errorf("%q: %s, %v", after, wait, ok)
		}
	}
	if wait, ok := retryWait("0", 0); wait != 0 || !ok {
		t.Errorf("at once: %s, %v", wait, ok)
	}
	if wait, ok := retryWait(time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), 0); wait != 0 || !ok {
		t.Errorf("a time that has gone: %s, %v", wait, ok)
	}
}
