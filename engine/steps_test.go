package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// swaps makes fjord an API that gives a short-lived token first, and refreshes the
// long-lived one by itself. Steps go to /token as well, which the provider of these
// tests scripts.
func swaps(in *schema.Integration) {
	in.Auth.RefreshRequest = &schema.RefreshRequest{With: "access_token", Method: "GET"}
	in.Auth.RefreshParams = schema.Tree{"grant_type": "again", "token": "${access_token}"}
	in.Auth.Steps = []schema.Step{{
		URL: "https://fjord.test/token", Method: "GET", Only: "connect",
		Params: schema.Tree{"grant_type": "swap", "token": "${access_token}", "secret": "${oauth_client_secret}"},
	}}
}

func TestStepsSwapAndRefreshByAccessToken(t *testing.T) {
	p := &provider{token: answers(
		`{"access_token":"short","expires_in":3600,"user_id":17}`, `{"access_token":"long"}`, `{"access_token":"longer","expires_in":60}`)}
	e := newEngine(t, p, nil, swaps)
	c := connect(t, e)
	tok := c.Credentials.Token
	if user, _ := tok.RawValue("user_id"); tok.AccessToken.Reveal() != "long" || !tok.ExpiresAt.IsZero() || user != "17" {
		t.Errorf("got %s until %v, user %s", tok.AccessToken.Reveal(), tok.ExpiresAt, user)
	}
	if got := p.calls[1].Method + " " + p.calls[1].URL.RawQuery; got != "GET grant_type=swap&secret=s3cret%2F%2B%3D&token=short" || p.calls[1].Header.Get("Authorization") != "" {
		t.Errorf("the step is %s", got)
	}
	c, err := e.Refresh(t.Context(), alice)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.calls[2].Method + " " + p.calls[2].URL.RawQuery; got != "GET grant_type=again&token=long" || p.calls[2].Header.Get("Authorization") != "" {
		t.Errorf("the refresh is %s", got)
	}
	if len(p.calls) != 3 || c.Credentials.Token.AccessToken.Reveal() != "longer" {
		t.Errorf("%d requests, token %s", len(p.calls), c.Credentials.Token.AccessToken.Reveal())
	}
}

func session(in *schema.Integration) {
	in.Auth.TokenResponse = &schema.TokenResponse{AccessToken: "session", Success: &schema.Condition{Body: map[string]any{"ok": true}}}
	in.Auth.Steps = []schema.Step{{
		URL: "https://fjord.test/token", BodyFormat: "json", Params: schema.Tree{"token": "${steps.0.access_token}"},
		Headers: map[string]string{"X-Ticket": "${steps.0.a.ticket}"},
	}}
}

func TestStepsOpenASession(t *testing.T) {
	p := &provider{token: answers(
		`{"ok":true,"access_token":"o1","refresh_token":"r1","a":{"ticket":"t1"}}`, `{"session":"s1"}`,
		`{"ok":true,"access_token":"o2","refresh_token":"r2","a":{"ticket":"t2"}}`, `{"session":"s2"}`)}
	e := newEngine(t, p, nil, session)
	c := connect(t, e)
	if c.Credentials.Token.AccessToken.Reveal() != "s1" || c.Credentials.Token.RefreshToken.Reveal() != "r1" {
		t.Errorf("got %s", c.Credentials.Token.AccessToken.Reveal())
	}
	c, err := e.Refresh(t.Context(), alice)
	if err != nil {
		t.Fatal(err)
	}
	if c.Credentials.Token.AccessToken.Reveal() != "s2" || c.Credentials.Token.RefreshToken.Reveal() != "r2" {
		t.Errorf("after the refresh: %s", c.Credentials.Token.AccessToken.Reveal())
	}
	r := p.calls[3]
	if r.body != `{"token":"o2"}` || r.Header.Get("X-Ticket") != "t2" {
		t.Errorf("the step is %s, %v", r.body, r.Header)
	}
}

// A step that fails after a refresh does not lose the refresh token that came with
// it.
func TestStepFailsAfterRefresh(t *testing.T) {
	n := 0
	p := &provider{token: func(*tokenCall) (int, string) {
		n++
		switch n {
		case 2:
			return 200, `{"session":"s1"}`
		case 4:
			return 403, `{"error":"LEAK no"}`
		}
		return 200, fmt.Sprintf(`{"ok":true,"access_token":"o%d","refresh_token":"r%d","a":{"ticket":"t"}}`, n, n)
	}}
	e := newEngine(t, p, nil, session)
	connect(t, e)
	_, err := e.Refresh(t.Context(), alice)
	if !errors.Is(err, engine.ErrClient) || !strings.Contains(err.Error(), "step 1 after the token answer") {
		t.Errorf("got %v", err)
	}
	c, err := e.Connection(t.Context(), alice)
	if err != nil || c.Credentials.Token.RefreshToken.Reveal() != "r3" || c.Status != engine.StatusActive {
		t.Errorf("the refresh token is %s, %v", c.Credentials.Token.RefreshToken.Reveal(), err)
	}
}

func TestStepRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		answers []string
		want    engine.Kind
	}{
		"nothing to go on with": {[]string{`{"ok":true,"access_token":"o1"}`}, engine.KindInvalidResponse},
		"an error in 200":       {[]string{`{"ok":true,"access_token":"o1","a":{"ticket":"t"}}`, `{"error":"invalid_grant"}`}, engine.KindReauthorize},
		"no token in the end":   {[]string{`{"ok":true,"access_token":"o1","a":{"ticket":"t"}}`, `{"sess":"LEAK"}`}, engine.KindInvalidResponse},
		"not an object":         {[]string{`{"ok":true,"access_token":"o1","a":{"ticket":"t"}}`, `["LEAK"]`}, engine.KindInvalidResponse},
	} {
		p := &provider{token: answers(tt.answers...)}
		e := newEngine(t, p, nil, session)
		pending, q := begin(t, e)
		_, err := e.Exchange(t.Context(), pending, map[string][]string{"code": {"c"}, "state": {q.Get("state")}})
		if engine.ErrorKind(err) != tt.want || strings.Contains(fmt.Sprint(err), "LEAK") {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
		if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("%s: something was stored", name)
		}
	}
}

// A refresh token that is new is stored before the steps after it are made: if the
// process ends meanwhile, it is the only one that is good.
func TestStepsComeAfterTheRefreshTokenIsStored(t *testing.T) {
	store := &engine.MemoryStore{}
	n, seen := 0, ""
	p := &provider{token: func(*tokenCall) (int, string) {
		n++
		if n%2 == 1 {
			return 200, fmt.Sprintf(`{"ok":true,"access_token":"o%d","refresh_token":"r%d","a":{"ticket":"t"}}`, n, n)
		}
		if n == 4 {
			c, err := store.Get(context.Background(), alice)
			if err != nil || c.RefreshStarted.IsZero() || c.Credentials.Token.AccessToken.Reveal() != "s2" {
				t.Errorf("stored is %v, %v", c, err)
				return 500, ""
			}
			seen = c.Credentials.Token.RefreshToken.Reveal()
		}
		return 200, fmt.Sprintf(`{"session":"s%d"}`, n)
	}}
	e := newEngine(t, p, &engine.Options{Connections: store}, session)
	was := connect(t, e)
	c, err := e.Refresh(t.Context(), alice)
	if err != nil || seen != "r3" || c.Credentials.Token.AccessToken.Reveal() != "s4" || c.Generation == was.Generation {
		t.Errorf("at the step %q was stored; then %v, %v", seen, c, err)
	}
	if stored, _ := store.Get(t.Context(), alice); !stored.RefreshStarted.IsZero() || stored.Credentials.Token.RefreshToken.Reveal() != "r3" {
		t.Errorf("in the end %v is stored", stored)
	}
}
