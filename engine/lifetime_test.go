package engine_test

import (
	"encoding/base64"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func jwt(payload string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256"}`)) + "." + enc([]byte(payload)) + ".c2ln"
}

// When does a token end, if its answer does not say? After the declared lifetime,
// else when the token itself says so, else when the API refuses it.
func TestLifetimeThatIsNotStated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exp := func(d time.Duration) string { return jwt(fmt.Sprintf(`{"exp":%d}`, time.Now().Add(d).Unix())) }
		for _, tt := range []struct {
			name     string
			access   string
			refresh  string
			declared float64
			want     time.Duration // 0: none
		}{
			{"nothing", "opaque", "r", 0, 0},
			{"declared", "opaque", "r", 600, 10 * time.Minute},
			{"declared beats the token", exp(time.Hour), "r", 600, 10 * time.Minute},
			{"JWT", exp(time.Hour), "r", 0, time.Hour},
			{"JWT with nothing to refresh", exp(time.Hour), "", 0, 0},
			{"JWT that has ended", exp(-time.Hour), "r", 0, 0},
			{"JWT without exp", jwt(`{"sub":"x"}`), "r", 0, 0},
			{"JWT with exp as text", jwt(`{"exp":"soon"}`), "r", 0, 0},
			{"JWT with a fraction", jwt(fmt.Sprintf(`{"exp":%d.5}`, time.Now().Add(time.Hour).Unix())), "r", 0, time.Hour},
			{"JWT with a vast exp", jwt(`{"exp":1e300}`), "r", 0, 0},
			{"JWE", "a.b.c.d.e", "r", 0, 0},
			{"dots", "a.%%%.c", "r", 0, 0},
		} {
			p := &provider{token: answers(fmt.Sprintf(`{"access_token":%q,"refresh_token":%q}`, tt.access, tt.refresh))}
			e := newEngine(t, p, nil, func(in *schema.Integration) { in.Auth.TokenLifetimeSeconds = tt.declared })
			end := connect(t, e).Credentials.Token.ExpiresAt
			if got := time.Until(end); tt.want == 0 && !end.IsZero() || tt.want != 0 && got.Round(time.Minute) != tt.want {
				t.Errorf("%s: ends in %v, want %v", tt.name, got, tt.want)
			}
		}
	})
}

// S19: every form of expires_in has a defined result, in the first answer and in
// that of a refresh.
func TestS19_ExpiresInOfARefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for text, want := range map[string]time.Duration{ // 0: no end is known
			`100`: 100 * time.Second, `"100"`: 100 * time.Second, `100.5`: 100500 * time.Millisecond, `" 100 "`: 100 * time.Second,
			`0`: 0, `-1`: 0, `null`: 0, `""`: 0, `"soon"`: 0, `true`: 0, `{}`: 0, `1e300`: 0,
		} {
			p := &provider{token: answers(
				`{"access_token":"a1","refresh_token":"r1","expires_in":50}`,
				`{"access_token":"a2","refresh_token":"r2","expires_in":`+text+`}`,
			)}
			e := newEngine(t, p, nil, nil)
			connect(t, e)
			c, err := e.Refresh(t.Context(), alice)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			end := c.Credentials.Token.ExpiresAt
			if got := time.Until(end); want == 0 && !end.IsZero() || want != 0 && got != want {
				t.Errorf("%s: ends in %v, want %v", text, got, want)
			}
		}
		p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1","expires_in":50}`, `{"access_token":"a2"}`)}
		e := newEngine(t, p, nil, nil)
		connect(t, e)
		if c, err := e.Refresh(t.Context(), alice); err != nil || !c.Credentials.Token.ExpiresAt.IsZero() {
			t.Errorf("absent: %v", err)
		}
	})
}

// S20: what each failure of a refresh means for the connection.
func TestS20_RefreshFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			status int
			body   string
			want   engine.Kind
			dead   bool
		}{
			{400, `{"error":"invalid_grant"}`, engine.KindReauthorize, true},
			{200, `{"error":"invalid_grant"}`, engine.KindReauthorize, true},
			{401, `{"error":"invalid_client"}`, engine.KindClient, false},
			{400, `{"error":"unauthorized_client"}`, engine.KindClient, false},
			{400, `{"error":"invalid_scope"}`, engine.KindClient, false},
			{400, `{"error":"invalid_request"}`, engine.KindClient, false},
			{400, `{"error":"unsupported_grant_type"}`, engine.KindClient, false},
			{400, `{"error":"temporarily_unavailable"}`, engine.KindUnavailable, false},
			{400, `{"error":"server_error"}`, engine.KindUnavailable, false},
			{429, `{"error":"rate"}`, engine.KindRateLimited, false},
			{500, `{}`, engine.KindUnavailable, false},
			{503, `<html>`, engine.KindUnavailable, false},
			{200, `<html>invalid_grant`, engine.KindInvalidResponse, false},
			{403, `<html>invalid_grant`, engine.KindClient, false},
			{400, `{"message":"the refresh token is invalid_grant"}`, engine.KindClient, false}, // never by text
		} {
			server := &rotating{failing: func(int) (int, string) { return tt.status, tt.body }}
			e := newEngine(t, &provider{token: server.token}, nil, nil)
			connect(t, e)
			_, err := e.Refresh(t.Context(), alice)
			if got := engine.ErrorKind(err); got != tt.want {
				t.Errorf("%d %s: %v", tt.status, tt.body, err)
			}
			c, _ := e.Connection(t.Context(), alice)
			if dead := c.Status != engine.StatusActive; dead != tt.dead || dead && c.Reason == "" {
				t.Errorf("%d %s: status %s %q", tt.status, tt.body, c.Status, c.Reason)
			}
		}
	})
}

func TestRefreshObtainedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(
			`{"access_token":"a1","refresh_token":"r1","expires_in":100}`,
			`{"access_token":"a2","expires_in":100}`,
			`{"access_token":"a3","refresh_token":"r1","expires_in":100}`,
			`{"access_token":"a4","refresh_token":"r2","expires_in":100}`,
		)}
		e := newEngine(t, p, nil, nil)
		connect(t, e)
		start := time.Now()
		for i, want := range []time.Duration{0, 0, 0, 3 * time.Minute} {
			if i > 0 {
				time.Sleep(time.Minute)
				if _, err := e.Refresh(t.Context(), alice); err != nil {
					t.Fatal(err)
				}
			}
			c, _ := e.Connection(t.Context(), alice)
			if got := c.Credentials.Token.RefreshObtainedAt.Sub(start); got != want {
				t.Errorf("answer %d: the refresh token came after %v, want %v", i, got, want)
			}
		}
	})
}
