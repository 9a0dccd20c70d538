package sandbox_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// The members of a JSON request are held to the types that are declared: a number in
// quotes is another value to whoever reads it.
func TestMembersAreHeldToTheirType(t *testing.T) {
	t.Parallel()
	p := newProvider(t, &schema.Integration{
		Name: "relay",
		Auth: schema.Auth{
			AuthMode: schema.TwoStep, TokenURL: "https://relay.example/login", BodyFormat: "json",
			TokenParams: schema.Tree{
				"credentials": map[string]any{"name": "${credentials.username}", "site": map[string]any{"url": ""}},
				"since":       "${now()}", "all": true, "roles": []any{"reader", 7},
			},
		},
		Credentials: map[string]schema.Field{"username": {}},
		Requests:    schema.Requests{BaseURL: "https://relay.example/api", Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
	}, nil)
	f := &flow{t: t, p: p, rt: sandbox.NewMux(p).Transport()}
	const good = `{"credentials":{"name":"mira","site":{"url":""}},"since":NOW,"all":true,"roles":["reader",7]}`
	for name, tt := range map[string]struct{ old, new, want string }{
		"as declared":         {"", "", ""},
		"a number in quotes":  {"NOW", `"NOW"`, `"since" in the token request (token_params) is text, and the blueprint declares a number`},
		"true in quotes":      {"true", `"true"`, `"all" in the token request (token_params) is text, and the blueprint declares true or false`},
		"an item in quotes":   {",7", `,"7"`, `"roles.1" in the token request (token_params) is text, and the blueprint declares a number`},
		"a number for text":   {`"reader"`, "1", `"roles.0" in the token request (token_params) is a number, and the blueprint declares text`},
		"another item":        {`"reader"`, `"writer"`, `"roles.0" in the token request (token_params) has another value`},
		"an item too many":    {",7", ",7,8", "roles.2 is given, and token_params does not declare it"},
		"a member too many":   {`"name"`, `"x":1,"name"`, "credentials.x is given, and token_params does not declare it"},
		"a member is missing": {`"name":"mira",`, "", `"credentials.name" is missing`},
		"the object as text":  {`{"name":"mira","site":{"url":""}}`, `"{}"`, "credentials is given, and token_params does not declare it"},
	} {
		body := strings.Replace(good, tt.old, tt.new, 1)
		body = strings.Replace(body, "NOW", strconv.FormatInt(time.Now().Unix(), 10), 1)
		r, err := http.NewRequest("POST", "https://relay.example/login", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		resp, _ := f.do(r)
		if got := resp.Header.Get(sandbox.RefusalHeader); !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
