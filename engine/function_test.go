package engine_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A token request is signed over the body that is sent, with the time that its header
// says.
func TestSignedTokenRequest(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1"}`)}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Auth.TokenHeaders = map[string]string{
			"X-Time": "${now('ms')}",
			"X-Sign": "${hex(hmac_sha256(oauth_client_secret, request.method, '\n', request.host, request.path, '?', request.query, '\n', request.body, now('ms')))}",
		}
		in.Auth.TokenURL += "?v=1"
	})
	connect(t, e)
	if _, err := e.Refresh(context.Background(), alice); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, call := range p.calls {
		mac := hmac.New(sha256.New, []byte("s3cret/+="))
		fmt.Fprintf(mac, "POST\nfjord.test/token?v=1\n%s%s", call.body, call.Header.Get("X-Time"))
		if got, want := call.Header.Get("X-Sign"), hex.EncodeToString(mac.Sum(nil)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		seen[call.Header.Get("X-Sign")] = true
	}
	if len(seen) != 2 {
		t.Errorf("%d signatures of two requests", len(seen))
	}
}

// What is generated is made anew for each attempt, also for the one after a refresh,
// and is the same within one; a caller's own value wins.
func TestGeneratedForEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []*http.Request
		p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1"}`, `{"access_token":"a2"}`)}
		p.api = func(r *http.Request) (int, string) {
			sent = append(sent, r)
			return []int{503, 401, 200, 200}[len(sent)-1], `{}`
		}
		e := newEngine(t, p, nil, func(in *schema.Integration) {
			in.Requests.Headers["X-Id"] = "${uuid()}"
			in.Requests.Headers["X-Proof"] = "${hex(sha256(access_token, uuid()))}"
			in.Requests.Params = map[string]string{"n": "${nonce()}", "fixed": "${base64('x')}"}
		})
		connect(t, e)
		client, _ := e.Client(alice)
		if resp, err := client.Get("/x"); err != nil || resp.StatusCode != 200 || len(sent) != 3 {
			t.Fatalf("got %v, %v after %d attempts", resp, err, len(sent))
		}
		ids, nonces := map[string]bool{}, map[string]bool{}
		for i, r := range sent {
			id := r.Header.Get("X-Id")
			sum := sha256.Sum256([]byte([]string{"a1", "a1", "a2"}[i] + id))
			if r.Header.Get("X-Proof") != hex.EncodeToString(sum[:]) {
				t.Errorf("attempt %d: the proof is not over the id that was sent", i)
			}
			if r.URL.Query().Get("fixed") != "eA==" {
				t.Errorf("attempt %d: got query %s", i, r.URL.RawQuery)
			}
			ids[id], nonces[r.URL.Query().Get("n")] = true, true
		}
		if len(ids) != 3 || len(nonces) != 3 {
			t.Errorf("got ids %v, nonces %v", ids, nonces)
		}
		r, _ := http.NewRequest("GET", "/x?n=mine", nil)
		r.Header.Set("X-Id", "mine")
		if _, err := client.Do(r); err != nil || sent[3].Header.Get("X-Id") != "mine" || sent[3].URL.Query().Get("n") != "mine" {
			t.Errorf("the caller's own did not win: %v, %v", sent[3], err)
		}
	})
}

// A value that a function lacks is an error before anything is sent, and || goes on.
func TestFunctionOfNothing(t *testing.T) {
	for _, row := range []struct {
		header string
		want   string
	}{
		{"${base64(connection.none)}", ""}, {"${base64(connection.none) || 'x'}", "x"},
	} {
		var sent []*http.Request
		p := &provider{token: answers(`{"access_token":"a1"}`), api: func(r *http.Request) (int, string) { sent = append(sent, r); return 200, "{}" }}
		e := newEngine(t, p, nil, func(in *schema.Integration) { in.Requests.Headers["X"] = row.header })
		connect(t, e)
		client, _ := e.Client(alice)
		_, err := client.Get("/x")
		switch {
		case row.want == "" && (!errors.Is(err, engine.ErrReauthorize) || len(sent) > 0):
			t.Errorf("%s: got %v, %d requests", row.header, err, len(sent))
		case row.want != "" && (err != nil || sent[0].Header.Get("X") != row.want):
			t.Errorf("%s: got %v", row.header, err)
		}
	}
}

// repeating answers every call by an error that repeats its headers.
type repeating struct{ *provider }

func (b repeating) PublicOnly() http.RoundTripper { return b }

func (b repeating) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/token" {
		return b.provider.RoundTrip(r)
	}
	return nil, errors.New("cannot send " + strings.Join(r.Header["X-Proof"], "") + " in lower case " + strings.ToLower(strings.Join(r.Header["X-Proof"], "")))
}

// S36: what a function has made of a secret is no more to be seen than the secret.
func TestS36_FunctionResultsAreMasked(t *testing.T) {
	var events []engine.Event
	p := &provider{token: func(call *tokenCall) (int, string) {
		if call.params.Get("grant_type") == "refresh_token" {
			return 400, `{"error":"` + call.Header.Get("X-Proof") + `"}`
		}
		return 200, `{"access_token":"seeded-token","refresh_token":"r"}`
	}}
	in := fjord()
	in.Auth.TokenHeaders = map[string]string{"X-Proof": "${hex(hmac_sha1(oauth_client_secret, request.body))}"}
	in.Requests.Headers["X-Proof"] = "${hex(sha1(access_token))}"
	retries := 0
	in.Requests.Retries = &schema.Retries{MaxRetries: &retries}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}},
		&engine.Options{Transport: repeating{p}, Observe: func(_ context.Context, ev engine.Event) { events = append(events, ev) }})
	if err != nil {
		t.Fatal(err)
	}
	connect(t, e)
	client, _ := e.Client(alice)
	_, callErr := client.Get("/x")
	_, refreshErr := e.Refresh(t.Context(), alice)
	if callErr == nil || refreshErr == nil {
		t.Fatal(callErr, refreshErr)
	}
	made := p.calls[1].Header.Get("X-Proof")
	text := fmt.Sprint(callErr, refreshErr)
	for _, ev := range events {
		text += fmt.Sprintf("%+v", ev)
	}
	sum := sha1.Sum([]byte("seeded-token"))
	for _, secret := range []string{made, hex.EncodeToString(sum[:])} {
		if strings.Contains(strings.ToLower(text), secret) {
			t.Errorf("%s is in %s", secret, text)
		}
	}
}
