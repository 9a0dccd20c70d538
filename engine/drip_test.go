package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// trickle is a body that comes byte by byte and never ends, each before anybody would call
// it silent.
type trickle struct {
	ctx   context.Context
	every time.Duration
}

func (d trickle) Read(b []byte) (int, error) {
	select {
	case <-time.After(d.every):
		return copy(b, " "), nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

func (d trickle) Close() error { return nil }

// dripping answers with that status and a body without end.
func dripping(r *http.Request, status int, kind string) *http.Response {
	resp := answer(r, status, "")
	resp.Header.Set("Content-Type", kind)
	resp.Body, resp.ContentLength = trickle{r.Context(), 400 * time.Millisecond}, -1
	return resp
}

// dripWorld is an API of an integration that fjord becomes by change; its token endpoint
// answers.
func dripWorld(t *testing.T, change func(*schema.Integration), api func(*http.Request) *http.Response) *engine.Engine {
	t.Helper()
	in := fjord()
	one, zero := 1, 0.001
	timeout := 2.0
	in.HTTPRequestTimeoutSeconds, in.MaxRetries, in.TimeBetweenRetriesSec = &timeout, &one, &zero
	change(in)
	tokens := &provider{}
	rt := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/token" {
			return tokens.RoundTrip(r)
		}
		return api(r), nil
	})
	tokens.token = answers(`{"access_token":"a1","refresh_token":"r1","token_type":"bearer","expires_in":3600}`)
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: rt})
	if err != nil {
		t.Fatal(err)
	}
	connect(t, e)
	return e
}

// Whoever sends an answer byte by byte does not say how long a call takes: what is read on
// the way has the time of an attempt.
func TestS52_DripsAreBounded(t *testing.T) {
	looks := func(in *schema.Integration) {
		in.Requests.Errors = &schema.Errors{Code: schema.Paths{"error.code"}, Rules: []schema.ErrorRule{{When: schema.Condition{Code: schema.OneOrMany[string]{"nope"}}, Kind: "denied"}}}
	}
	lists := func(in *schema.Integration) {
		in.Requests.Pagination = &schema.Pagination{Kind: "link", Items: "items"}
	}
	nothing := func(*schema.Integration) {}
	call := func(e *engine.Engine) error {
		client, _ := e.Client(alice)
		resp, err := client.Get("/x")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}
	check := func(e *engine.Engine) error {
		client, _ := e.Client(alice)
		resp, err := client.Get("/x")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		return engine.CheckResponse(resp)
	}
	list := func(e *engine.Engine) error {
		for _, err := range e.Paginate(context.Background(), alice, "/x", nil) {
			return err
		}
		return nil
	}
	for name, c := range map[string]struct {
		change func(*schema.Integration)
		status int
		kind   string
		do     func(*engine.Engine) error
		within time.Duration
		want   engine.Kind
	}{
		"a 401 whose request is sent again": {nothing, 401, "application/json", call, time.Second, ""},
		"a 503 that is retried":             {nothing, 503, "application/json", call, time.Second, ""},
		"a body that a rule looks into":     {looks, 200, "application/json", call, 5 * time.Second, ""},
		"a body that an error is read from": {looks, 400, "application/json", check, 5 * time.Second, engine.KindClient},
		"a page":                            {lists, 200, "application/json", list, 5 * time.Second, engine.KindUnavailable},
		"a stream in place of a page":       {lists, 200, "text/event-stream", list, time.Second, engine.KindInvalidResponse},
		"the start of a refused page":       {lists, 400, "application/json", list, 7 * time.Second, engine.KindClient},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := dripWorld(t, c.change, func(r *http.Request) *http.Response { return dripping(r, c.status, c.kind) })
			start := time.Now()
			err := c.do(e)
			if took := time.Since(start); took > c.within || engine.ErrorKind(err) != c.want {
				t.Errorf("%s: after %v: %v, want within %v: %q", name, took, err, c.within, c.want)
			}
			time.Sleep(time.Minute) // whatever is left of it ends by itself
		})
	}
}

// A caller's own reading is not bounded: downloads and event streams may take their time.
func TestCallersReadAsLongAsTheyLike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := dripWorld(t, func(*schema.Integration) {}, func(r *http.Request) *http.Response { return dripping(r, 200, "application/octet-stream") })
		client, _ := e.Client(alice)
		resp, err := client.Get("/x")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if n, err := io.CopyN(io.Discard, resp.Body, 100); n != 100 || err != nil {
			t.Errorf("got %d bytes, %v", n, err)
		}
	})
}

// A place that all share is given back when the bound is over, and not when the sender
// likes.
func TestS52_DripsHoldNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := dripWorld(t, func(in *schema.Integration) {
			in.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Concurrency: 1}}
			in.Requests.Errors = &schema.Errors{Rules: []schema.ErrorRule{{When: schema.Condition{Body: map[string]any{"a": "b"}}, Kind: "denied"}}}
		}, func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.URL.Path, "/slow") {
				return dripping(r, 200, "application/json")
			}
			return answer(r, 200, "{}")
		})
		client, _ := e.Client(alice)
		go func() {
			if resp, err := client.Get("/slow"); err == nil {
				time.Sleep(time.Hour) // and does not close it
				_ = resp.Body.Close()
			}
		}()
		synctest.Wait()
		start := time.Now()
		resp, err := client.Get("/x")
		if err != nil || time.Since(start) > 3*time.Second {
			t.Fatalf("after %v: %v", time.Since(start), err)
		}
		_ = resp.Body.Close()
		time.Sleep(2 * time.Hour)
	})
}

// Where each user names a host, what one host says, or holds, is not the others' affair.
func TestS53_LimitsOfOneHostStopNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := fjord()
		zero := 0
		in.MaxRetries = &zero
		in.Auth = schema.Auth{AuthMode: schema.APIKey}
		in.Connection = map[string]schema.ConnectionField{"shop": {From: "user", Field: schema.Field{}}}
		in.Requests = schema.Requests{BaseURL: "https://${connection.shop}.fjord.test", Headers: map[string]string{"Authorization": "Bearer ${api_key}"}, RateLimit: &schema.RateLimit{Budget: &schema.Budget{Requests: 100, Concurrency: 1}}}
		p := &provider{}
		rt := roundTripFunc(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "mallory.fjord.test" {
				return answer(r, 200, "{}"), nil
			}
			resp := answer(r, 429, "{}")
			resp.Header.Set("Retry-After", "3000")
			return resp, nil
		})
		e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: publicTrip{rt, p}})
		if err != nil {
			t.Fatal(err)
		}
		get := func(id, shop string) error {
			k := engine.Key{Integration: "fjord", ConnectionID: id}
			if _, err := e.Connect(t.Context(), k, engine.Credentials{APIKey: secret("key-of-" + id)}, &engine.ConnectOptions{Fields: map[string]string{"shop": shop}}); err != nil {
				t.Fatal(err)
			}
			client, _ := e.Client(k)
			resp, err := client.Get("/x")
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		}
		if err := get("mallory", "mallory"); err != nil {
			t.Fatal(err)
		}
		if err := get("alice", "alice"); err != nil {
			t.Errorf("another host's pause: %v", err)
		}
		if err := get("bob", "MALLORY"); engine.ErrorKind(err) != engine.KindRateLimited {
			t.Errorf("the host that asked for a pause: %v", err)
		}
	})
}

// publicTrip is a transport that says how it keeps to the public network: it makes no
// connection.
type publicTrip struct {
	http.RoundTripper
	*provider
}

func (p publicTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	return p.RoundTripper.RoundTrip(r)
}
func (p publicTrip) PublicOnly() http.RoundTripper { return p.RoundTripper }

// What a caller asks of a callback's error is a code, and whoever wrote the callback has
// chosen it.
func TestS36_CallbackCodesTellNoSecrets(t *testing.T) {
	e := newEngine(t, &provider{token: answers(`{}`)}, nil, func(*schema.Integration) {})
	for how, spell := range map[string]func(string) string{
		"plain": func(s string) string { return s },
		"hex":   func(s string) string { return fmt.Sprintf("%x", s) },
		"path":  func(s string) string { return "see/" + s },
	} {
		p, q := begin(t, e)
		_, err := e.Exchange(t.Context(), p, url.Values{"state": {q.Get("state")}, "error": {spell(p.State.Reveal())}})
		var failed *engine.Error
		if !errors.As(err, &failed) || strings.Contains(fmt.Sprint(err, failed.Code), spell(p.State.Reveal())) {
			t.Errorf("%s: %v", how, err)
		}
	}
	w := newOAuth1World(t, tower("HMAC-SHA1"))
	for _, name := range []string{"oauth_problem", "error"} {
		p, callback := w.authorize(t, "allow")
		callback = url.Values{"state": callback["state"], name: {p.Token.Reveal()}, "oauth_token": {p.Token.Reveal()}}
		if _, err := w.Exchange(t.Context(), p, callback); err == nil || strings.Contains(err.Error(), p.Token.Reveal()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
