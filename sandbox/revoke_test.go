package sandbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

// A declared way of revocation is held to: what departs from it is refused, and the
// token is still good then.
func TestRevocationIsHeldToItsWay(t *testing.T) {
	t.Parallel()
	type change func(r *http.Request, body *string)
	basic := func(r *http.Request, _ *string) { r.SetBasicAuth("slack-id", "slack-secret") }
	bearer := func(r *http.Request, body *string) {
		r.Header.Set("Authorization", "Bearer "+r.Header.Get("X-Token"))
	}
	tests := map[string]struct {
		how   schema.Revocation
		good  []change
		wrong map[string]change
	}{
		"DELETE, Basic, JSON": {
			schema.Revocation{Method: "DELETE", Params: schema.Tree{"access_token": "${access_token}"}, BodyFormat: "json", AuthorizationMethod: "header", With: "access_token"},
			[]change{basic, func(r *http.Request, body *string) {
				r.Method = "DELETE"
				r.Header.Set("Content-Type", "application/json")
				*body = `{"access_token":"` + r.Header.Get("X-Token") + `"}`
			}},
			map[string]change{
				"POST":              func(r *http.Request, _ *string) { r.Method = "POST" },
				"a form":            func(r *http.Request, _ *string) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") },
				"no client":         func(r *http.Request, _ *string) { r.Header.Del("Authorization") },
				"more than is said": func(_ *http.Request, body *string) { *body = strings.Replace(*body, "}", `,"token":"x"}`, 1) },
				"no token":          func(_ *http.Request, body *string) { *body = `{}` },
				"the other token":   func(r *http.Request, body *string) { *body = `{"access_token":"` + r.Header.Get("X-Refresh") + `"}` },
			},
		},
		"the token as a bearer": {
			schema.Revocation{AuthorizationMethod: "bearer", With: "access_token", Success: &schema.Condition{Body: map[string]any{"ok": true}}},
			[]change{bearer},
			map[string]change{
				"the client":      basic,
				"no bearer":       func(r *http.Request, _ *string) { r.Header.Del("Authorization") },
				"the other token": func(r *http.Request, _ *string) { r.Header.Set("Authorization", "Bearer "+r.Header.Get("X-Refresh")) },
				"parameters":      func(_ *http.Request, body *string) { *body = "token=x" },
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			i := slackLike()
			i.Auth.RevocationURL, i.Auth.RevocationRequest = "https://slack.com/api/auth.revoke", &tt.how
			f := newFlow(t, i, nil)
			tok := f.connect()
			revoke := func(changes ...change) int {
				r, _ := http.NewRequestWithContext(t.Context(), "POST", i.Auth.RevocationURL, nil)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("X-Token", tok.text("access_token"))
				r.Header.Set("X-Refresh", tok.text("refresh_token"))
				body := ""
				for _, c := range changes {
					c(r, &body)
				}
				r.Header.Del("X-Token")
				r.Header.Del("X-Refresh")
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
				resp, err := f.rt.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				b, _ := io.ReadAll(resp.Body)
				if resp.StatusCode == 200 && tt.how.Success != nil && !strings.Contains(string(b), `"ok":true`) {
					return 500
				}
				return resp.StatusCode
			}
			for what, c := range tt.wrong {
				if status := revoke(append(tt.good[:len(tt.good):len(tt.good)], c)...); status < 400 && status != 500 && f.p.Stats().Revocations > 0 {
					t.Errorf("%s: %d", what, status)
				}
			}
			if n := f.p.Stats().Revocations; n != 0 {
				t.Errorf("%d tokens are revoked already", n)
			}
			if status := revoke(tt.good...); status != 200 || f.p.Stats().Revocations != 1 {
				t.Errorf("in order: %d, and %d tokens are revoked", status, f.p.Stats().Revocations)
			}
		})
	}
}
