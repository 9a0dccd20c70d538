package engine_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A request without a header map is what a host may give a round tripper, and net/http's
// transport takes none: also where an API gets nothing of ours.
func TestRequestWithoutHeaders(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	in := &schema.Integration{Name: "open", Auth: schema.Auth{AuthMode: schema.NoAuth}, Requests: schema.Requests{BaseURL: s.URL}}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"open": in}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rt, err := e.RoundTripper(engine.Key{Integration: "open", ConnectionID: "any"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/tides"}}
	resp, err := rt.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || r.Header != nil {
		t.Errorf("%s; the caller's request has the headers %v", resp.Status, r.Header)
	}
}
