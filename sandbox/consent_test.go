package sandbox_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

func TestAuthorizationRefusals(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(url.Values) { return func(q url.Values) { q.Set(name, value) } }
	del := func(name string) func(url.Values) { return func(q url.Values) { q.Del(name) } }
	spaces := slackLike()
	spaces.Auth.ScopeSeparator = nil
	for _, row := range []struct {
		name   string
		i      *schema.Integration
		change func(url.Values)
		want   string
	}{
		{"no client", notionLike("n"), del("client_id"), "client_id is missing"},
		{"another client", notionLike("n"), set("client_id", "x"), `"x" is not the integration's oauth_client_id`},
		{"no redirect", notionLike("n"), del("redirect_uri"), "redirect_uri is missing"},
		{"relative redirect", notionLike("n"), set("redirect_uri", "/cb"), "not an absolute URI"},
		{"redirect with fragment", notionLike("n"), set("redirect_uri", "https://a/#x"), "fragment"},
		{"implicit grant", notionLike("n"), set("response_type", "token"), `must be code, not "token"`},
		{"no challenge", notionLike("n"), del("code_challenge"), "code_challenge is missing"},
		{"plain challenge", notionLike("n"), set("code_challenge_method", "plain"), `must be S256, not "plain"`},
		{"padded challenge", notionLike("n"), set("code_challenge", challenge()+"="), "without padding"},
		{"declared parameter missing", notionLike("n"), del("owner"), `"owner" is missing`},
		{"declared parameter differs", notionLike("n"), set("owner", "workspace"), `"owner"`},
		{"given twice", notionLike("n"), func(q url.Values) { q.Add("state", "b") }, "state is given more than once"},
		{"spaces for commas", slackLike(), set("scope", "chat:write users:read"), `joined with ","`},
		{"commas for spaces", spaces, set("scope", "chat:write,users:read"), `joined with " "`},
		{"no scopes", slackLike(), del("scope"), "the request has none"},
		{"a challenge where none may be", slackLike(), set("code_challenge", challenge()), "pkce: false"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t, row.i, nil)
			_, err := sandbox.Allow(t.Context(), f.rt, f.authURL(row.change), "allow")
			var refused *sandbox.RefusedError
			if !errors.As(err, &refused) || refused.Status != 400 || !strings.Contains(refused.Reason, row.want) {
				t.Errorf("got %v, want a refusal about %q", err, row.want)
			}
		})
	}
}

func TestRegisteredRedirects(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("n"), &sandbox.Options{RedirectURIs: []string{"https://app.example.com/cb"}})
	if _, err := sandbox.Allow(t.Context(), f.rt, f.authURL(nil), "allow"); err == nil || !strings.Contains(err.Error(), "https://app.example.com/cb") {
		t.Errorf("got %v", err)
	}
	registered := func(q url.Values) { q.Set("redirect_uri", "https://app.example.com/cb") }
	if _, err := sandbox.Allow(t.Context(), f.rt, f.authURL(registered), "allow"); err != nil {
		t.Error(err)
	}
}

func TestDeny(t *testing.T) {
	t.Parallel()
	i := notionLike("n")
	i.Auth.Issuer = "https://api.notion.com"
	f := newFlow(t, i, nil)
	u, err := sandbox.Allow(t.Context(), f.rt, f.authURL(nil), "deny")
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("error") != "access_denied" || q.Get("state") != "st4te" || q.Get("iss") != i.Auth.Issuer || q.Has("code") {
		t.Errorf("callback %v", q)
	}
	if s := f.p.Stats(); s.Denials != 1 || s.Consents != 0 {
		t.Errorf("stats %+v", s)
	}
}

// A provider that is asked for form_post sends the callback as a form, to the redirect URI
// as it stands, and its code is good.
func TestCallbackAsAForm(t *testing.T) {
	t.Parallel()
	i := notionLike("n")
	i.Auth.AuthorizationParams = map[string]string{"response_mode": "form_post", "owner": "user"}
	f := newFlow(t, i, nil)
	asked := func(q url.Values) { q.Set("response_mode", "form_post") }
	_, err := sandbox.Allow(t.Context(), f.rt, f.authURL(func(q url.Values) { q.Set("response_mode", "fragment") }), "allow")
	if err == nil || !strings.Contains(err.Error(), "response_mode must be query or form_post") {
		t.Errorf("fragment: got %v", err)
	}
	for decision, want := range map[string]string{"allow": "code", "deny": "error"} {
		u, err := sandbox.Allow(t.Context(), f.rt, f.authURL(asked), decision)
		if err != nil {
			t.Fatal(err)
		}
		if q := u.Query(); !q.Has(want) || q.Get("state") != "st4te" || !strings.HasPrefix(u.String(), redirectURI+"?") {
			t.Errorf("%s: callback %s", decision, u.Redacted())
		}
	}
}

func TestCallbackCarriesDeclaredFields(t *testing.T) {
	t.Parallel()
	i := notionLike("n")
	i.Connection = map[string]schema.ConnectionField{
		"realm":  {From: schema.FromCallback, Path: "realmId", Field: schema.Field{Example: "4620816365"}},
		"region": {From: schema.FromCallback, Field: schema.Field{Enum: []string{"eu", "us"}}},
		"site":   {From: schema.FromTokenResponse, Field: schema.Field{Format: "uri"}},
	}
	f := newFlow(t, i, nil)
	keepsQuery := func(q url.Values) { q.Set("redirect_uri", redirectURI+"?tenant=7") }
	u, err := sandbox.Allow(t.Context(), f.rt, f.authURL(keepsQuery), "allow")
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("realmId") != "4620816365" || q.Get("region") != "eu" || q.Get("tenant") != "7" || q.Has("site") {
		t.Errorf("callback %v", q)
	}
	if tok := f.connect(); !strings.HasPrefix(tok.text("site"), "https://") {
		t.Errorf("token answer %v", tok)
	}
}

// The page's shape is a promise: scripts and the CLI's tests read it.
func TestConsentPage(t *testing.T) {
	t.Parallel()
	f := newFlow(t, slackLike(), nil)
	srv := httptest.NewServer(sandbox.NewMux(f.p))
	defer srv.Close()
	base, _ := url.Parse(srv.URL)
	at, _ := url.Parse(f.authURL(func(q url.Values) { q.Set("state", `"><script>alert(1)</script>`) }))
	at = sandbox.BrowserURL(base, "slack", at)
	resp, err := http.Get(at.String())
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	page := string(b)
	if resp.StatusCode != 200 || strings.Count(page, "<form") != 1 {
		t.Fatalf("%s\n%s", resp.Status, page)
	}
	for _, want := range []string{
		`<form method="post" action="`, `<input type="hidden" name="`, `name="decision" value="allow"`, `name="decision" value="deny"`,
		"sandbox, not slack", "chat:write", "users:read", "slack-id", "prefers-color-scheme",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "slack-secret") {
		t.Error("the page holds what it must not")
	}
	if strings.Index(page, "sandbox, not") > strings.Index(page, "<h1>") {
		t.Error("the page must say first that it is the sandbox")
	}

	input := regexp.MustCompile(`name="([^"]+)" value="([^"]+)"`).FindStringSubmatch(page)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	action, err := at.Parse(regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(page)[1])
	if err != nil {
		t.Fatal(err)
	}
	resp, err = client.PostForm(action.String(), url.Values{input[1]: {input[2]}, "decision": {"allow"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 303 || !strings.HasPrefix(resp.Header.Get("Location"), redirectURI+"?code=") {
		t.Errorf("%s to %s", resp.Status, resp.Header.Get("Location"))
	}
	for _, form := range []url.Values{{input[1]: {input[2]}}, {"decision": {"allow"}}, {input[1]: {input[2] + "x"}, "decision": {"allow"}}} {
		if resp, err = client.PostForm(action.String(), form); err != nil || resp.StatusCode != 400 {
			t.Errorf("form %v: %v %v", form, resp.Status, err)
		}
		_ = resp.Body.Close()
	}
}

func TestConsentFormExpires(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFlow(t, notionLike("n"), &sandbox.Options{Now: func() time.Time { c.advance(6 * time.Minute); return c.at }})
	if _, err := sandbox.Allow(t.Context(), f.rt, f.authURL(nil), "allow"); err == nil || !strings.Contains(err.Error(), "start again") {
		t.Errorf("got %v", err)
	}
}
