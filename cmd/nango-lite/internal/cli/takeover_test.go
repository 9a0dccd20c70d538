package cli

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An office is a provider that knows tokens which nobody consented to here.
type office struct{ redeemed []string }

// PublicOnly implements [engine.PublicTransport]: no connection is made at all.
func (o *office) PublicOnly() http.RoundTripper { return o }

func (o *office) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, `{"object":"user"}`
	switch {
	case strings.HasSuffix(r.URL.Path, "/oauth/token"):
		b, _ := io.ReadAll(r.Body)
		o.redeemed = append(o.redeemed, string(b))
		body = `{"access_token":"seeded-second","refresh_token":"seeded-next","token_type":"bearer","bot_id":"b","workspace_id":"w","workspace_name":"Quay"}`
		if strings.Contains(string(b), "seeded-dead") {
			status, body = http.StatusBadRequest, `{"error":"invalid_grant"}`
		}
	case r.Header.Get("Authorization") != "Bearer seeded-first" && r.Header.Get("Authorization") != "Bearer seeded-second":
		status, body = http.StatusUnauthorized, `{"object":"error","code":"unauthorized","message":"This opens nothing: `+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")+`."}`
	}
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// TestTakeOver takes tokens over that another program has got.
func TestTakeOver(t *testing.T) {
	p, provider := newProgram(t), &office{}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p.deps.Transport, p.deps.Now = provider, func() time.Time { return now }
	config := filepath.Join(t.TempDir(), "c.yaml")
	write(t, config, strings.ReplaceAll(notionConfig, "${NOTION_CLIENT_SECRET}", "an-invented-secret"))

	p.in = "seeded-first\nseeded-refresh\n"
	p.ok("-c", config, "connect", "notion", "--set", "access_token=-", "--set", "refresh_token=-", "--set", "expires_in=3600")
	p.stderr(`^connected notion/default to Notion; its verify call succeeded$`)
	p.ok("-c", config, "connections", "show", "notion")
	for _, want := range []string{`^refreshable +yes$`, `^token until +2026-03-01 13:00:00Z$`} {
		if !match(want, p.out.String()) {
			t.Errorf("no %s in\n%s", want, &p.out)
		}
	}
	now = now.Add(2 * time.Hour)
	p.ok("-c", config, "call", "notion", "/v1/users/me")
	if len(provider.redeemed) != 1 || !strings.Contains(provider.redeemed[0], "seeded-refresh") {
		t.Errorf("redeemed %q", provider.redeemed)
	}

	p.ok("-c", config, "connect", "notion", "--connection", "two", "--set", "refresh_token=seeded-other", "--format", "json")
	if !match(`"connection_id": "two"`, p.out.String()) || match("seeded", p.out.String()) {
		t.Errorf("stdout: %s", &p.out)
	}
	if len(provider.redeemed) != 2 || !strings.Contains(provider.redeemed[1], "seeded-other") {
		t.Errorf("redeemed %q", provider.redeemed)
	}

	for set, want := range map[string]string{
		"access_token=seeded-wrong": `^error: \w+ notion/three: reauthorize: `,
		"refresh_token=seeded-dead": `^error: \w+ notion/three: reauthorize: `,
		"access_token=":             `^error: --set access_token= is empty$`,
		"expires_in=3600":           `^error: --set expires_in goes with access_token$`,
		"expires_in=soon":           `^error: --set expires_in= wants the seconds`,
		"token=x":                   `^error: notion takes no "token": it takes access_token, refresh_token, expires_in$`,
	} {
		if code := p.run("-c", config, "connect", "notion", "--connection", "three", "--set", set); code == 0 {
			t.Errorf("%s went well", set)
		}
		p.stderr(want)
		if match("seeded", p.err.String()) {
			t.Errorf("stderr: %s", &p.err)
		}
	}
}

// TestErrorAsJSON is one object, on the last line of stderr.
func TestErrorAsJSON(t *testing.T) {
	p := newProgram(t)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--sandbox", "call", "notion", "/v1/pages/of-somebody-else"},
			`^\{"kind":"not_found","status":404,"code":"","message":"sandbox: the blueprint has no sample for GET /v1/pages/of-somebody-else; it has [^"]*","provider_message":"","request_id":"sandbox-\d+","retry_after_seconds":0,"hint":""\}$`},
		{[]string{"--sandbox", "call", "notion", "/v1/users", "--fault", "429:always"},
			`^\{"kind":"rate_limited","status":429,"code":"rate_limited","message":"call notion/default: rate_limited: [^"]*","provider_message":"You have been rate limited. Please try again in a few minutes.","request_id":"sandbox-\d+","retry_after_seconds":1,"hint":"try again in 1s"\}$`},
		{[]string{"--sandbox", "call", "notion", "/v1/users", "--fault", "revoked"},
			`^\{"kind":"reauthorize",.*"hint":"[^"]*connect again with 'nango-lite connect notion -c \S+ --sandbox'"\}$`},
		{[]string{"call", "notoin", "/v1/users"},
			`^\{"kind":"","status":0,"code":"","message":"no integration \\"notoin\\" in \S+; did you mean notion\?","provider_message":"","request_id":"","retry_after_seconds":0,"hint":""\}$`},
	} {
		if code := p.run(append([]string{"-c", example, "--format", "json"}, test.args...)...); code != 1 {
			t.Errorf("%v: exit code %d", test.args, code)
		}
		lines := strings.Split(strings.TrimSpace(p.err.String()), "\n")
		if last := lines[len(lines)-1]; !match(test.want, last) {
			t.Errorf("%v: %s", test.args, last)
		}
	}
}
