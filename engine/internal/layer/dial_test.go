package layer_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// localhost is a name that resolves to an address of ours, as one that has
// changed its mind would.
func TestS35_PublicOnlyLooksWhenItConnects(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer s.Close()
	c := &http.Client{Transport: layer.PublicOnly(&http.Transport{})}
	for _, u := range []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), strings.Replace(s.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		_, err := c.Get(u)
		var refused *layer.RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("%s: got %v", u, err)
		}
	}
}

func TestPublicOnlyTrustsAProxy(t *testing.T) {
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked = r.RequestURI; _, _ = io.WriteString(w, "x") }))
	defer proxy.Close()
	u, _ := url.Parse(proxy.URL)
	tr := layer.PublicOnly(&http.Transport{Proxy: http.ProxyURL(u)})
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Get("http://public.test/x")
	if err != nil || asked != "http://public.test/x" {
		t.Fatalf("got %v, asked for %q", err, asked)
	}
	_ = resp.Body.Close()
}
