package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func tree(t *testing.T, text string) (v schema.Tree) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func sameJSON(t *testing.T, what, got, want string) {
	t.Helper()
	var g, w any
	if json.Unmarshal([]byte(got), &g) != nil || json.Unmarshal([]byte(want), &w) != nil || !reflect.DeepEqual(g, w) {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

// What JSON has types for keeps its type: what stands in the file, now(), fields that
// are whole numbers, and what an answer has said.
func TestMembersOfJSONKeepTheirType(t *testing.T) {
	deep := func(in *schema.Integration) {
		login(in)
		in.Auth.TokenParams = tree(t, `{"credentials": {"name": "${credentials.username}", "secret": "${credentials.password}", "site": {"contentUrl": "", "gate": "${connection.gate}", "text": "gate ${connection.gate}"}},
			"trusted": true, "since": "${now()}", "day": "${now('iso')}", "roles": ["reader", 2.5, {"of": "${connection.site}"}], "empty": [], "none": {}}`)
		in.Connection = map[string]schema.ConnectionField{"site": {From: schema.FromUser}, "gate": {From: schema.FromUser, Field: schema.Field{Format: "integer"}}}
		in.Auth.Steps = []schema.Step{{
			URL: "https://fjord.test/token", BodyFormat: "json",
			Params: tree(t, `{"id": "${steps.0.session.id}", "n": "${steps.0.session.n}", "all": "${steps.0.session.all}", "word": "n${steps.0.session.n}", "force": false}`),
		}}
	}
	p := &provider{token: answers(`{"session":{"id":"s1","n":7,"all":{"a":[1,true]}}}`, `{"session":{"id":"s2"}}`)}
	e := newEngine(t, p, nil, deep)
	_, err := e.Connect(t.Context(), alice, engine.Credentials{Username: secret("mira"), Password: secret(`"},{"x`)},
		&engine.ConnectOptions{Fields: map[string]string{"site": "north", "gate": "12"}})
	if err != nil {
		t.Fatal(err)
	}
	var sent struct {
		Since int64
		Day   string
	}
	if err := json.Unmarshal([]byte(p.calls[0].body), &sent); err != nil {
		t.Fatalf("%v: %s", err, p.calls[0].body)
	}
	if d := time.Since(time.Unix(sent.Since, 0)); d.Abs() > time.Minute || !strings.HasSuffix(sent.Day, "Z") {
		t.Errorf("times: %+v", sent)
	}
	sameJSON(t, "login", p.calls[0].body, fmt.Sprintf(`{"credentials": {"name": "mira", "secret": "\"},{\"x", "site": {"contentUrl": "", "gate": 12, "text": "gate 12"}},
		"trusted": true, "since": %d, "day": %q, "roles": ["reader", 2.5, {"of": "north"}], "empty": [], "none": {}}`, sent.Since, sent.Day))
	sameJSON(t, "step", p.calls[1].body, `{"id": "s1", "n": 7, "all": {"a": [1, true]}, "word": "n7", "force": false}`)
}

// The requests beside the first keep types as well, and a form holds them as text.
func TestMembersKeepTheirTypeInRefreshAndRevocation(t *testing.T) {
	for format, want := range map[string][2]string{
		"json": {`{"grant_type":"refresh_token","refresh_token":"r1","full":true,"user":17}`, `{"all":true,"token":"a2","user":17}`},
		"form": {"full=true&grant_type=refresh_token&refresh_token=r1&user=17", "all=true&token=a2&user=17"},
	} {
		p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1","user_id":17}`, `{"access_token":"a2"}`, `{}`)}
		e := newEngine(t, p, nil, func(in *schema.Integration) {
			in.Auth.BodyFormat = format
			in.Auth.RefreshParams = schema.Tree{"full": true, "user": "${raw.user_id}"}
			in.Auth.RevocationURL = "https://fjord.test/token"
			in.Auth.RevocationRequest = &schema.Revocation{BodyFormat: format, AuthorizationMethod: "none", With: "access_token",
				Params: schema.Tree{"all": true, "user": "${raw.user_id}", "token": "${revoked_token}"}}
		})
		connect(t, e)
		if _, err := e.Refresh(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		if err := e.Revoke(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		for i, what := range []string{"refresh", "revocation"} {
			got := p.calls[i+1].body
			if format == "form" {
				if got != want[i] {
					t.Errorf("%s: got %s, want %s", what, got, want[i])
				}
				continue
			}
			sameJSON(t, what, got, want[i])
		}
	}
}

// What a form cannot hold is an error before anything is sent, where nobody has
// validated the configuration.
func TestObjectsDoNotGoIntoForms(t *testing.T) {
	p := &provider{}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		login(in)
		in.Auth.BodyFormat, in.Auth.TokenParams = "form", schema.Tree{"credentials": map[string]any{"user": "x"}}
	})
	_, err := e.Connect(t.Context(), alice, engine.Credentials{Username: secret("u"), Password: secret("p")}, &engine.ConnectOptions{Fields: map[string]string{"site": "n"}})
	if !errors.Is(err, engine.ErrClient) && engine.ErrorKind(err) == "" || !strings.Contains(fmt.Sprint(err), "credentials is no text") || len(p.calls) != 0 {
		t.Errorf("got %v after %d requests", err, len(p.calls))
	}
}

// Claims keep their type; those of time are numbers whatever they are made of (RFC 7519
// 4.1.4 to 4.1.6), and one that is none is an error before anything is signed.
func TestClaimsKeepTheirType(t *testing.T) {
	for name, tt := range map[string]struct{ payload, want string }{
		"types":            {`{"flag": true, "n": 3, "list": ["a", 1], "deep": {"er": {"who": "${oauth_client_id}"}}}`, `{"flag": true, "n": 3, "list": ["a", 1], "deep": {"er": {"who": "client-id"}}}`},
		"numbers as texts": {`{"nbf": "1700000000", "exp": "4102444800", "iat": 1700000000.5}`, `{"nbf": 1700000000, "exp": 4102444800, "iat": 1700000000.5}`},
	} {
		t.Run(name, func(t *testing.T) {
			sent := ""
			p := &provider{token: func(r *tokenCall) (int, string) {
				sent = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
				return 200, `{"token":"x","expires_at":"2030-01-01T00:00:00Z"}`
			}}
			e := newEngine(t, p, nil, func(in *schema.Integration) {
				app(in)
				in.Auth.JWT.Payload = tree(t, tt.payload)
				in.Auth.JWT.Header = tree(t, `{"b64": true, "crit": ["b64"]}`)
				in.Credentials = map[string]schema.Field{"kid": {Optional: true}}
			})
			if _, err := e.Connect(t.Context(), alice, engine.Credentials{}, &engine.ConnectOptions{Fields: map[string]string{"installation": "42"}}); err != nil {
				t.Fatal(err)
			}
			header, payload := decoded(t, sent)
			if fmt.Sprint(header["b64"], header["crit"]) != "true [b64]" {
				t.Errorf("header %v", header)
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			for claim, v := range want {
				if !reflect.DeepEqual(payload[claim], v) {
					t.Errorf("%s is %v (%T), want %v", claim, payload[claim], payload[claim], v)
				}
			}
		})
	}
	for _, claim := range []any{"soon", true, []any{1}, -1, "1e300"} {
		p := &provider{}
		e := newEngine(t, p, nil, func(in *schema.Integration) { app(in); in.Auth.JWT.Payload = schema.Tree{"nbf": claim} })
		_, err := e.Connect(t.Context(), alice, engine.Credentials{}, &engine.ConnectOptions{Fields: map[string]string{"installation": "42"}})
		if !errors.Is(err, engine.ErrClient) || !strings.Contains(fmt.Sprint(err), "auth.jwt.payload.nbf is no number of seconds") || len(p.calls) != 0 {
			t.Errorf("nbf %v: got %v after %d requests", claim, err, len(p.calls))
		}
	}
}

// A token that we sign ends when its exp says so.
func TestSignedTokenEndsAtItsDeclaredEnd(t *testing.T) {
	e := newEngine(t, &provider{}, nil, func(in *schema.Integration) {
		signs(in)
		in.Auth.JWT.Payload = schema.Tree{"exp": json.Number("4102444800")}
	})
	c, err := e.Connect(t.Context(), alice, engine.Credentials{}, nil)
	if err != nil || c.Credentials.Token.ExpiresAt.Round(time.Second).Unix() != 4102444800 {
		t.Errorf("it ends at %v, %v", c, err)
	}
}
