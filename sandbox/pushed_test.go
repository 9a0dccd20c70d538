package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
)

// Where authorization requests are pushed, the sandbox takes no other, and no parameter
// beside the reference (RFC 9126).
func TestPushedRequestsAreEnforced(t *testing.T) {
	t.Parallel()
	i := slackLike()
	i.Auth.PushedAuthorizationURL = "https://slack.com/par"
	i.Auth.AuthorizationParams = map[string]string{"team": "t-1"}
	f := newFlow(t, i, nil)
	plain, err := url.Parse(f.authURL(func(q url.Values) { q.Set("team", "t-1") }))
	if err != nil {
		t.Fatal(err)
	}
	push := func(change func(url.Values)) (*http.Response, tokens) {
		q := plain.Query()
		q.Set("client_secret", i.OAuthClientSecret.Reveal())
		if change != nil {
			change(q)
		}
		r, err := http.NewRequest("POST", i.Auth.PushedAuthorizationURL, strings.NewReader(q.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return f.do(r)
	}
	open := func(q url.Values) string {
		u := *plain
		u.RawQuery = q.Encode()
		r, err := http.NewRequest("GET", u.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, _ := f.do(r)
		return resp.Header.Get(sandbox.RefusalHeader)
	}
	resp, pushed := push(nil)
	if resp.StatusCode != 201 {
		t.Fatalf("%s %v", resp.Status, pushed)
	}
	good := url.Values{"client_id": {i.OAuthClientID}, "request_uri": {pushed.text("request_uri")}}
	if got := open(good); got != "" {
		t.Errorf("what was pushed: %s", got)
	}
	for want, q := range map[string]url.Values{
		"must be pushed to pushed_authorization_url":            plain.Query(),
		"client_id is not that of the request that was pushed":  {"client_id": {"other"}, "request_uri": good["request_uri"]},
		"scope stands in the authorization request; it belongs": {"client_id": good["client_id"], "request_uri": good["request_uri"], "scope": {"more"}},
		"request_uri was not issued by a sandbox":               {"client_id": good["client_id"], "request_uri": {"urn:ietf:params:oauth:request_uri:x"}},
	} {
		if got := open(q); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for want, change := range map[string]func(url.Values){
		"client_secret":            func(q url.Values) { q.Set("client_secret", "x") },
		"redirect_uri":             func(q url.Values) { q.Del("redirect_uri") },
		`"team" is missing`:        func(q url.Values) { q.Del("team") },
		"request_uri has no place": func(q url.Values) { q.Set("request_uri", "x") },
	} {
		resp, _ := push(change)
		if got := resp.Header.Get(sandbox.RefusalHeader); !strings.Contains(got, want) && !(want == "client_secret" && resp.StatusCode == 401) {
			t.Errorf("got %s %q, want %q", resp.Status, got, want)
		}
	}
}
