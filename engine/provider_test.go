package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A provider is a scripted OAuth server and API, reached without sockets so that
// tests can run in a synctest bubble. token answers the token endpoint, api the
// rest.
type provider struct {
	once     sync.Once
	turn     chan struct{}
	token    func(r *tokenCall) (status int, body string)
	api      func(r *http.Request) (status int, body string)
	redirect string // answer token calls with a redirect to here
	calls    []*tokenCall
	hosts    []string // of every request, in order
	body     string   // of the latest request to the API
}

// A tokenCall is what arrived at the token endpoint.
type tokenCall struct {
	*http.Request
	params url.Values // of the form or JSON body
	body   string
}

// PublicOnly implements [engine.PublicTransport]: no connection is made at all.
func (p *provider) PublicOnly() http.RoundTripper { return p }

// begin waits until no other request is answered, and returns what ends this one. A
// mutex would stop the clock of a bubble.
func (p *provider) begin() (end func()) {
	p.once.Do(func() { p.turn = make(chan struct{}, 1) })
	p.turn <- struct{}{}
	return func() { <-p.turn }
}

func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	defer p.begin()()
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	p.hosts = append(p.hosts, r.URL.Host)
	p.body = string(body)
	if r.URL.Path != "/token" {
		if p.api == nil {
			return answer(r, 200, `{}`), nil
		}
		status, text := p.api(r)
		return answer(r, status, text), nil
	}
	call := &tokenCall{Request: r, params: url.Values{}, body: string(body)}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var doc map[string]string
		_ = json.Unmarshal(body, &doc)
		for k, v := range doc {
			call.params.Set(k, v)
		}
	} else {
		call.params, _ = url.ParseQuery(string(body))
	}
	p.calls = append(p.calls, call)
	if p.redirect != "" {
		resp := answer(r, http.StatusTemporaryRedirect, "")
		resp.Header.Set("Location", p.redirect)
		return resp, nil
	}
	status, text := p.token(call)
	return answer(r, status, text), nil
}

func answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewBufferString(body)),
	}
}

// answers returns a token function that gives each body in turn, with 200, and
// the last for ever.
func answers(bodies ...string) func(*tokenCall) (int, string) {
	n := 0
	return func(*tokenCall) (int, string) {
		body := bodies[min(n, len(bodies)-1)]
		n++
		return 200, body
	}
}

// fjord is an integration with OAuth 2.0, as plain as can be.
func fjord() *schema.Integration {
	return &schema.Integration{
		OAuthClientID:     "client-id",
		OAuthClientSecret: schema.NewSecret("s3cret/+="),
		OAuthScopes:       &schema.Scopes{List: []string{"read", "write"}},
		Auth:              schema.Auth{AuthMode: schema.OAuth2, AuthorizationURL: "https://fjord.test/authorize", TokenURL: "https://fjord.test/token"},
		Requests: schema.Requests{
			BaseURL: "https://api.fjord.test/v1",
			Headers: map[string]string{"Authorization": "Bearer ${access_token}"},
		},
	}
}

const callbackURL = "https://app.test/callback"

var alice = engine.Key{Integration: "fjord", ConnectionID: "alice"}

// newEngine returns an engine for fjord, changed as the caller wishes, against p.
func newEngine(t *testing.T, p *provider, opts *engine.Options, change func(*schema.Integration)) *engine.Engine {
	t.Helper()
	in := fjord()
	if change != nil {
		change(in)
	}
	o := engine.Options{}
	if opts != nil {
		o = *opts
	}
	o.Transport = p
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// begin starts an authorization and returns what to keep and its query.
func begin(t *testing.T, e *engine.Engine) (*engine.Pending, url.Values) {
	t.Helper()
	p, err := e.AuthCodeURL(context.Background(), alice, callbackURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(p.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return p, u.Query()
}

// connect takes alice through consent.
func connect(t *testing.T, e *engine.Engine) *engine.Connection {
	t.Helper()
	p, q := begin(t, e)
	c, err := e.Exchange(context.Background(), p, url.Values{"code": {"the-code"}, "state": {q.Get("state")}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
