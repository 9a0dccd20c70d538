package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// askToken asks for a token, with further parameters.
func (s *stage) askToken(client, secret string, more ...string) answer {
	s.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {secret}}
	for i := 0; i < len(more); i += 2 {
		form[more[i]] = append(form[more[i]], more[i+1])
	}
	return s.do("POST", "/oauth/token", strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    *int64 `json:"expires_in"`
	Scope        string `json:"scope"`
	RefreshToken string `json:"refresh_token"`
}

func (a answer) token(t *testing.T) (got tokenAnswer) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.StatusCode != 200 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return got
}

// x/oauth2 gets the token, in either of its styles.
func TestTokenForXOAuth2(t *testing.T) {
	s := newStage(t, nil)
	for name, style := range map[string]oauth2.AuthStyle{"header": oauth2.AuthStyleInHeader, "body": oauth2.AuthStyleInParams, "whichever": oauth2.AuthStyleAutoDetect} {
		t.Run(name, func(t *testing.T) {
			config := clientcredentials.Config{ClientID: "tides/user-42", ClientSecret: operator, TokenURL: s.url + "/oauth/token", AuthStyle: style}
			token, err := config.Token(t.Context())
			if err != nil || token.AccessToken != accessSecret || token.RefreshToken != "" || !token.Valid() {
				t.Fatalf("got %v, %v", token, err)
			}
			if left := time.Until(token.Expiry); left > time.Hour {
				t.Errorf("the token is said to be good for %v", left)
			}
			config.ClientSecret = "no-such-key-0123456789"
			var refused *oauth2.RetrieveError
			if _, err := config.Token(t.Context()); !errors.As(err, &refused) || refused.ErrorCode != "invalid_client" {
				t.Errorf("a wrong key: %v", err)
			}
		})
	}
}

// An id may hold whatever a store keeps; the header has it form-urlencoded.
func TestTokenForOddIDs(t *testing.T) {
	s := newStage(t, nil)
	for _, id := range []string{"a/b c", "a:b", "100%", "a+b", "ä@x", "%2F"} {
		s.connect("tides", id, engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret("token of " + id)}})
		for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
			config := clientcredentials.Config{ClientID: "tides/" + id, ClientSecret: operator, TokenURL: s.url + "/oauth/token", AuthStyle: style}
			if token, err := config.Token(t.Context()); err != nil || token.AccessToken != "token of "+id || !token.Expiry.IsZero() {
				t.Errorf("%q, style %v: got %v, %v", id, style, token, err)
			}
		}
	}
}

func TestTokenAnswer(t *testing.T) {
	s := newStage(t, nil)
	a := s.askToken("tides/user-42", operator)
	got := a.token(t)
	if got.AccessToken != accessSecret || got.TokenType != "Bearer" || got.Scope != "read write" || got.RefreshToken != "" || strings.Contains(a.body, refreshSecret) {
		t.Errorf("got %+v", got)
	}
	if got.ExpiresIn == nil || *got.ExpiresIn < 3590 || *got.ExpiresIn > 3600 {
		t.Errorf("expires_in: %v", got.ExpiresIn)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	s.advance(30 * time.Minute)
	if got := s.askToken("tides/user-42", operator).token(t); *got.ExpiresIn > 1800 {
		t.Errorf("after half an hour expires_in is %d", *got.ExpiresIn)
	}
	if got := s.askToken("tides/user-42", operator, "scope", "read").token(t); got.Scope != "read write" {
		t.Errorf("a part of the scopes: %+v", got)
	}
	s.want(s.askToken("tides/user-42", operator, "scope", "read admin"), 400, "invalid_scope")
}

// A token with less than its margin left is refreshed first, once for all who ask.
func TestATokenThatIsAboutToEndIsRefreshedOnce(t *testing.T) {
	s := newStage(t, nil)
	s.advance(time.Hour - 10*time.Second)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if a := s.askToken("tides/user-42", operator); a.StatusCode != 200 || !strings.Contains(a.body, "access-1") || *a.token(t).ExpiresIn < 3590 {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
		})
	}
	all.Wait()
	if n := s.redeemed.Load(); n != 1 {
		t.Errorf("redeemed %d times", n)
	}
}

// What ends the connection, and what passes, are told apart.
func TestDeadAndDownAreNeverMixedUp(t *testing.T) {
	s := newStage(t, nil)
	s.advance(time.Hour + time.Second)
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	down := s.askToken("tides/user-42", operator)
	s.want(down, 503, "temporarily_unavailable")
	if down.Header.Get("Retry-After") == "" {
		t.Error("nobody says when to come back")
	}
	s.advance(time.Minute)
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error": "invalid_grant"}`)
	})
	s.want(s.askToken("tides/user-42", operator), 400, "invalid_grant")
	s.answerToken(s.rotate)
	s.advance(time.Minute)
	s.want(s.askToken("tides/user-42", operator), 400, "invalid_grant")
	s.want(s.do("GET", "/c/tides/user-42/x", nil, bearer(operator)...), 424, "invalid_grant")
	s.want(s.do("GET", "/proxy/x", nil, nango(operator, "tides", "user-42")...), 424, "invalid_grant")
}

func TestTokenRequestsThatAreRefused(t *testing.T) {
	s := newStage(t, nil)
	const form = "application/x-www-form-urlencoded"
	post := func(body string, header ...string) answer {
		return s.do("POST", "/oauth/token", strings.NewReader(body), append([]string{"Content-Type", form}, header...)...)
	}
	client := "&client_id=tides%2Fuser-42&client_secret=" + operator
	basic := func(user, password string) []string {
		r, _ := http.NewRequest("GET", "http://x", nil)
		r.SetBasicAuth(user, password)
		return []string{"Authorization", r.Header.Get("Authorization")}
	}
	for name, c := range map[string]struct {
		answer
		status int
		want   string
	}{
		"no grant type":       {post("a=b" + client), 400, "invalid_request"},
		"another grant type":  {post("grant_type=password" + client), 400, "unsupported_grant_type"},
		"a refresh token":     {post("grant_type=refresh_token&refresh_token=x" + client), 400, "unsupported_grant_type"},
		"no client":           {post("grant_type=client_credentials"), 401, "invalid_client"},
		"an id alone":         {post("grant_type=client_credentials&client_id=tides%2Fuser-42"), 401, "invalid_client"},
		"a bearer token":      {post("grant_type=client_credentials", bearer(operator)...), 401, "invalid_client"},
		"two ways at once":    {post("grant_type=client_credentials"+client, basic("tides%2Fuser-42", operator)...), 400, "invalid_request"},
		"two clients":         {post("grant_type=client_credentials&client_id=lamps%2Fx", basic("tides%2Fuser-42", operator)...), 400, "invalid_request"},
		"not encoded":         {post("grant_type=client_credentials", basic("tides/%zz", operator)...), 401, "invalid_client"},
		"no connection named": {post("grant_type=client_credentials&client_id=tides&client_secret=" + operator), 401, "invalid_client"},
		"twice the same":      {post("grant_type=client_credentials&grant_type=client_credentials" + client), 400, "invalid_request"},
		"in the URL":          {s.do("POST", "/oauth/token?grant_type=client_credentials"+client, nil, "Content-Type", form), 400, "invalid_request"},
		"JSON":                {s.do("POST", "/oauth/token", strings.NewReader(`{}`), "Content-Type", "application/json"), 400, "invalid_request"},
		"no form":             {post("grant_type=%zz"), 400, "invalid_request"},
		"too large":           {post("grant_type=client_credentials&x=" + strings.Repeat("a", 64<<10)), 413, "invalid_request"},
		"no such connection":  {post("grant_type=client_credentials&client_id=tides%2Fnobody&client_secret=" + operator), 400, "invalid_grant"},
		"no such integration": {post("grant_type=client_credentials&client_id=nothing%2Fx&client_secret=" + operator), 400, "invalid_grant"},
		"a mode of keys":      {post("grant_type=client_credentials&client_id=lamps%2Fuser-42&client_secret=" + operator), 400, "unauthorized_client"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.StatusCode != c.status || c.answer.code() != c.want {
				t.Errorf("got %d %s, want %d %s", c.StatusCode, c.body, c.status, c.want)
			}
			if c.status == 401 && !strings.HasPrefix(c.Header.Get("WWW-Authenticate"), "Basic ") {
				t.Error("RFC 6749 5.2 wants a challenge")
			}
			if strings.Contains(c.body, operator) || strings.Contains(c.body, accessSecret) {
				t.Errorf("the answer holds a secret: %s", c.body)
			}
		})
	}
}

// The token is one that the API takes: what a host does with it works.
func TestTheTokenWorksAtTheAPI(t *testing.T) {
	s := newStage(t, nil)
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) })
	config := clientcredentials.Config{ClientID: "tides/user-42", ClientSecret: operator, TokenURL: s.url + "/oauth/token"}
	resp, err := config.Client(context.Background()).Get(s.provider.URL + "/api/x")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); string(text) != "Bearer "+accessSecret {
		t.Errorf("the API got %q", text)
	}
}
