package engine_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func pushes(in *schema.Integration) {
	in.Auth.PushedAuthorizationURL = "https://fjord.test/token"
	in.Auth.AuthorizationURL = "https://fjord.test/authorize?tenant=a"
	in.Auth.AuthorizationParams = map[string]string{"prompt": "consent"}
}

// An authorization request that is pushed goes to the server with the client's
// credentials, and the browser is given nothing but its name (RFC 9126).
func TestPushedAuthorizationRequest(t *testing.T) {
	p := &provider{token: answers(`{"request_uri":"urn:ietf:params:oauth:request_uri:one","expires_in":60}`, `{"access_token":"a"}`)}
	e := newEngine(t, p, nil, pushes)
	pending, q := begin(t, e)
	pushed := p.calls[0]
	id, _, _ := pushed.BasicAuth()
	for name, want := range map[string]string{"response_type": "code", "client_id": "client-id", "redirect_uri": callbackURL, "scope": "read write", "prompt": "consent", "code_challenge_method": "S256", "state": pending.State.Reveal()} {
		if pushed.params.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, pushed.params.Get(name), want)
		}
	}
	if id != "client-id" || pushed.Method != "POST" {
		t.Errorf("pushed with %s as %q", pushed.Method, id)
	}
	if got := q.Encode(); got != "client_id=client-id&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Aone&tenant=a" {
		t.Errorf("the browser is sent with %s", got)
	}
	if _, err := e.Exchange(t.Context(), pending, url.Values{"code": {"c"}, "state": {pending.State.Reveal()}}); err != nil || p.calls[1].params.Get("code_verifier") == "" {
		t.Errorf("exchanged: %v", err)
	}
}

func TestPushedAuthorizationRequestFails(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"the client":   {401, `{"error":"invalid_client"}`, engine.ErrClient},
		"a parameter":  {400, `{"error":"invalid_request"}`, engine.ErrClient},
		"no reference": {201, `{"expires_in":60}`, engine.ErrInvalidResponse},
		"out of order": {503, `{}`, engine.ErrUnavailable},
	} {
		p := &provider{token: func(*tokenCall) (int, string) { return tt.status, tt.body }}
		e := newEngine(t, p, nil, pushes)
		_, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil)
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "pushed authorization request") && tt.status < 500 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
