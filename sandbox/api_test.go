package sandbox_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("n"), &sandbox.Options{NoRateLimit: true})
	token := f.connect().text("access_token")
	for _, row := range []struct {
		method, path string
		status       int
		name         any
	}{
		{"GET", "/v1/users/bot", 200, "Bot"}, // the literal path is nearer than {user_id}
		{"GET", "/v1/users/42", 200, "Ada"},
		{"POST", "/v1/pages", 200, nil},
		{"GET", "/v1/users/me", 200, "Ada"},
		{"GET", "/v1/nothing", 404, nil},
		{"DELETE", "/v1/users/42", 404, nil},
		{"GET", "/v1/users/42/blocks", 404, nil},
	} {
		resp, body := f.get(row.path, token, func(r *http.Request) { r.Method = row.method })
		if resp.StatusCode != row.status || body["name"] != row.name {
			t.Errorf("%s %s: %s %v", row.method, row.path, resp.Status, body)
		}
		if row.status == 404 && (resp.Header.Get(sandbox.NoSampleHeader) != row.method+" "+row.path || body["code"] != "not_found" || body["object"] != "error" || !strings.Contains(body.text("message"), "GET /v1/users/{user_id}")) {
			t.Errorf("%s %s: %v", row.method, row.path, body)
		}
	}
	resp, _ := f.get("/v1/users", token, func(r *http.Request) { r.Method = "HEAD" })
	if resp.StatusCode != 200 || resp.ContentLength <= 0 || resp.Body != http.NoBody {
		t.Errorf("HEAD: %s, %d bytes", resp.Status, resp.ContentLength)
	}
}

// What no sample shows is not the provider's to refuse: the answer says so, in none of the
// provider's words, and has its shape only where that means "not found".
func TestNoSampleIsNobodysRefusal(t *testing.T) {
	t.Parallel()
	documented := func(in *schema.Integration) *schema.Integration {
		in.Samples = append(in.Samples, schema.Sample{Kind: schema.SampleError, Response: schema.SampleResponse{Status: 404, Body: map[string]any{
			"object": "error", "code": "object_not_found", "message": "It is not there, or you may not see it."}}})
		return in
	}
	denying := func(in *schema.Integration) *schema.Integration {
		in.Requests.Errors.Rules = append(in.Requests.Errors.Rules, schema.ErrorRule{When: schema.Condition{Body: map[string]any{"ok": false}}, Kind: "denied"})
		return in
	}
	for name, row := range map[string]struct {
		in   *schema.Integration
		want map[string]any
	}{
		"the provider's 404":         {documented(notionLike("n")), map[string]any{"object": "error", "code": "object_not_found"}},
		"its shape means permission": {denying(slackLike()), map[string]any{"error": "no_sample"}},
		"its shape means a token":    {slackLike(), map[string]any{"ok": false, "error": "not_found"}},
	} {
		f := newFlow(t, row.in, &sandbox.Options{NoRateLimit: true})
		resp, body := f.get("/things/7", f.connect().text("access_token"), nil)
		if resp.StatusCode != 404 || resp.Header.Get(sandbox.NoSampleHeader) != "GET /things/7" {
			t.Errorf("%s: %s, %v", name, resp.Status, resp.Header)
		}
		words := body.text("message") + body.text("error_description")
		if !strings.HasPrefix(words, "sandbox: the blueprint has no sample for GET /things/7; it has ") || strings.Contains(words, "may not") {
			t.Errorf("%s: %q", name, words)
		}
		for member, want := range row.want {
			if body[member] != want {
				t.Errorf("%s: %s is %v, want %v", name, member, body[member], want)
			}
		}
	}
}

func TestCallRefusals(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("n"), nil)
	token := f.connect().text("access_token")
	for _, row := range []struct {
		name   string
		change func(*http.Request)
		status int
		code   string
		want   string
	}{
		{"no token", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "unauthorized", "header Authorization is missing"},
		{"another scheme", func(r *http.Request) { r.Header.Set("Authorization", "Token "+token) }, 401, "unauthorized", `does not read like "Bearer ${access_token}"`},
		{"scheme alone", func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, 401, "unauthorized", "no value for ${access_token}"},
		{"foreign token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer secret_x") }, 401, "unauthorized", "not issued by a sandbox"},
		{"token forged", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token[:len(token)-4]+"AAAA") }, 401, "unauthorized", "not issued by a sandbox"},
		{"token twice", func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+token) }, 401, "unauthorized", "more than once"},
		{"no version", func(r *http.Request) { r.Header.Del("Notion-Version") }, 400, "missing_notion_version", "header Notion-Version is missing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			resp, body := f.get("/v1/users", token, row.change)
			if resp.StatusCode != row.status || body.text("code") != row.code || body["object"] != "error" || !strings.Contains(body.text("message"), row.want) {
				t.Errorf("got %s %v, want %d %s about %q", resp.Status, body, row.status, row.code, row.want)
			}
			if strings.Contains(body.text("message"), token) {
				t.Error("the reason holds the token")
			}
		})
	}
}

func TestARefreshTokenIsNoAccessToken(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("n"), nil)
	tok := f.connect()
	if resp, body := f.get("/v1/users", tok.text("refresh_token"), nil); resp.StatusCode != 401 || !strings.Contains(body.text("message"), "another kind") {
		t.Errorf("%s %v", resp.Status, body)
	}
}

func TestKeysAndPasswords(t *testing.T) {
	t.Parallel()
	key := newFlow(t, keyLike(), nil)
	resp, body := key.get("/places?key=abc-123&q=x", "", func(r *http.Request) {
		r.Header.Set("Cookie", "session=1")
		r.Header.Set("X-Mine", "yes")
	})
	query, _ := body["query"].(map[string]any)
	headers, _ := body["headers"].(map[string]any)
	if resp.StatusCode != 200 || body["path"] != "/places" || query["q"] != "x" || headers["X-Mine"] != "yes" {
		t.Errorf("echo: %s %v", resp.Status, body)
	}
	if query["key"] != nil || headers["Cookie"] != nil {
		t.Errorf("the echo shows a credential: %v", body)
	}
	for path, want := range map[string]string{"/places": "query parameter key is missing", "/places?key=ABC": "declared pattern"} {
		if resp, body := key.get(path, "", nil); resp.StatusCode != 401 || !strings.Contains(body.text("error_description"), want) {
			t.Errorf("%s: %s %v", path, resp.Status, body)
		}
	}

	desk := newFlow(t, basicLike(), nil)
	call := func(host, user, password string) *http.Response {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://"+host+"/api/v2/tickets", nil)
		r.SetBasicAuth(user, password)
		resp, _ := desk.do(r)
		return resp
	}
	if resp := call("any-tenant.desk.example.com", "ada", ""); resp.StatusCode != 200 {
		t.Errorf("an empty password is a password: %s", resp.Status)
	}
	if resp := call("acme.desk.example.com", "", ""); resp.StatusCode != 401 {
		t.Errorf("nobody: %s", resp.Status)
	}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://evil.com.desk.example.com.evil.com/api/v2/tickets", nil)
	if _, err := desk.rt.RoundTrip(r); err == nil || !strings.Contains(err.Error(), "no provider of the config lives at evil.com.desk.example.com.evil.com") {
		t.Errorf("another host: %v", err)
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	open := &schema.Integration{Name: "open", Auth: schema.Auth{AuthMode: schema.NoAuth}, Requests: schema.Requests{BaseURL: "https://open.example.com/"}}
	if resp, body := newFlow(t, open, nil).get("x/y", "", nil); resp.StatusCode != 200 || body["path"] != "/x/y" {
		t.Errorf("NONE: %s %v", resp.Status, body)
	}
	_, err := sandbox.New(&schema.Integration{Name: "old", Auth: schema.Auth{AuthMode: "SMOKE"}}, nil)
	var unsupported *sandbox.UnsupportedError
	if !errors.As(err, &unsupported) || !errors.Is(err, errors.ErrUnsupported) || unsupported.Integration != "old" {
		t.Errorf("unknown mode: %v", err)
	}
	if _, err := sandbox.New(nil, nil); err == nil {
		t.Error("no integration: no error")
	}
	bad := keyLike()
	bad.Requests.Params["key"] = "${oops"
	if _, err := sandbox.New(bad, nil); err == nil || !strings.Contains(err.Error(), `integration "maps"`) {
		t.Errorf("bad template: %v", err)
	}
}

// A declared verify call works although the blueprint shows no answer to it.
func TestVerifyWithoutSample(t *testing.T) {
	t.Parallel()
	i := notionLike("n")
	i.Samples = i.Samples[:4] // without /v1/users/{user_id}
	f := newFlow(t, i, nil)
	if resp, body := f.get("/v1/users/me", f.connect().text("access_token"), nil); resp.StatusCode != 200 || body["path"] != "/v1/users/me" {
		t.Errorf("%s %v", resp.Status, body)
	}
}
