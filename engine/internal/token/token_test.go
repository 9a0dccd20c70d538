package token_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// A server answers each request in turn, and keeps them.
type server struct {
	answers []string // a status and a body, parted by a space
	seen    []*http.Request
	forms   []url.Values
	told    []event.Event
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	s.seen, s.forms = append(s.seen, r), append(s.forms, form)
	status, text, _ := strings.Cut(s.answers[len(s.seen)-1], " ")
	if status == "0" {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: int(status[0]-'0') * 100, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

func endpoint(t *testing.T, s *server, change func(*schema.Integration)) *token.Endpoint {
	t.Helper()
	in := &schema.Integration{Name: "fjord", OAuthClientID: "id", OAuthClientSecret: schema.NewSecret("new-secret")}
	in.Auth = schema.Auth{AuthMode: schema.OAuth2, TokenURL: "https://fjord.test/token"}
	if change != nil {
		change(in)
	}
	p, err := plan.New(in)
	if err != nil {
		t.Fatal(err)
	}
	return &token.Endpoint{
		In: p, Now: func() time.Time { return now }, Timeout: time.Minute,
		Client: func(*connection.Connection, schema.Template) *http.Client { return &http.Client{Transport: s} },
		Tell:   func(_ context.Context, ev event.Event) { s.told = append(s.told, ev) },
	}
}

func alice() *connection.Connection {
	return &connection.Connection{
		Key:         connection.Key{Integration: "fjord", ConnectionID: "alice"},
		Credentials: connection.Credentials{Type: schema.OAuth2, Token: connection.Token{AccessToken: schema.NewSecret("a-0"), RefreshToken: schema.NewSecret("r-0"), Scopes: []string{"read"}}},
	}
}

// What a refresh does not repeat is kept (RFC 6749 6).
func TestRefreshAndTake(t *testing.T) {
	s := &server{answers: []string{`2 {"access_token":"a-1","expires_in":60}`}}
	c := alice()
	o := endpoint(t, s, nil).For("refresh", c)
	asked := 0
	answer, err := o.Refresh(t.Context(), func(context.Context) error { asked++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Take(t.Context(), answer, nil, nil); err != nil {
		t.Fatal(err)
	}
	got := &c.Credentials.Token
	if got.AccessToken.Reveal() != "a-1" || got.RefreshToken.Reveal() != "r-0" || !got.ExpiresAt.Equal(now.Add(time.Minute)) || len(got.Scopes) != 1 {
		t.Errorf("got %q, refresh token %q, until %s, scopes %q", got.AccessToken.Reveal(), got.RefreshToken.Reveal(), got.ExpiresAt, got.Scopes)
	}
	id, secret, _ := s.seen[0].BasicAuth()
	if f := s.forms[0]; asked != 1 || f.Get("grant_type") != "refresh_token" || f.Get("refresh_token") != "r-0" || id != "id" || secret != "new-secret" {
		t.Errorf("asked %d times whether to send; sent %s as %q", asked, f.Encode(), id)
	}
}

// Nothing is sent when it may not be.
func TestRefreshIsNotSentUnlessReady(t *testing.T) {
	s := &server{}
	no := errors.New("the lease is another's")
	if _, err := endpoint(t, s, nil).For("refresh", alice()).Refresh(t.Context(), func(context.Context) error { return no }); err != no || len(s.seen) != 0 {
		t.Errorf("got %v, and %d requests", err, len(s.seen))
	}
}

// While a client secret is rotated, the one before is tried where the client is
// refused, first for an hour where it was needed, and never for another reason.
func TestPreviousSecret(t *testing.T) {
	const refused, good = `4 {"error":"invalid_client"}`, `2 {"access_token":"a"}`
	s := &server{answers: []string{refused, good, good, `4 {"error":"invalid_grant"}`}}
	e := endpoint(t, s, func(in *schema.Integration) { in.OAuthClientSecretPrevious = schema.NewSecret("old-secret") })
	redeem := func() error {
		_, err := e.For("exchange", alice()).Redeem(t.Context(), e.In.Parsed.TokenURL, map[string]string{"code": "c"}, nil)
		return err
	}
	if err := errors.Join(redeem(), redeem()); err != nil {
		t.Fatal(err)
	}
	if err := redeem(); fault.KindOf(err) != fault.KindReauthorize {
		t.Errorf("got %v, want a dead grant", err)
	}
	var secrets []string
	for _, r := range s.seen {
		_, secret, _ := r.BasicAuth()
		secrets = append(secrets, secret)
	}
	if got := strings.Join(secrets, " "); got != "new-secret old-secret old-secret old-secret" {
		t.Errorf("tried %s", got)
	}
	if len(s.told) != 2 || s.told[0].Kind != event.Client {
		t.Errorf("told %v", s.told)
	}
}

// An error says which endpoint it was, and nothing of what was sent.
func TestErrorsNameTheirPlace(t *testing.T) {
	s := &server{answers: []string{"0 ", `5 {"error":"id-0123456789ABCdef is blocked"}`}}
	e := endpoint(t, s, func(in *schema.Integration) { in.OAuthClientID = "id-0123456789ABCdef" })
	o := e.For("introspect", alice()).At("the introspection endpoint")
	for _, want := range []string{"introspect fjord/alice: unavailable: the introspection endpoint did not answer", "introspect fjord/alice: unavailable: the introspection endpoint refused"} {
		_, err := o.AskBeside(t.Context(), "the request", e.In.Parsed.TokenURL, map[string]string{"token": "a-0"}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "0123456789") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
