package engine_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A reply is one thing that the API of a script does.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
	after  time.Duration // how long it takes; the request's context may end it
}

// A script is an API that gives its replies in turn, and the last for ever. It is
// a transport, so that it runs in a synctest bubble.
type script struct {
	replies []reply

	mu   sync.Mutex
	sent []*http.Request
	text []string    // bodies
	at   []time.Time // of each
	open int         // bodies of answers that are not closed
}

// PublicOnly implements [engine.PublicTransport]: no connection is made at all.
func (s *script) PublicOnly() http.RoundTripper { return s }

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	text := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		text = string(b)
	}
	s.mu.Lock()
	next := s.replies[min(len(s.sent), len(s.replies)-1)]
	s.sent, s.text, s.at = append(s.sent, r), append(s.text, text), append(s.at, time.Now())
	s.mu.Unlock()
	if next.after > 0 {
		select {
		case <-time.After(next.after):
		case <-r.Context().Done():
			return nil, context.Cause(r.Context())
		}
	}
	if next.err != nil {
		return nil, next.err
	}
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	resp := answer(r, next.status, next.body)
	for name, values := range next.header {
		resp.Header[http.CanonicalHeaderKey(name)] = values
	}
	resp.Body = &counted{resp.Body, s, sync.Once{}}
	return resp, nil
}

type counted struct {
	io.ReadCloser
	s    *script
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.s.mu.Lock(); c.s.open--; c.s.mu.Unlock() })
	return c.ReadCloser.Close()
}

// keyedEngine returns an engine with a connection of alice to an API with an API
// key, over rt.
func keyedEngine(t testing.TB, rt http.RoundTripper, opts *engine.Options, change func(*schema.Integration)) *engine.Engine {
	t.Helper()
	in := &schema.Integration{
		Auth: schema.Auth{AuthMode: schema.APIKey},
		Requests: schema.Requests{
			BaseURL: "https://api.fjord.test/v1",
			Headers: map[string]string{"Authorization": "Bearer ${api_key}", "Fjord-Version": "3"},
		},
	}
	if change != nil {
		change(in)
	}
	o := engine.Options{}
	if opts != nil {
		o = *opts
	}
	o.Transport = rt
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Connect(context.Background(), alice, engine.Credentials{APIKey: schema.NewSecret("k3y/+=")}, nil); err != nil {
		t.Fatal(err)
	}
	return e
}

func client(t testing.TB, e *engine.Engine) *http.Client {
	t.Helper()
	c, err := e.Client(alice)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &script{replies: []reply{{status: 503}, {status: 200, body: `{"ok":true}`}}}
		c := client(t, keyedEngine(t, api, nil, nil))
		resp, err := c.Get("/users?q=a%2Fb")
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != 200 || string(b) != `{"ok":true}` || len(api.sent) != 2 || api.open != 0 {
			t.Errorf("got %d %s after %d attempts, %d bodies open", resp.StatusCode, b, len(api.sent), api.open)
		}
		got := api.sent[1]
		if got.URL.String() != "https://api.fjord.test/v1/users?q=a%2Fb" || got.Header.Get("Authorization") != "Bearer k3y/+=" || got.Header.Get("Fjord-Version") != "3" {
			t.Errorf("sent %s with %v", got.URL, got.Header)
		}
		if resp.Request.Header.Get("Authorization") != "" {
			t.Error("the answer's request holds the credential")
		}
		if err := engine.CheckResponse(resp); err != nil {
			t.Error(err)
		}
	})
}

func TestCallErrorsSayNoQuery(t *testing.T) {
	api := &script{replies: []reply{{status: 200}}}
	c := client(t, keyedEngine(t, api, nil, nil))
	for _, path := range []string{"//evil.test/x", "/../admin", "https://evil.test/"} {
		_, err := c.Get(path)
		if err == nil || len(api.sent) != 0 || engine.ErrorKind(err) != engine.KindUnsupported || !strings.Contains(err.Error(), "not sent") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}
