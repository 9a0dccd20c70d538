package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// Tests that carry the numbers of the checklist in docs/conformance.md and belong
// to no other story.

// PKCE never stands in for the state: nobody can know whether a server enforces it.
func TestS2_StateWhateverPKCEDoes(t *testing.T) {
	for _, method := range []schema.PKCE{schema.PKCES256, schema.PKCEPlain, schema.PKCEOff} {
		p := &provider{token: answers(`{"access_token":"a"}`)}
		e := newEngine(t, p, nil, func(in *schema.Integration) { in.Auth.PKCE = method })
		pending, q := begin(t, e)
		if len(q.Get("state")) < 22 { // 128 bits in base64
			t.Errorf("PKCE %s: the state is %d letters long", method, len(q.Get("state")))
		}
		if _, err := e.Exchange(t.Context(), pending, url.Values{"code": {"c"}}); !errors.Is(err, engine.ErrState) || len(p.calls) > 0 {
			t.Errorf("PKCE %s, no state: got %v after %d token calls", method, err, len(p.calls))
		}
	}
}

// The issuer is compared by exact string after decoding, in answers of both kinds.
func TestS4_S5_OwnIssuerIsTaken(t *testing.T) {
	own := func(in *schema.Integration) { in.Auth.Issuer = "https://fjord.test/tenant" }
	for iss, want := range map[string]engine.Kind{
		"https://fjord.test/tenant": "", "https://fjord.test/tenant/": engine.KindState, "https://FJORD.test/tenant": engine.KindState, "https://fjord.test:443/tenant": engine.KindState,
	} {
		p := &provider{token: answers(`{"access_token":"a"}`)}
		if _, err := exchange(t, newEngine(t, p, nil, own), url.Values{"code": {"c"}, "iss": {iss}}); engine.ErrorKind(err) != want {
			t.Errorf("code with iss %s: got %v, want kind %q", iss, err, want)
		}
		if want == "" {
			want = engine.KindDenied
		}
		if _, err := exchange(t, newEngine(t, p, nil, own), url.Values{"error": {"access_denied"}, "iss": {iss}}); engine.ErrorKind(err) != want {
			t.Errorf("error with iss %s: got %v, want kind %q", iss, err, want)
		}
	}
}

// An access token is in a URL only where the blueprint puts it there, and then
// nothing that we say shows it.
func TestS7_AccessTokenInTheQuery(t *testing.T) {
	const leak = "t0k-LEAK"
	for name, declared := range map[string]bool{"in a header": false, "in the query": true} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			query := ""
			p := &provider{token: answers(`{"access_token":"` + leak + `"}`), api: func(r *http.Request) (int, string) {
				query = r.URL.RawQuery
				return 500, "{}"
			}}
			observe := func(_ context.Context, ev engine.Event) { fmt.Fprintf(&said, "%+v\n", ev) }
			e := newEngine(t, p, &engine.Options{Observe: observe}, func(in *schema.Integration) {
				if none := 0; declared {
					in.Requests.Headers, in.Requests.Params = nil, map[string]string{"token": "${access_token}"}
					in.Requests.Retries = &schema.Retries{MaxRetries: &none}
				}
			})
			connect(t, e)
			resp, err := client(t, e).Get("/x")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if strings.Contains(query, leak) != declared {
				t.Errorf("the query is %q", query)
			}
			fmt.Fprintln(&said, engine.CheckResponse(resp), resp.Request.URL)
			if strings.Contains(said.String(), leak) {
				t.Errorf("the token is in\n%s", &said)
			}
		})
	}
}

// A server that asks for no challenge and checks none is as good as any; one that
// is known to refuse it is not sent one.
func TestS13_ChallengeNeedNotBeEnforced(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a"}`)} // looks at no verifier
	if c := connect(t, newEngine(t, p, nil, nil)); c.Credentials.Token.AccessToken.Reveal() != "a" {
		t.Error("no token")
	}
	connect(t, newEngine(t, p, nil, func(in *schema.Integration) { in.Auth.PKCE = schema.PKCEOff }))
	if p.calls[0].params.Get("code_verifier") == "" || p.calls[1].params.Has("code_verifier") {
		t.Error("the verifier is not sent exactly where PKCE is on")
	}
}

// token_type is compared without case; what is not known is not sent as Bearer.
func TestS18_TokenTypes(t *testing.T) {
	for tokenType, want := range map[string]engine.Kind{
		"": "", "bearer": "", "Bearer": "", "BEARER": "", "bot": "", "BOT": "",
		"dpop": engine.KindInvalidResponse, "N_A": engine.KindInvalidResponse, "mac": engine.KindInvalidResponse, "bearer ": engine.KindInvalidResponse,
	} {
		p := &provider{token: answers(fmt.Sprintf(`{"access_token":"a","token_type":%q}`, tokenType))}
		e := newEngine(t, p, nil, func(in *schema.Integration) {
			in.Auth.TokenResponse = &schema.TokenResponse{TokenTypes: []string{"bot"}}
		})
		if _, err := exchange(t, e, url.Values{"code": {"c"}}); engine.ErrorKind(err) != want {
			t.Errorf("token_type %q: got %v, want kind %q", tokenType, err, want)
		}
	}
}

// Unknown members are ignored, and both forms are read whatever the label.
func TestS17_UnknownMembers(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a","x":{"access_token":"b","error":"no"},"y":[1,null],"errors":[],"z":"<script>"}`)}
	if c := connect(t, newEngine(t, p, nil, nil)); c.Credentials.Token.AccessToken.Reveal() != "a" {
		t.Error("another token")
	}
}

// A host that comes from a connection's data is on the public network at the
// token endpoint, too, and nothing is sent otherwise.
func TestS35_TokenEndpointOnThePublicNetwork(t *testing.T) {
	for _, host := range []string{"127.0.0.1:1", "localhost:1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "evil.localhost"} {
		for _, allowed := range []bool{false, true} {
			p := &provider{token: answers(`{"access_token":"a"}`)}
			e := newEngine(t, p, nil, func(in *schema.Integration) {
				clientCredentials(in)
				in.Auth.TokenURL = "https://${connection.host}/token"
				in.Connection = map[string]schema.ConnectionField{"host": {From: schema.FromUser, Field: schema.Field{Format: "hostname"}}}
				in.Requests.AllowPrivateHosts = allowed
			})
			_, err := e.Connect(t.Context(), alice, engine.Credentials{}, &engine.ConnectOptions{Fields: map[string]string{"host": host}})
			if allowed && err != nil || !allowed && (!errors.Is(err, engine.ErrUnsupported) || len(p.hosts) > 0) {
				t.Errorf("%s, allowed %t: got %v, asked %v", host, allowed, err, p.hosts)
			}
		}
	}
}
