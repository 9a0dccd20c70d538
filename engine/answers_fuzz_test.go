package engine_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// What is sent in these tests, to be found nowhere in what is said of the answers.
// An answer may repeat it: where a fuzzed one says SEED, it does.
const (
	fuzzSecret = "seededSecret7Kd9Qx2Lm4"
	fuzzCode   = "seededCode5Tz8Wn1Rb6Yp"
	fuzzToken  = "seededToken3Vc6Hj9Fs2D"
)

// A fuzzedServer answers everything with the same status, type and body.
type fuzzedServer struct {
	status      int
	contentType string
	body        string
	first       string // in place of body, for the first request
	asked       int
}

func (s *fuzzedServer) PublicOnly() http.RoundTripper { return s }

func (s *fuzzedServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked++
	body, status := s.body, s.status
	if s.asked == 1 && s.first != "" {
		body, status = s.first, 200
	}
	resp := answer(r, status, body)
	resp.Header.Set("Content-Type", s.contentType)
	return resp, nil
}

// holdsSeed reports whether a text that anyone may see holds what was sent.
func holdsSeed(texts ...any) bool {
	text := fmt.Sprint(texts...)
	return strings.Contains(text, fuzzSecret) || strings.Contains(text, fuzzCode) || strings.Contains(text, fuzzToken)
}

func fuzzedEngine(t *testing.T, s *fuzzedServer, j *journal, change func(*schema.Integration)) *engine.Engine {
	t.Helper()
	in := fjord()
	onDevices(in)
	in.OAuthClientSecret, in.OAuthClientSecretPrevious = secret(fuzzSecret), secret(fuzzSecret+"x")
	in.Connection = map[string]schema.ConnectionField{"account": {From: schema.FromTokenResponse, Path: "account.id", Field: schema.Field{Optional: true, Format: "hostname"}}}
	if change != nil {
		change(in)
	}
	// A clock that stands still, and no waits: a poll is asked for by name.
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: s, Observe: j.observe, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func addAnswers(f *testing.F) {
	for _, body := range []string{
		`{"access_token":"a","refresh_token":"r","expires_in":3600}`, `{"access_token":"a","token_type":"SEED"}`, `{"error":"SEED"}`, `{"error":"invalid_grant","error_description":"SEED"}`,
		`{"error":"invalid_client"}`, `{"error":"authorization_pending"}`, `{"error":{"code":"SEED"}}`, `{"active":true,"exp":1e300}`, `{"active":false}`, `{"active":true,"exp":"SEED"}`,
		`{"device_code":"d","user_code":"SEED","verification_uri":"https://x.test/SEED","expires_in":"NaN","interval":-1}`, `{"device_code":"d","user_code":"u","verification_uri":"https://x.test/","expires_in":1e308,"interval":1e308}`,
		"error=SEED&x=%zz", "access_token=SEED", "<html>SEED", "", "null", "[]", "{", `{"access_token":{"a":[1]}}`, `{"account":{"id":"SEED/.."},"access_token":"a"}`, "\xff\xfe",
	} {
		for _, status := range []int{200, 400, 401, 503} {
			f.Add(status, "application/json", body)
		}
	}
	f.Add(302, "text/html", "moved")
}

func fuzzed(status int, contentType, body string) (*fuzzedServer, bool) {
	if status < 200 || status > 599 || strings.ContainsAny(contentType, "\r\n\x00") {
		return nil, false
	}
	return &fuzzedServer{status: status, contentType: contentType, body: body}, true
}

// Whatever a token endpoint answers: a connection with a token or an error that says
// nothing of what was sent, in exchange, refresh and revocation.
func FuzzTokenAnswers(f *testing.F) {
	addAnswers(f)
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		s, ok := fuzzed(status, contentType, strings.ReplaceAll(body, "SEED", fuzzSecret))
		if !ok {
			return
		}
		var j journal
		e := fuzzedEngine(t, s, &j, func(in *schema.Integration) { in.Auth.RevocationURL = "https://fjord.test/revoke" })
		p, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.body = strings.ReplaceAll(s.body, fuzzSecret, fuzzCode)
		c, err := e.Exchange(t.Context(), p, url.Values{"code": {fuzzCode}, "state": {p.State.Reveal()}})
		switch {
		case (c == nil) == (err == nil):
			t.Fatalf("got %v and %v", c, err)
		case err == nil && c.Credentials.Token.AccessToken.Empty():
			t.Error("a connection without a token")
		}
		if holdsSeed(err, j.lines, c) {
			t.Errorf("exchange: told what was sent: %v %v", err, j.lines)
		}
		given := engine.Credentials{Token: engine.Token{AccessToken: secret("a"), RefreshToken: secret(fuzzToken)}}
		if _, err := e.Connect(t.Context(), alice, given, nil); err != nil {
			t.Fatal(err)
		}
		s.body = strings.ReplaceAll(s.body, fuzzCode, fuzzToken)
		if err := e.Revoke(t.Context(), alice); holdsSeed(err, j.lines) {
			t.Errorf("revocation: told what was sent: %v %v", err, j.lines)
		}
	})
}

// Whatever an introspection endpoint answers.
func FuzzIntrospectionAnswers(f *testing.F) {
	addAnswers(f)
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		s, ok := fuzzed(status, contentType, strings.ReplaceAll(body, "SEED", fuzzToken))
		if !ok {
			return
		}
		s.first = `{"access_token":"` + fuzzToken + `","refresh_token":"r"}`
		var j journal
		e := fuzzedEngine(t, s, &j, func(in *schema.Integration) { in.Auth.IntrospectionURL = "https://fjord.test/introspect" })
		p, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := e.Exchange(t.Context(), p, url.Values{"code": {fuzzCode}, "state": {p.State.Reveal()}})
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
		if c != nil {
			if y := c.Credentials.Token.ExpiresAt.Year(); !c.Credentials.Token.ExpiresAt.IsZero() && (y < 2026 || y > 9999) {
				t.Errorf("the token ends in the year %d", y)
			}
		}
		if holdsSeed(err, j.lines, c) {
			t.Errorf("told what was sent: %v %v", err, j.lines)
		}
	})
}

// Whatever a device authorization endpoint answers, and then the token endpoint.
func FuzzDeviceAnswers(f *testing.F) {
	addAnswers(f)
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		s, ok := fuzzed(status, contentType, strings.ReplaceAll(body, "SEED", fuzzSecret))
		if !ok {
			return
		}
		var j journal
		e := fuzzedEngine(t, s, &j, nil)
		d, err := e.DeviceAuth(t.Context(), alice, nil)
		if (d == nil) == (err == nil) {
			t.Fatalf("got %v and %v", d, err)
		}
		if holdsSeed(err, d) {
			t.Errorf("told what was sent: %v", err)
		}
		if err == nil {
			u, err := url.Parse(d.VerificationURI)
			if err != nil || u.Scheme != "https" && u.Scheme != "http" || d.UserCode == "" || d.Interval <= 0 || !d.ExpiresAt.After(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
				t.Errorf("shows %q at %q, every %s until %s", d.UserCode, d.VerificationURI, d.Interval, d.ExpiresAt)
			}
		}
		s, _ = fuzzed(status, contentType, strings.ReplaceAll(body, "SEED", fuzzCode))
		j = journal{}
		e = fuzzedEngine(t, s, &j, nil)
		d = &engine.DeviceAuth{Key: alice, DeviceCode: secret(fuzzCode), Interval: time.Second, ExpiresAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
		c, err := e.PollDevice(t.Context(), d)
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
		if holdsSeed(err, j.lines, c, d) {
			t.Errorf("poll: told what was sent: %v %v", err, j.lines)
		}
	})
}

// Whatever comes back on a callback: it is another flow's, or an error, or a code;
// and of the flow's secrets nothing is told.
func FuzzCallbacks(f *testing.F) {
	for _, query := range []string{
		"code=c&state=STATE", "error=access_denied&state=STATE", "error=STATE&state=STATE", "error=SEED&code=SEED&state=STATE", "state=STATE", "state=STATE&state=x&code=c", "code=c", "",
		"code=SEED&state=STATE&iss=https%3A%2F%2Fevil.test", "code=%zz&state=STATE", "code=%00&state=STATE", "payload=STATE&code=c", "oauth_token=x&oauth_verifier=y", "code=c&state=STATE&realm=a%2Fb",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		s := &fuzzedServer{status: 200, contentType: "application/json", body: `{"access_token":"a"}`}
		var j journal
		e := fuzzedEngine(t, s, &j, func(in *schema.Integration) {
			in.Auth.Issuer = "https://fjord.test"
			in.Connection["realm"] = schema.ConnectionField{From: schema.FromCallback, Field: schema.Field{Optional: true, Pattern: "[0-9]+"}}
		})
		p, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		callback, err := url.ParseQuery(strings.NewReplacer("STATE", p.State.Reveal(), "SEED", fuzzCode).Replace(query))
		if err != nil {
			return
		}
		c, err := e.Exchange(t.Context(), p, callback)
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
		if s.asked > 0 && callback.Get("state") != p.State.Reveal() {
			t.Error("a code was sent that another flow brought")
		}
		if strings.Contains(callback.Get("error"), fuzzCode) && !strings.Contains(callback.Get("code"), fuzzCode) {
			return // nobody's secret
		}
		told := fmt.Sprint(err, j.lines)
		if strings.Contains(told, p.State.Reveal()) || strings.Contains(told, p.Verifier.Reveal()) || holdsSeed(told) {
			t.Errorf("told: %s", told)
		}
	})
}
