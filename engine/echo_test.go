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
	"time"

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

// A secret may hold a quote, where what is quoted in an error seems to end; and what
// follows may look like a word.
func TestS36_SecretsWithQuotes(t *testing.T) {
	const key = `SEEDEDKEY+/=&"%\ALEJQWBJFJET`
	says := func(r *http.Request) error {
		return &url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New(`malformed HTTP response "` + key + `"`)}
	}
	in := fjord()
	in.OAuthClientSecret = secret(key)
	broken := false
	rt := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/token" && !broken {
			return answer(r, 200, `{"access_token":`+strconv.Quote(key)+`,"refresh_token":`+strconv.Quote(key)+`}`), nil
		}
		return nil, says(r)
	})
	var j journal
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: rt, Observe: j.observe})
	if err != nil {
		t.Fatal(err)
	}
	connect(t, e)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	client, _ := e.Client(alice)
	r, _ := http.NewRequestWithContext(ctx, "POST", "/x", nil)
	_, callErr := client.Do(r)
	broken = true
	refreshErr := func() error {
		p, q := begin(t, e)
		_, err := e.Exchange(t.Context(), p, url.Values{"code": {key}, "state": {q.Get("state")}})
		return err
	}()
	if text := fmt.Sprint(callErr, refreshErr, j.lines); callErr == nil || refreshErr == nil || strings.Contains(text, "ALEJ") || strings.Contains(text, "SEEDED") {
		t.Error(text)
	}
}
