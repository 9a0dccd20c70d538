package engine_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
)

// FuzzOAuth1 answers both requests with whatever comes, and calls back with it.
func FuzzOAuth1(f *testing.F) {
	const temporary = "oauth_token=a&oauth_token_secret=seeded-b&oauth_callback_confirmed=true"
	for _, seed := range []string{"", temporary, "oauth_token=x&oauth_token_secret=seeded-y&keeper=mira", `{"oauth_token":{},"oauth_token_secret":[]}`, "oauth_problem=token_rejected", "<html>", "%zz=1&=", "oauth_token=%00%0d%0a&oauth_token_secret="} {
		f.Add(temporary, seed, "oauth_verifier=v&oauth_token=a")
		f.Add(seed, temporary, seed)
	}
	f.Fuzz(func(t *testing.T, first, second, callback string) {
		w := newOAuth1World(t, tower("HMAC-SHA1"))
		body := first
		w.answer = func(r *http.Request) *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
		}
		p, err := w.AuthCodeURL(t.Context(), towerKey, "https://host.test/callback", &engine.AuthCodeOptions{Fields: map[string]string{"coast": "north"}})
		if err != nil {
			if strings.Contains(err.Error(), "seeded") {
				t.Error(err)
			}
			return
		}
		if u, err := url.Parse(p.URL.Reveal()); err != nil || u.Host != "north.tower.test" {
			t.Errorf("the user is sent to %s", p.URL.Reveal())
		}
		body = second
		q, _ := url.ParseQuery(callback)
		q.Set("state", p.State.Reveal())
		c, err := w.Exchange(t.Context(), p, q)
		if err != nil && strings.Contains(err.Error(), "seeded") {
			t.Error(err)
		}
		if err == nil && (c.Credentials.Token.AccessToken.Empty() || !c.Credentials.Token.TokenSecret.IsSet()) {
			t.Error("a connection without a token")
		}
	})
}
