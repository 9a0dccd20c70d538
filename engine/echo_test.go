package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A step that is refused may be refused with what it was sent.
func TestS36_StepsTellNoSecrets(t *testing.T) {
	for name, last := range map[string]string{
		"in a code": `{"error":"Seeded0Ticket0for0the0step"}`,
		"as it is":  `{"error":"s3cret/+="}`,
	} {
		p := &provider{token: answers(`{"ok":true,"access_token":"Seeded0Access0token","a":{"ticket":"Seeded0Ticket0for0the0step"}}`, last)}
		var j journal
		e := newEngine(t, p, &engine.Options{Observe: j.observe}, session)
		_, err := exchangeAlice(t, e)
		if err == nil || strings.Contains(fmt.Sprint(err, j.lines), "Seeded0") {
			t.Errorf("%s: %v %v", name, err, j.lines)
		}
	}
}

// caller who has left.
func TestS36_CancelledTokenRequestsTellNoSecrets(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in := fjord()
	in.Auth.BodyFormat, in.Auth.AuthorizationMethod = "query", schema.ClientAuthBody
	rt := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		cancel()
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: rt})
	if err != nil {
		t.Fatal(err)
	}
	p, q := begin(t, e)
	_, err = e.Exchange(ctx, p, url.Values{"code": {"the-code"}, "state": {q.Get("state")}})
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "the-code") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

// A server of OAuth 1.0a may refuse a call with a piece of the verifier that it was
// sent.
func TestS36_OAuth1TellsNoSecrets(t *testing.T) {
	w := newOAuth1World(t, tower("HMAC-SHA1"))
	p, callback := w.authorize(t, "allow")
	piece := callback.Get("oauth_verifier")[:60]
	w.answer = func(r *http.Request) *http.Response { return answer(r, 401, "oauth_problem="+piece) }
	if _, err := w.Exchange(t.Context(), p, callback); err == nil || strings.Contains(err.Error(), piece[10:]) {
		t.Errorf("got %v", err)
	}
}
