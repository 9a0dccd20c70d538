package engine_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A code is sent once, whatever the method of token requests: where a connection that
// was kept breaks after the server has read the request, nobody knows whether the code
// is spent.
func TestACodeIsSentOnceOverAConnectionThatBreaks(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var codes []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				codes = append(codes, r.FormValue("code"))
				first := len(codes) == 1
				mu.Unlock()
				if first {
					_, _ = io.WriteString(w, `{"access_token":"a","expires_in":60}`)
					return
				}
				c, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					panic(err)
				}
				_ = c.(*net.TCPConn).SetLinger(0)
				_ = c.Close()
			}))
			t.Cleanup(server.Close)
			in := fjord()
			in.Auth.TokenURL, in.Auth.TokenRequestMethod = server.URL+"/token", method
			in.Auth.TokenHeaders = map[string]string{"Idempotency-Key": "${uuid()}"} // as some servers want; net/http takes it for leave to repeat
			e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			exchange := func(code string) error {
				p, q := begin(t, e)
				_, err := e.Exchange(t.Context(), p, url.Values{"code": {code}, "state": {q.Get("state")}})
				return err
			}
			if err := exchange("one"); err != nil {
				t.Fatal(err)
			}
			if err := exchange("two"); engine.ErrorKind(err) != engine.KindUnavailable {
				t.Errorf("got %v, want an error of kind unavailable", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(codes) != 2 || codes[1] != "two" {
				t.Errorf("the server has read the codes %q, want each once", codes)
			}
		})
	}
}
