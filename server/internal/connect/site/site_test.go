package site_test

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
)

func at(public string, origins ...string) *site.Site {
	s := &site.Site{Settings: func() schema.Server { return schema.Server{AllowedOrigins: origins} }}
	if public != "" {
		s.Public, _ = url.Parse(public)
	}
	return s
}

func TestAllows(t *testing.T) {
	const product = "https://app.example"
	for _, c := range []struct {
		site   *site.Site
		origin string
		want   bool
	}{
		{at(""), "https://any.example", true},
		{at("", product), product, true},
		{at("", product), "", true},
		{at("", product), "https://any.example", false},
		{at("", product), "null", false},
		{at("https://connect.example/base", product), "https://connect.example", true},
	} {
		if got := c.site.Allows(c.origin); got != c.want {
			t.Errorf("%q of %v: got %v", c.origin, c.site.Settings().AllowedOrigins, got)
		}
	}
}

func TestPaths(t *testing.T) {
	if s := at(""); s.Known() || s.Secure() || s.Path("/x") != "/x" {
		t.Errorf("an unknown address: %v, %v, %s", s.Known(), s.Secure(), s.Path("/x"))
	}
	if s := at("https://connect.example/base"); !s.Known() || !s.Secure() || s.Path("/x") != "/base/x" || s.URL("/x") != "https://connect.example/base/x" {
		t.Errorf("%s, %s", s.Path("/x"), s.URL("/x"))
	}
}

func TestCrossOrigin(t *testing.T) {
	for _, c := range []struct {
		method, origin string
		goesOn         bool
		status         int
		allowed        string
	}{
		{"POST", "https://app.example", true, 200, "https://app.example"},
		{"POST", "https://any.example", false, 403, ""},
		{"OPTIONS", "https://app.example", false, 204, "https://app.example"},
	} {
		r, rec := httptest.NewRequest(c.method, "/", nil), httptest.NewRecorder()
		r.Header.Set("Origin", c.origin)
		got := at("", "https://app.example").CrossOrigin((&answer.Options{Now: time.Now}).Begin(rec, r))
		if got != c.goesOn || rec.Code != c.status || rec.Header().Get("Access-Control-Allow-Origin") != c.allowed || rec.Header().Get("Vary") != "Origin" {
			t.Errorf("%s of %s: %v, %d, %v", c.method, c.origin, got, rec.Code, rec.Header())
		}
	}
}
