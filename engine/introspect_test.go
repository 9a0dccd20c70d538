package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// The end of a token: what the answer says, what is declared, what the token says,
// what the provider says when it is asked; and it is asked at no other time.
func TestIntrospectionOrder(t *testing.T) {
	in2h := func() string { return strconv.FormatInt(time.Now().Add(2*time.Hour).Unix(), 10) }
	tests := map[string]struct {
		token  string
		asked  func() (int, string)
		change func(*schema.Integration)
		want   time.Duration // 0: no end
		asks   int
	}{
		"stated":                {token: `{"access_token":"a","refresh_token":"r","expires_in":60}`, want: time.Minute},
		"declared":              {token: `{"access_token":"a","refresh_token":"r"}`, change: func(in *schema.Integration) { in.Auth.TokenLifetimeSeconds = 600 }, want: 10 * time.Minute},
		"in the token":          {token: `{"access_token":"` + jwt(`{"exp":946695600}`) + `","refresh_token":"r"}`, want: 3 * time.Hour},
		"asked for":             {token: `{"access_token":"a","refresh_token":"r"}`, asked: func() (int, string) { return 200, `{"active":true,"exp":` + in2h() + `}` }, want: 2 * time.Hour, asks: 1},
		"as text":               {token: `{"access_token":"a"}`, asked: func() (int, string) { return 200, `{"active":true,"exp":"` + in2h() + `"}` }, want: 2 * time.Hour, asks: 1},
		"active, without end":   {token: `{"access_token":"a"}`, asked: func() (int, string) { return 200, `{"active":true}` }, asks: 1},
		"an end that is past":   {token: `{"access_token":"a"}`, asked: func() (int, string) { return 200, `{"active":true,"exp":5}` }, asks: 1},
		"an end like no other":  {token: `{"access_token":"a"}`, asked: func() (int, string) { return 200, `{"active":true,"exp":1e300}` }, asks: 1},
		"the provider is down":  {token: `{"access_token":"a"}`, asked: func() (int, string) { return 503, `` }, asks: 1},
		"it refuses the client": {token: `{"access_token":"a"}`, asked: func() (int, string) { return 401, `{"error":"invalid_client"}` }, asks: 1},
		"a page":                {token: `{"access_token":"a"}`, asked: func() (int, string) { return 200, `<html>` }, asks: 1},
		"nothing of use":        {token: `{"access_token":"a"}`, asked: func() (int, string) { return 200, `{"active":"yes"}` }, asks: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asks := 0
				p := &provider{token: answers(tt.token)}
				p.api = func(r *http.Request) (int, string) {
					if r.URL.Path != "/introspect" {
						t.Errorf("a request for %s", r.URL.Path)
					}
					asks++
					return tt.asked()
				}
				e := newEngine(t, p, nil, func(in *schema.Integration) {
					in.Auth.IntrospectionURL = "https://fjord.test/introspect"
					if tt.change != nil {
						tt.change(in)
					}
				})
				start := time.Now()
				c := connect(t, e)
				got := c.Credentials.Token.ExpiresAt
				if tt.want == 0 && !got.IsZero() || tt.want != 0 && got.Sub(start) != tt.want {
					t.Errorf("ends at %s, want %s from now", got, tt.want)
				}
				if asks != tt.asks {
					t.Errorf("asked %d times, want %d", asks, tt.asks)
				}
			})
		})
	}
}

// A new token that its provider calls inactive is no token.
func TestIntrospectionOfAnInactiveToken(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"seeded-token"}`)}
	p.api = func(r *http.Request) (int, string) { return 200, `{"active":false}` }
	var j journal
	e := newEngine(t, p, &engine.Options{Observe: j.observe}, func(in *schema.Integration) { in.Auth.IntrospectionURL = "https://fjord.test/introspect" })
	_, err := exchangeAlice(t, e)
	if !errors.Is(err, engine.ErrInvalidResponse) {
		t.Errorf("got %v, want kind invalid_response", err)
	}
	if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("something was stored: %v", err)
	}
	if text := fmt.Sprint(err, j.lines); strings.Contains(text, "seeded") {
		t.Errorf("the token is told: %s", text)
	}
}

// After a refresh the new token is stored before anything else is asked: if the
// process ends meanwhile, nothing is lost.
func TestIntrospectionAfterRefreshComesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &engine.MemoryStore{}
		p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1","expires_in":60}`, `{"access_token":"a2","refresh_token":"r2"}`)}
		stored := ""
		p.api = func(r *http.Request) (int, string) {
			if r.URL.Path != "/introspect" {
				return 200, `{}`
			}
			c, err := store.Get(context.Background(), alice)
			if err != nil {
				t.Error(err)
				return 500, ""
			}
			stored = c.Credentials.Token.RefreshToken.Reveal()
			return 200, `{"active":true,"exp":` + strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10) + `}`
		}
		e := newEngine(t, p, &engine.Options{Connections: store}, func(in *schema.Integration) { in.Auth.IntrospectionURL = "https://fjord.test/introspect" })
		connect(t, e)
		c, err := e.Refresh(t.Context(), alice)
		if err != nil {
			t.Fatal(err)
		}
		if stored != "r2" {
			t.Errorf("when the provider was asked, %q was stored", stored)
		}
		kept, err := store.Get(t.Context(), alice)
		if err != nil || time.Until(kept.Credentials.Token.ExpiresAt) != time.Hour || !kept.Credentials.Token.ExpiresAt.Equal(c.Credentials.Token.ExpiresAt) {
			t.Errorf("stored with the end %s, returned with %s (%v)", kept.Credentials.Token.ExpiresAt, c.Credentials.Token.ExpiresAt, err)
		}
	})
}

func exchangeAlice(t *testing.T, e *engine.Engine) (*engine.Connection, error) {
	t.Helper()
	p, q := begin(t, e)
	return e.ExchangeAt(t.Context(), p, &url.URL{Path: "/callback", RawQuery: url.Values{"code": {"the-code"}, "state": {q.Get("state")}}.Encode()})
}

// The host is told once of what is stored once.
func TestIntrospectionThatStatesNoEnd(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1"}`, `{"access_token":"a2","refresh_token":"r2"}`)}
	p.api = func(*http.Request) (int, string) { return 200, `{"active":true}` }
	var changes []engine.EventKind
	opts := &engine.Options{AfterChange: func(_ context.Context, ch engine.Change) { changes = append(changes, ch.Kind) }}
	e := newEngine(t, p, opts, func(in *schema.Integration) { in.Auth.IntrospectionURL = "https://fjord.test/introspect" })
	connect(t, e)
	if _, err := e.Refresh(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(changes); got != "[exchange refresh]" {
		t.Errorf("the host was told of %s", got)
	}
}
