package sandbox_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// The sandbox holds to the order of steps, and to what each takes from the answers
// before it.
func TestSteps(t *testing.T) {
	t.Parallel()
	p := newProvider(t, &schema.Integration{
		Name: "relay",
		Auth: schema.Auth{
			AuthMode: schema.TwoStep, TokenURL: "https://relay.example/challenge", TokenParams: schema.Tree{"user": "${credentials.username}"},
			Steps: []schema.Step{{URL: "https://relay.example/answer", Params: schema.Tree{"challenge": "${steps.0.nonce}", "kind": "totp"}}},
		},
		Credentials: map[string]schema.Field{"username": {}},
		Requests:    schema.Requests{BaseURL: "https://relay.example/api", Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
	}, nil)
	f := &flow{t: t, p: p, rt: sandbox.NewMux(p).Transport()}
	post := func(path string, v url.Values) (*http.Response, tokens) {
		r, err := http.NewRequest("POST", "https://relay.example"+path, strings.NewReader(v.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return f.do(r)
	}
	call := func(token string) string {
		r, _ := http.NewRequest("GET", "https://relay.example/api/x", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		resp, _ := f.do(r)
		return resp.Header.Get(sandbox.RefusalHeader)
	}
	_, first := post("/challenge", url.Values{"user": {"mira"}})
	nonce, early := first.text("nonce"), first.text("access_token")
	if got := call(early); !strings.Contains(got, "of an earlier answer") {
		t.Errorf("a call without the step: %q", got)
	}
	for name, tt := range map[string]struct {
		params url.Values
		want   string
	}{
		"nothing":          {url.Values{"kind": {"totp"}}, `"challenge" is missing from auth.steps.0.params`},
		"another value":    {url.Values{"challenge": {nonce}, "kind": {"sms"}}, `"kind" in auth.steps.0.params has another value`},
		"the token itself": {url.Values{"challenge": {early}, "kind": {"totp"}}, "and not ${steps.0.nonce}"},
		"made up":          {url.Values{"challenge": {"x"}, "kind": {"totp"}}, "was not issued by a sandbox"},
		"one too many":     {url.Values{"challenge": {nonce}, "kind": {"totp"}, "more": {"x"}}, "more is given, and the step does not declare it"},
	} {
		if resp, _ := post("/answer", tt.params); !strings.Contains(resp.Header.Get(sandbox.RefusalHeader), tt.want) {
			t.Errorf("%s: got %q, want %q", name, resp.Header.Get(sandbox.RefusalHeader), tt.want)
		}
	}
	_, second := post("/answer", url.Values{"challenge": {nonce}, "kind": {"totp"}})
	if got := call(second.text("access_token")); got != "" {
		t.Errorf("a call after the step: %q", got)
	}
	if got := call(nonce); got == "" {
		t.Error("the nonce is taken for a token")
	}
}

// A token sample that is XML is answered as XML, with tokens of the sandbox in it.
func TestTokensInXML(t *testing.T) {
	t.Parallel()
	p := newProvider(t, &schema.Integration{
		Name: "relay",
		Auth: schema.Auth{
			AuthMode: schema.TwoStep, TokenURL: "https://relay.example/login", TokenParams: schema.Tree{"user": "${credentials.username}"},
			TokenResponse: &schema.TokenResponse{AccessToken: "session.ticket"},
		},
		Credentials: map[string]schema.Field{"username": {}},
		Requests:    schema.Requests{BaseURL: "https://relay.example/api", Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
		Samples: []schema.Sample{{Kind: schema.SampleToken, Response: schema.SampleResponse{
			Body: `<?xml version="1.0"?><qdbapi><ticket>not this</ticket><session id="1"><ticket>invented</ticket><user>mira</user></session></qdbapi>`,
		}}},
	}, nil)
	rt := sandbox.NewMux(p).Transport()
	r, err := http.NewRequest("POST", "https://relay.example/login", strings.NewReader("user=mira"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := rt.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), `<session id="1"><ticket>`)
	token, after, _ := strings.Cut(rest, "<")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/xml" || !strings.HasSuffix(before, "<ticket>not this</ticket>") || after != "/ticket><user>mira</user></session></qdbapi>" || token == "invented" {
		t.Fatalf("got %d, %v, %s", resp.StatusCode, resp.Header, text)
	}
	call, _ := http.NewRequest("GET", "https://relay.example/api/x", nil)
	call.Header.Set("Authorization", "Bearer "+token)
	resp, err = rt.RoundTrip(call)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get(sandbox.RefusalHeader); got != "" {
		t.Errorf("a call with the token of the answer: %s", got)
	}
}

// Where a login and a call have one path, the method says which is meant, if a sample shows
// the call.
func TestLoginAndCallAtOnePath(t *testing.T) {
	t.Parallel()
	in := &schema.Integration{
		Name: "relay",
		Auth: schema.Auth{
			AuthMode: schema.TwoStep, TokenURL: "https://relay.example/session", TokenParams: schema.Tree{"user": "${credentials.username}"},
			TokenResponse: &schema.TokenResponse{AccessTokenCookie: "ticket"},
		},
		Credentials: map[string]schema.Field{"username": {}},
		Requests:    schema.Requests{BaseURL: "https://relay.example", Headers: map[string]string{"Cookie": "ticket=${access_token}"}},
		Samples:     []schema.Sample{{Request: &schema.SampleRequest{Method: "GET", Path: "/session"}, Response: schema.SampleResponse{Body: map[string]any{"user": "mira"}}}},
	}
	rt := sandbox.NewMux(newProvider(t, in, nil)).Transport()
	send := func(method, body, cookie string) *http.Response {
		t.Helper()
		r, err := http.NewRequest(method, "https://relay.example/session", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if cookie != "" {
			r.Header = http.Header{"Cookie": {cookie}}
		}
		resp, err := rt.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	login := send("POST", "user=mira", "")
	if len(login.Cookies()) != 1 {
		t.Fatalf("the login: %d, %v", login.StatusCode, login.Header)
	}
	if resp := send("GET", "", "ticket="+login.Cookies()[0].Value); resp.StatusCode != 200 {
		t.Errorf("the call: %d, %s", resp.StatusCode, resp.Header.Get(sandbox.RefusalHeader))
	}
	if resp := send("GET", "", "ticket=invented"); resp.StatusCode != 401 {
		t.Errorf("the call with another cookie: %d", resp.StatusCode)
	}
	if resp := send("DELETE", "", "ticket="+login.Cookies()[0].Value); resp.StatusCode != 405 {
		t.Errorf("a method of which there is no sample: %d", resp.StatusCode)
	}
}
