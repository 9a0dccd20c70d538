package oauthwire_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
)

// A code or a refresh token is spent when the server has read the request. If the
// connection then breaks, whoever asked has to decide what next; no layer below sends
// it again.
func TestDoSendsOnceOverAConnectionThatBreaks(t *testing.T) {
	key := map[string]string{"Idempotency-Key": "k-1"}
	params := map[string]any{"grant_type": "refresh_token", "refresh_token": "r-1"}
	for name, r := range map[string]oauthwire.Request{
		"GET":                               {Method: http.MethodGet, Params: params},
		"GET with an idempotency key":       {Method: http.MethodGet, Params: params, Headers: key},
		"POST of a form":                    {Method: http.MethodPost, Params: params},
		"POST of a form with a key":         {Method: http.MethodPost, Params: params, Headers: key},
		"POST of JSON with a key":           {Method: http.MethodPost, Params: params, Headers: key, JSON: true},
		"POST in the query":                 {Method: http.MethodPost, Params: params, InQuery: true},
		"POST in the query with a key":      {Method: http.MethodPost, Params: params, Headers: key, InQuery: true},
		"DELETE in the query with X-key":    {Method: http.MethodDelete, Params: params, Headers: map[string]string{"X-Idempotency-Key": "k-1"}, InQuery: true},
		"POST signed, which adds the key":   {Method: http.MethodPost, Params: params, Sign: func(r *http.Request, _ []byte) error { r.Header.Set("Idempotency-Key", "k-1"); return nil }},
		"POST without any parameter, keyed": {Method: http.MethodPost, Headers: key, JSON: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newBreaking(t)
			r.URL = server.url(t)
			first, err := oauthwire.Do(t.Context(), server.Client(), &r)
			if err != nil || first.Doc["access_token"] != "a" {
				t.Fatalf("the first request: %v", err)
			}
			if _, err := oauthwire.Do(t.Context(), server.Client(), &r); err == nil || errors.Is(err, oauthwire.ErrNotJSON) {
				t.Errorf("the second request was answered: %v", err)
			}
			got := server.seen()
			if len(got) != 2 {
				t.Fatalf("the server has read %d requests, want 2: the second broke off, and must not come again", len(got))
			}
			if got[0].connection != got[1].connection {
				t.Fatal("the second request did not come over the kept connection: the test proves nothing")
			}
			bare := r.Method == http.MethodGet || r.InQuery
			for _, s := range got {
				if s.chunked || bare && s.length != 0 {
					t.Errorf("sent with a body of length %d, chunked %v", s.length, s.chunked)
				}
				for name, v := range r.Headers {
					if s.header.Get(name) != v {
						t.Errorf("header %s is %q, want %q", name, s.header.Get(name), v)
					}
				}
			}
		})
	}
}

// A breakingServer answers the first request of a connection, and resets the
// connection when it has read the second.
type breakingServer struct {
	*httptest.Server

	mu   sync.Mutex
	list []seenRequest
}

type seenRequest struct {
	connection string
	header     http.Header
	length     int64
	chunked    bool
}

func newBreaking(t *testing.T) *breakingServer {
	s := &breakingServer{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *breakingServer) url(t *testing.T) *url.URL {
	u, err := url.Parse(s.URL + "/token")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (s *breakingServer) seen() []seenRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list
}

func (s *breakingServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	again := false
	for _, other := range s.list {
		again = again || other.connection == r.RemoteAddr
	}
	s.list = append(s.list, seenRequest{r.RemoteAddr, r.Header.Clone(), r.ContentLength, len(r.TransferEncoding) > 0})
	s.mu.Unlock()
	if !again {
		_, _ = io.WriteString(w, `{"access_token":"a"}`)
		return
	}
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}
