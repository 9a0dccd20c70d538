package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// Whatever is asked, the sandbox answers, and shows no secret of the file.
func FuzzRequests(f *testing.F) {
	var providers []*sandbox.Provider
	for _, i := range []*schema.Integration{notionLike("notion"), slackLike(), keyLike(), basicLike()} {
		p, err := sandbox.New(i, &sandbox.Options{NoRateLimit: true})
		if err != nil {
			f.Fatal(err)
		}
		providers = append(providers, p)
	}
	mux := sandbox.NewMux(providers...)
	f.Add("GET", "/notion/api.notion.com/v1/oauth/authorize?response_type=code", "", "")
	f.Add("POST", "/notion/api.notion.com/v1/oauth/token", "Basic bjpz", `{"grant_type":"authorization_code"}`)
	f.Add("POST", "/slack/slack.com/api/oauth.v2.access", "", "client_id=slack-id&code=x")
	f.Add("GET", "/maps/maps.example.com/v2/x?key=abc-1", "", "")
	f.Add("GET", "/desk/acme.desk.example.com/api/v2/x", "Basic OmE=", "")
	f.Fuzz(func(t *testing.T, method, target, authorization, body string) {
		r, err := http.NewRequest(method, "http://127.0.0.1"+target, strings.NewReader(body))
		if err != nil || !strings.HasPrefix(target, "/") {
			return
		}
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Content-Type", "application/json")
		if !strings.HasPrefix(body, "{") {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		r.URL.Host = ""
		mux.ServeHTTP(w, r)
		if w.Code < 200 || strings.Contains(w.Body.String(), "s3cr:t") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
