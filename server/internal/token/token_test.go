package token_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/audit"
	"github.com/nango-lite/nango-lite/server/internal/token"
	"github.com/nango-lite/nango-lite/store/record"
)

// tokens give the same token, or error, for each connection.
type tokens struct {
	token *engine.Token
	err   error
}

func (s tokens) TokenSource(engine.Key) engine.TokenSource    { return s }
func (s tokens) Token(context.Context) (*engine.Token, error) { return s.token, s.err }

type keys map[string]*apikey.Key

func (k keys) Find(_ context.Context, text string) (*apikey.Key, error) { return k[text], nil }

// An endpoint needs no engine, and no store but that of the audit log.
func TestEndpoint(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	good := &engine.Token{AccessToken: schema.NewSecret("access"), Scopes: []string{"read"}, ExpiresAt: now.Add(time.Minute)}
	for _, c := range []struct {
		name string
		form url.Values
		have tokens
		want string
	}{
		{"granted", url.Values{}, tokens{token: good}, `200 {"access_token":"access","token_type":"Bearer","expires_in":60,"scope":"read"}`},
		{"the scope it has", url.Values{"scope": {"read"}}, tokens{token: good}, `200 {"access_token":"access"`},
		{"another scope", url.Values{"scope": {"write"}}, tokens{token: good}, `400 {"error":"invalid_scope"`},
		{"no key", url.Values{"client_secret": {"bad"}}, tokens{token: good}, `401 {"error":"invalid_client"`},
		{"no connection", url.Values{"client_id": {"tides"}}, tokens{token: good}, `401 {"error":"invalid_client"`},
		{"another's connection", url.Values{"client_id": {"lamps/a"}}, tokens{token: good}, `400 {"error":"unauthorized_client"`},
		{"another grant", url.Values{"grant_type": {"password"}}, tokens{token: good}, `400 {"error":"unsupported_grant_type"`},
		{"twice", url.Values{"scope": {"a", "b"}}, tokens{token: good}, `400 {"error":"invalid_request"`},
		{"ended", url.Values{}, tokens{err: &engine.Error{Kind: engine.KindReauthorize}}, `400 {"error":"invalid_grant"`},
		{"passing", url.Values{}, tokens{err: &engine.Error{Kind: engine.KindUnavailable}}, `503 {"error":"temporarily_unavailable"`},
		{"signed", url.Values{}, tokens{token: &engine.Token{TokenSecret: schema.NewSecret("s")}}, `400 {"error":"unauthorized_client"`},
	} {
		log := &audit.Log{Records: &record.Memory{}, Now: time.Now, Keep: time.Hour}
		e := &token.Endpoint{
			Tokens: c.have, Audit: log, Now: func() time.Time { return now },
			Guard: &access.Guard{Limit: &access.Limiter{}, Keys: keys{"good": {Name: "etl", Scopes: apikey.Scopes, Connections: []string{"tides/*"}}}},
		}
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"tides/a"}, "client_secret": {"good"}}
		for name, v := range c.form {
			form[name] = v
		}
		r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		e.Serve((&answer.Options{Now: time.Now, MaxBodyBytes: 1 << 10}).Begin(rec, r))
		if got := fmt.Sprint(rec.Code, " ", rec.Body); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		given := 0
		if err := log.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = audit.Read(t.Context(), log.Records, time.Time{}, func(e audit.Entry) bool { given++; return true })
		if (given == 1) != (rec.Code == 200) {
			t.Errorf("%s: %d audit entries", c.name, given)
		}
	}
}
