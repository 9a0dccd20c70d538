package layer_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/layer/layertest"
)

// through sends a request with header and query through l and returns what came
// out.
func through(t *testing.T, l layer.Layer, s *layertest.Session, header http.Header, query string) *http.Request {
	t.Helper()
	var got *http.Request
	rt := l(layertest.Func(func(r *http.Request) (*http.Response, error) { got = r; return layertest.Answer(r, 200, ""), nil }))
	r, err := http.NewRequestWithContext(layer.With(context.Background(), layertest.Begin(s)), http.MethodGet, layertest.Base+"/x?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	if _, err := rt.RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDefaults(t *testing.T) {
	l := layer.Defaults(
		fields(t, "content-type", "application/json", "X-Region", "${connection.region || ''}", "User-Agent", "us"),
		fields(t, "tenant", "${connection.tenant}", "v", "1", "gone", "${connection.region || ''}"))
	s := &layertest.Session{Values: layertest.Values{"connection.tenant": "a b&c"}}

	r := through(t, l, s, http.Header{"User-Agent": nil}, "z=%20&v=2")
	if got := r.Header; got.Get("Content-Type") != "application/json" || len(got["User-Agent"]) != 0 || got["X-Region"] != nil {
		t.Errorf("headers are %v", got)
	}
	if want := "z=%20&v=2&tenant=a%20b%26c"; r.URL.RawQuery != want {
		t.Errorf("query is %s, want %s", r.URL.RawQuery, want)
	}

	r = through(t, l, s, http.Header{"CONTENT-type": {"text/csv"}}, "")
	//lint:ignore SA1008 as the caller spelled it
	if len(r.Header["Content-Type"]) != 0 || r.Header["CONTENT-type"][0] != "text/csv" {
		t.Errorf("the caller's Content-Type lost: %v", r.Header)
	}
}

func TestAuthorizeWinsOverTheCaller(t *testing.T) {
	l := layer.Authorize(layer.Fields{Headers: fields(t, "X-Api-Key", "${api_key}"), Params: fields(t, "key", "${api_key}")}, false, never)
	s := &layertest.Session{Values: layertest.Values{"api_key": "k&y"}}
	r := through(t, l, s, http.Header{"x-api-KEY": {"mine"}, "X-Api-Key": {"mine", "too"}}, "a=%20&key=mine&%6bey=mine&b")
	if got := r.Header["X-Api-Key"]; len(r.Header) != 1 || len(got) != 1 || got[0] != "k&y" {
		t.Errorf("headers are %v", r.Header)
	}
	if want := "a=%20&b&key=k%26y"; r.URL.RawQuery != want {
		t.Errorf("query is %s, want %s", r.URL.RawQuery, want)
	}
}

func TestS33_HeaderValues(t *testing.T) {
	for _, value := range []string{"a\r\nX-Evil: 1", "a\nb", "a\x00b"} {
		s := &layertest.Session{Values: layertest.Values{"api_key": value}}
		for _, l := range []layer.Layer{
			layer.Authorize(layer.Fields{Headers: fields(t, "X-Api-Key", "${api_key}"), Params: nil}, false, never),
			layer.Defaults(fields(t, "X-Api-Key", "${api_key}"), nil),
		} {
			rt := l(layertest.Func(func(r *http.Request) (*http.Response, error) {
				t.Errorf("sent %q", r.Header)
				return layertest.Answer(r, 200, ""), nil
			}))
			r, _ := http.NewRequestWithContext(layer.With(context.Background(), layertest.Begin(s)), http.MethodGet, layertest.Base, nil)
			if _, err := rt.RoundTrip(r); err == nil {
				t.Errorf("%q was taken", value)
			}
		}
	}
}
