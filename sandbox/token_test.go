package sandbox_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(*http.Request, map[string]string) {
		return func(_ *http.Request, p map[string]string) { p[name] = value }
	}
	del := func(name string) func(*http.Request, map[string]string) {
		return func(_ *http.Request, p map[string]string) { delete(p, name) }
	}
	header := func(name, value string) func(*http.Request, map[string]string) {
		return func(r *http.Request, _ map[string]string) { r.Header.Set(name, value) }
	}
	renamed := slackLike()
	renamed.Auth.TokenRequest = &schema.TokenRequest{Rename: map[string]string{"client_id": "client_key"}, Query: map[string]string{"v": "2"}}
	public := notionLike("n")
	public.Auth.AuthorizationMethod = schema.ClientAuthNone
	extras := notionLike("n")
	extras.Auth.TokenParams = schema.Tree{"audience": "api", "tenant": "${connection.tenant}"}
	extras.Auth.TokenHeaders = map[string]string{"Api-Key": "${oauth_client_id}"}
	inQuery := slackLike()
	inQuery.Auth.BodyFormat = "query"
	unescaped := notionLike("n")
	unescaped.Auth.TokenRequest = &schema.TokenRequest{BasicUnescaped: true}
	basic := func(id, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	}
	for _, row := range []struct {
		name   string
		i      *schema.Integration
		change func(*http.Request, map[string]string)
		status int
		code   string
		want   string
	}{
		{"GET", notionLike("n"), func(r *http.Request, _ map[string]string) { r.Method = "GET" }, 405, "invalid_request", "made with POST"},
		{"form for JSON", notionLike("n"), header("Content-Type", "application/x-www-form-urlencoded"), 400, "invalid_request", "must be application/json"},
		{"JSON for form", slackLike(), header("Content-Type", "application/json"), 200, "invalid_request", "must be application/x-www-form-urlencoded"},
		{"a body where the query is wanted", inQuery, nil, 200, "invalid_request", "the request has a body; its parameters belong in the query"},
		{"no Basic header", notionLike("n"), func(r *http.Request, _ map[string]string) { r.Header.Del("Authorization") }, 401, "invalid_client", "there is no Basic header"},
		{"secret in the body", notionLike("n"), func(r *http.Request, p map[string]string) {
			r.Header.Del("Authorization")
			p["client_id"], p["client_secret"] = "n-id", "s3cr:t/n"
		}, 401, "invalid_client", "client_secret is in the body; the blueprint wants a Basic header"},
		{"both ways at once", notionLike("n"), set("client_secret", "s3cr:t/n"), 401, "invalid_client", "both in the header and in the body"},
		{"id and secret not escaped", notionLike("n"), header("Authorization", basic("n-id", "s3cr:t/n")), 401, "invalid_client", "must be form-urlencoded"},
		{"id and secret escaped", unescaped, nil, 401, "invalid_client", "basic_unescaped"},
		{"wrong secret", notionLike("n"), header("Authorization", basic("n-id", "x")), 401, "invalid_client", "not the integration's"},
		{"header for body", slackLike(), func(r *http.Request, p map[string]string) {
			r.SetBasicAuth("slack-id", "slack-secret")
			delete(p, "client_secret")
		}, 200, "invalid_client", "there is an Authorization header"},
		{"no secret", slackLike(), del("client_secret"), 200, "invalid_client", "client_secret is missing"},
		{"secret of a public client", public, func(r *http.Request, _ map[string]string) {}, 401, "invalid_client", "client_secret is given"},
		{"not renamed", renamed, nil, 200, "invalid_request", "rename calls it client_key"},
		{"query missing", renamed, func(_ *http.Request, p map[string]string) {
			p["client_key"] = p["client_id"]
			delete(p, "client_id")
		}, 200, "invalid_request", `"v" is missing from the query of the token request`},
		{"token_params missing", extras, header("Api-Key", "n-id"), 400, "invalid_request", `"audience" is missing from the token request (token_params)`},
		{"token_params differ", extras, set("audience", "x"), 400, "invalid_request", `"audience" in the token request`},
		{"token_params of a connection missing", extras, set("audience", "api"), 400, "invalid_request", `"tenant" is missing`},
		{"token_headers missing", extras, func(_ *http.Request, p map[string]string) { p["audience"], p["tenant"] = "api", "t1" }, 400, "invalid_request", "(token_headers)"},
		{"secret in the query", slackLike(), func(r *http.Request, _ map[string]string) { r.URL.RawQuery = "client_secret=slack-secret" }, 200, "invalid_request", "it belongs in the body"},
		{"wrong grant", notionLike("n"), set("grant_type", "password"), 400, "unsupported_grant_type", `must be "authorization_code"`},
		{"no code", notionLike("n"), del("code"), 400, "invalid_request", "neither a code nor a refresh token"},
		{"foreign code", notionLike("n"), set("code", "abc"), 400, "invalid_grant", "not issued by a sandbox"},
		{"no redirect", notionLike("n"), del("redirect_uri"), 400, "invalid_grant", "redirect_uri is missing"},
		{"another redirect", notionLike("n"), set("redirect_uri", redirectURI+"/"), 400, "invalid_grant", "not that of the authorization request"},
		{"no verifier", notionLike("n"), del("code_verifier"), 400, "invalid_grant", "code_verifier is missing"},
		{"short verifier", notionLike("n"), set("code_verifier", "x"), 400, "invalid_grant", "43 to 128"},
		{"wrong verifier", notionLike("n"), set("code_verifier", strings.Repeat("x", 43)), 400, "invalid_grant", "does not match"},
		{"a verifier where none may be", slackLike(), set("code_verifier", verifier), 200, "invalid_request", "pkce: false"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t, row.i, nil)
			resp, body := f.do(f.exchangeRequest(f.code(), row.change))
			reason := body.text("error_description")
			if resp.StatusCode != row.status || body.text("error") != row.code || !strings.Contains(reason, row.want) {
				t.Errorf("got %s %v, want %d %s about %q", resp.Status, body, row.status, row.code, row.want)
			}
			if h := resp.Header.Get(sandbox.RefusalHeader); !strings.Contains(h, row.want) {
				t.Errorf("header %s: %q", sandbox.RefusalHeader, h)
			}
			if strings.Contains(reason, f.i.OAuthClientSecret.Reveal()) {
				t.Error("the reason holds the secret")
			}
		})
	}
}

// What the table refuses must pass when it is done right.
func TestTokenDialects(t *testing.T) {
	t.Parallel()
	renamed := slackLike()
	renamed.Auth.TokenRequest = &schema.TokenRequest{Rename: map[string]string{"client_id": "app_id", "client_secret": "secret", "code": "auth_code", "redirect_uri": ""}}
	public := notionLike("n")
	public.Auth.AuthorizationMethod = schema.ClientAuthNone
	unescaped := notionLike("n")
	unescaped.Auth.TokenRequest = &schema.TokenRequest{BasicUnescaped: true}
	for _, row := range []struct {
		name   string
		i      *schema.Integration
		change func(*http.Request, map[string]string)
	}{
		{"renamed and left out", renamed, func(_ *http.Request, p map[string]string) {
			p["app_id"], p["secret"], p["auth_code"] = p["client_id"], p["client_secret"], p["code"]
			for _, k := range []string{"client_id", "client_secret", "code", "redirect_uri"} {
				delete(p, k)
			}
		}},
		{"public client", public, func(_ *http.Request, p map[string]string) { delete(p, "client_secret") }},
		{"basic unescaped", unescaped, func(r *http.Request, _ map[string]string) { r.SetBasicAuth("n-id", "s3cr:t/n") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t, row.i, nil)
			if resp, body := f.do(f.exchangeRequest(f.code(), row.change)); resp.StatusCode != 200 || body.text("access_token") == "" {
				t.Errorf("%s %v", resp.Status, body)
			}
		})
	}
}

func TestCodeIsGoodOnceAndForAMinute(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFlow(t, notionLike("n"), &sandbox.Options{Now: c.now})
	code := f.code()
	_, tok := f.do(f.exchangeRequest(code, nil))
	if _, body := f.do(f.exchangeRequest(code, nil)); body.text("error") != "invalid_grant" || !strings.Contains(body.text("error_description"), "used before") {
		t.Errorf("second use: %v", body)
	}
	if resp, body := f.get("/v1/users", tok.text("access_token"), nil); resp.StatusCode != 401 || !strings.Contains(body.text("message"), "used twice") {
		t.Errorf("what the code gave must be revoked: %s %v", resp.Status, body)
	}
	late := f.code()
	c.advance(60 * time.Second)
	if _, body := f.do(f.exchangeRequest(late, nil)); !strings.Contains(body.text("error_description"), "expired at 2026-03-01T12:01:00Z") {
		t.Errorf("late: %v", body)
	}
}

func TestRotationAndReuse(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("n"), nil)
	first := f.connect()
	_, second := f.do(f.refreshRequest(first.text("refresh_token")))
	resp, body := f.do(f.refreshRequest(first.text("refresh_token")))
	if resp.StatusCode != 400 || body.text("error") != "invalid_grant" || !strings.Contains(body.text("error_description"), "rotated") {
		t.Errorf("reuse: %s %v", resp.Status, body)
	}
	for _, tok := range []tokens{first, second} {
		if resp, _ := f.get("/v1/users", tok.text("access_token"), nil); resp.StatusCode != 401 {
			t.Errorf("the family must be dead: %s", resp.Status)
		}
	}
	if _, body := f.do(f.refreshRequest(second.text("refresh_token"))); body.text("error") != "invalid_grant" {
		t.Errorf("the family must be dead: %v", body)
	}
	if s := f.p.Stats(); s.ReuseDetected != 1 || s.Refreshes != 1 {
		t.Errorf("stats %+v", s)
	}
}

// However many come with it at once, a refresh token is redeemed once.
func TestOneRedemption(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("n"), nil)
	tok := f.connect()
	done := make(chan int)
	for range 20 {
		r := f.refreshRequest(tok.text("refresh_token"))
		go func() {
			resp, err := f.rt.RoundTrip(r)
			if err != nil {
				t.Error(err)
				done <- 0
				return
			}
			done <- resp.StatusCode
		}()
	}
	got := map[int]int{}
	for range 20 {
		got[<-done]++
	}
	if s := f.p.Stats(); got[200] != 1 || s.Refreshes != 1 || s.ReuseDetected != 1 {
		t.Errorf("answers %v, stats %+v", got, s)
	}
}

func TestRotationWithGrace(t *testing.T) {
	t.Parallel()
	c := newClock()
	i := notionLike("n")
	i.Auth.RefreshGraceSeconds = 30
	f := newFlow(t, i, &sandbox.Options{Now: c.now})
	tok := f.connect()
	for range 2 {
		if resp, body := f.do(f.refreshRequest(tok.text("refresh_token"))); resp.StatusCode != 200 {
			t.Fatalf("within grace: %s %v", resp.Status, body)
		}
	}
	for _, n := range f.p.Stats().Redemptions {
		if n != 2 {
			t.Errorf("redemptions %v", f.p.Stats().Redemptions)
		}
	}
	c.advance(31 * time.Second)
	if _, body := f.do(f.refreshRequest(tok.text("refresh_token"))); body.text("error") != "invalid_grant" {
		t.Errorf("after grace: %v", body)
	}
}

func TestNoRotation(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("n"), &sandbox.Options{NoRotation: true})
	tok := f.connect()
	for range 3 {
		if resp, body := f.do(f.refreshRequest(tok.text("refresh_token"))); resp.StatusCode != 200 || body["refresh_token"] != nil {
			t.Errorf("%s %v", resp.Status, body)
		}
	}
}

// Any sandbox process honours the codes and tokens of another.
func TestTokensOfAnotherProcess(t *testing.T) {
	t.Parallel()
	one, two := newFlow(t, notionLike("n"), nil), newFlow(t, notionLike("n"), nil)
	_, tok := two.do(two.exchangeRequest(one.code(), nil))
	if resp, _ := one.get("/v1/users", tok.text("access_token"), nil); resp.StatusCode != 200 {
		t.Errorf("access token: %s", resp.Status)
	}
	_, again := one.do(one.refreshRequest(tok.text("refresh_token")))
	_, third := two.do(two.refreshRequest(again.text("refresh_token")))
	if third.text("access_token") == "" {
		t.Fatalf("refresh: %v", third)
	}
	// two has seen serial 2 redeemed, so serial 1 is a reuse although it saw neither.
	three := newFlow(t, notionLike("n"), nil)
	_, _ = three.do(three.refreshRequest(again.text("refresh_token")))
	if _, body := three.do(three.refreshRequest(tok.text("refresh_token"))); body.text("error") != "invalid_grant" {
		t.Errorf("older than what was redeemed: %v", body)
	}
	other := newFlow(t, notionLike("other"), nil)
	if resp, body := other.get("/v1/users", tok.text("access_token"), nil); resp.StatusCode != 401 || !strings.Contains(body.text("message"), `issued for integration "n"`) {
		t.Errorf("another integration's token: %s %v", resp.Status, body)
	}
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("n"), nil)
	tok := f.connect()
	r := f.tokenRequest(map[string]string{"token": tok.text("refresh_token")}, nil)
	r.URL, _ = url.Parse(f.i.Auth.RevocationURL)
	if resp, body := f.do(r); resp.StatusCode != 200 {
		t.Fatalf("%s %v", resp.Status, body)
	}
	if _, body := f.do(f.refreshRequest(tok.text("refresh_token"))); !strings.Contains(body.text("error_description"), "the client revoked it") {
		t.Errorf("refresh: %v", body)
	}
	if resp, _ := f.get("/v1/users", tok.text("access_token"), nil); resp.StatusCode != 401 {
		t.Errorf("access: %s", resp.Status)
	}
}

// A blueprint's own word for a dead grant is used where it gives that word a
// meaning.
func TestErrorsInTheProvidersShape(t *testing.T) {
	t.Parallel()
	f := newFlow(t, slackLike(), nil)
	resp, body := f.do(f.refreshRequest("gone"))
	if resp.StatusCode != 200 || body["ok"] != false || body.text("error") != "invalid_refresh_token" {
		t.Errorf("refresh: %s %v", resp.Status, body)
	}
	if resp, body := f.get("/users.list", "", nil); resp.StatusCode != 200 || body.text("error") != "invalid_auth" {
		t.Errorf("no token: %s %v", resp.Status, body)
	}
	_ = f.p.Fault(sandbox.FaultExpired, 1)
	tok := f.connect()
	if resp, body := f.get("/users.list", tok.text("access_token"), nil); resp.StatusCode != 200 || body.text("error") != "token_expired" {
		t.Errorf("expired: %s %v", resp.Status, body)
	}
}

func TestTokenAnswerShapes(t *testing.T) {
	t.Parallel()
	c := newClock()
	shape := func(r *schema.TokenResponse, sample any) *schema.Integration {
		i := notionLike("n")
		i.OAuthScopes = &schema.Scopes{List: []string{"a", "b"}}
		i.Auth.TokenResponse = r
		i.Samples = nil
		if sample != nil {
			i.Samples = []schema.Sample{{Kind: schema.SampleToken, Response: schema.SampleResponse{Status: 200, Body: sample}}}
		}
		return i
	}
	for _, row := range []struct {
		name  string
		i     *schema.Integration
		path  string
		check func(any) bool
	}{
		{"nested", shape(&schema.TokenResponse{AccessToken: "data.token"}, nil), "data.token", func(v any) bool { s, _ := v.(string); return strings.HasPrefix(s, "sbx_access_") }},
		{"milliseconds", shape(&schema.TokenResponse{Expires: &schema.Expires{Path: "ttl", Unit: "ms"}}, nil), "ttl", func(v any) bool { return v == 3600000.0 }},
		{"epoch", shape(&schema.TokenResponse{Expires: &schema.Expires{Path: "data.exp", Kind: "at"}}, nil), "data.exp", func(v any) bool { return v == float64(c.at.Unix()+3600) }},
		{"date", shape(&schema.TokenResponse{Expires: &schema.Expires{Path: "expiresAt", Kind: "at"}}, map[string]any{"access_token": "x", "expiresAt": "2024-01-01T00:00:00Z"}), "expiresAt",
			func(v any) bool { return v == "2026-03-01T13:00:00Z" }},
		{"lifetime as text", shape(nil, map[string]any{"access_token": "x", "expires_in": "7200"}), "expires_in", func(v any) bool { return v == "7200" }},
		{"scopes as list", shape(nil, map[string]any{"access_token": "x", "scope": []any{"z"}}), "scope", func(v any) bool { l, _ := v.([]any); return len(l) == 2 }},
		{"success", shape(&schema.TokenResponse{Success: &schema.Condition{Status: schema.OneOrMany[int]{201}, Body: map[string]any{"code": []any{0, 1}}}}, nil), "code", func(v any) bool { return v == 0.0 }},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFlow(t, row.i, &sandbox.Options{Now: c.now})
			resp, tok := f.do(f.exchangeRequest(f.code(), nil))
			if resp.StatusCode/100 != 2 {
				t.Fatalf("%s %v", resp.Status, tok)
			}
			var v any = map[string]any(tok)
			for key := range strings.SplitSeq(row.path, ".") {
				v = v.(map[string]any)[key]
			}
			if !row.check(v) {
				t.Errorf("%s = %v", row.path, v)
			}
		})
	}
}
