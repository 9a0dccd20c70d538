package engine_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// wordsOf returns the provider's own words in an error, and sees that its text has none
// of them.
func wordsOf(t *testing.T, err error) string {
	t.Helper()
	var e *engine.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	if e.Message != "" && strings.Contains(e.Error(), e.Message) {
		t.Errorf("the text %q holds the provider's words", e.Error())
	}
	if strings.ContainsAny(e.Message, "\r\n\t\x1b") {
		t.Errorf("not one line: %q", e.Message)
	}
	return e.Message
}

// connected is an engine with alice's connection.
func connected(t *testing.T, p *provider, change func(*schema.Integration)) *engine.Engine {
	t.Helper()
	e := newEngine(t, p, nil, change)
	connect(t, e)
	return e
}

// Whoever refuses a token request says why, to a person; where it says so differs.
func TestWordsOfTheTokenEndpoint(t *testing.T) {
	const why = "The code has expired."
	for name, tt := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"RFC 6749 5.2":        {400, `{"error":"invalid_grant","error_description":"The code has expired."}`, why},
		"in a 200":            {200, `{"error":"bad_code","error_description":"The code has expired."}`, why},
		"message":             {403, `{"code":7,"message":"The code has expired."}`, why},
		"an object":           {400, `{"error":{"code":"invalid_grant","message":"The code has expired."}}`, why},
		"a list":              {400, `{"errors":[{"message":"The code has expired."}]}`, why},
		"on lines":            {400, `{"error":"x","error_description":" The\r\n code\thas \u001b[31mexpired."}`, "The code has [31mexpired."},
		"an echo of the code": {400, `{"error":"x","error_description":"the code C0de-7f3A9b2c1d is expired"}`, "the code " + schema.Redacted + " is expired"},
		"an echo in small letters": {400, `{"error":"x","error_description":"no secret like correct-horse here, refresh with grant_type authorization_code"}`,
			"no secret like " + schema.Redacted + " here, refresh with grant_type authorization_code"},
		"no end":  {400, `{"error":"x","error_description":"` + strings.Repeat("wherefore ", 100) + `"}`, strings.TrimSpace(strings.Repeat("wherefore ", 30)) + "…"},
		"nothing": {400, `{"error":"invalid_grant"}`, ""},
		"HTML":    {502, `<html>no</html>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &provider{token: func(*tokenCall) (int, string) { return tt.status, tt.body }}
			_, err := exchange(t, newEngine(t, p, nil, func(in *schema.Integration) {
				in.OAuthClientSecret, in.Auth.AuthorizationMethod = schema.NewSecret("correct-horse"), "body"
			}), url.Values{"code": {"C0de-7f3A9b2c1d"}})
			if got := wordsOf(t, err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// The siblings of a refused code: a callback, a refresh, client credentials, a device, a
// revocation, a registration.
func TestWordsOfOtherRefusals(t *testing.T) {
	const said, want = `{"error":"invalid_request","error_description":"Ask the harbour master."}`, "Ask the harbour master."
	refuse := func(*tokenCall) (int, string) { return 400, said }
	for name, ask := range map[string]func(t *testing.T) error{
		"a callback": func(t *testing.T) error {
			_, err := exchange(t, newEngine(t, &provider{}, nil, nil), url.Values{"error": {"invalid_scope"}, "error_description": {want}})
			return err
		},
		"a refresh": func(t *testing.T) error {
			n := 0
			e := connected(t, &provider{token: func(c *tokenCall) (int, string) {
				if n++; n == 1 {
					return 200, `{"access_token":"a1","refresh_token":"r1","expires_in":3600}`
				}
				return refuse(c)
			}}, nil)
			_, err := e.Refresh(t.Context(), alice)
			return err
		},
		"client credentials": func(t *testing.T) error {
			e := newEngine(t, &provider{token: refuse}, nil, func(in *schema.Integration) { in.Auth.AuthMode = schema.OAuth2CC })
			_, err := e.Connect(t.Context(), alice, engine.Credentials{}, nil)
			return err
		},
		"a device": func(t *testing.T) error {
			e := newEngine(t, &provider{api: func(*http.Request) (int, string) { return 400, said }}, nil, func(in *schema.Integration) {
				in.Auth.DeviceAuthorizationURL = "https://fjord.test/device"
			})
			_, err := e.DeviceAuth(t.Context(), alice, nil)
			return err
		},
		"a revocation": func(t *testing.T) error {
			e := connected(t, &provider{
				token: answers(`{"access_token":"a1","refresh_token":"r1","expires_in":3600}`),
				api:   func(*http.Request) (int, string) { return 400, said },
			}, func(in *schema.Integration) { in.Auth.RevocationURL = "https://fjord.test/revoke" })
			return e.Revoke(t.Context(), alice)
		},
		"a registration": func(t *testing.T) error {
			h := newHarbour()
			h.pages["POST "+registerURL] = page(400, doc{"error": "invalid_redirect_uri", "error_description": want})
			_, err := h.engine(t, nil, nil).AuthCodeURL(t.Context(), alice, callbackURL, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := wordsOf(t, ask(t)); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// A callback's words do not repeat what the flow keeps secret.
func TestWordsOfACallbackAreMasked(t *testing.T) {
	e := newEngine(t, &provider{}, nil, nil)
	p, q := begin(t, e)
	state := q.Get("state")
	_, err := e.Exchange(t.Context(), p, url.Values{"state": {state}, "error": {"invalid_scope"}, "error_description": {"no " + state + " here"}})
	if got := wordsOf(t, err); got != "no "+schema.Redacted+" here" {
		t.Errorf("got %q", got)
	}
}

// Without a declared place an API's words are found where they usually stand; one word
// is a code and no sentence.
func TestWordsOfAnAPI(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"No such berth."}`:                             "No such berth.",
		`{"error":{"message":"No such berth."}}`:                   "No such berth.",
		`{"errors":[{"detail":"No such berth."}]}`:                 "No such berth.",
		`{"errors":["No such berth."]}`:                            "No such berth.",
		`{"error":"No such berth."}`:                               "No such berth.",
		`{"error":"not_found"}`:                                    "",
		`{"error":"x","error_description":"No\nsuch berth."}`:      "No such berth.",
		`{"message":"key Ak7f3A9b2c1d is unknown"}`:                "key " + schema.Redacted + " is unknown",
		`{"message":"` + strings.Repeat("wherefore ", 100) + `"}`:  strings.TrimSpace(strings.Repeat("wherefore ", 30)) + "…",
		`<html>No such berth.</html>`:                              "",
		`{"data":[{"message":"of somebody's"}],"n":"No message."}`: "",
	} {
		api := &script{replies: []reply{{status: 404, body: body}}}
		resp, err := client(t, keyedEngine(t, api, nil, nil)).Get("/x?key=Ak7f3A9b2c1d")
		if err != nil {
			t.Fatal(err)
		}
		if got := wordsOf(t, engine.CheckResponse(resp)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}
