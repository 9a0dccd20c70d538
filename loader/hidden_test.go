package loader_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// A key that stands in auth.jwt itself is not shown; where one is, is.
func TestValuesHideASigningKey(t *testing.T) {
	for key, want := range map[string]string{
		"seeded":                                 schema.Redacted,
		"seeded${oauth_private_key}":             schema.Redacted,
		"${oauth_private_key || 'seeded'}":       schema.Redacted,
		"${hex(hmac_sha256('seeded', 'month'))}": schema.Redacted,
		"${oauth_private_key}":                   `"${oauth_private_key}"`,
	} {
		cfg, diags := loader.LoadBytes(t.Context(), "integrations.yaml", []byte(`integrations:
    acme:
        auth: {auth_mode: JWT, jwt: {algorithm: HS256, key: "`+key+`"}}
        requests: {base_url: https://api.acme.example}
`), nil)
		if err := diags.Err(); err != nil {
			t.Fatal(err)
		}
		for _, v := range cfg.Integrations["acme"].Values {
			if v.Path == "auth.jwt.key" && v.Text != want {
				t.Errorf("%s is shown as %s, want %s", key, v.Text, want)
			}
		}
	}
}

// An address is public, and what comes from outside in it need not be: some APIs have
// their key in the path. The host that a variable names whole is no secret.
func TestS51_ValuesHideWhatAddressesHold(t *testing.T) {
	env := map[string]string{"KEY": "seeded-key", "BASE": "https://staging.acme.example/seeded-path", "HOST": "api.acme.example", "BARE": "https://api.acme.example", "PORT": "8443", "USERINFO": "https://seeded:seeded@acme.example"}
	load := func(block string) map[string]schema.Value {
		t.Helper()
		cfg, diags := loader.LoadBytes(t.Context(), "integrations.yaml", []byte("integrations:\n    acme:\n"+block), &loader.Options{LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
		if err := diags.Err(); err != nil {
			t.Fatal(err, diags)
		}
		values := map[string]schema.Value{}
		for _, v := range cfg.Integrations["acme"].Values {
			values[v.Path] = v
		}
		return values
	}
	for _, c := range []struct{ key, text, want string }{
		{"base_url", "https://api.acme.example/bot${KEY}", `"https://api.acme.example/bot[REDACTED]"`},
		{"base_url", "https://${KEY}.acme.example/v1", `"https://[REDACTED].acme.example/v1"`},
		{"base_url", "${BASE}", `"https://staging.acme.example/[REDACTED]"`},
		{"base_url", "${BARE}", "https://api.acme.example"},
		{"base_url", "${BARE}/v1/${KEY}/x", `"https://api.acme.example/v1/[REDACTED]/x"`},
		{"base_url", "https://${HOST}/v1", "https://api.acme.example/v1"},
		{"base_url", "https://${connection.shop}.acme.example/${KEY}", `"https://${connection.shop}.acme.example/[REDACTED]"`},
		{"base_url", "https://localhost:${PORT}/v1", "https://localhost:8443/v1"},
		{"base_url", "https://${HOST}:${PORT}", "https://api.acme.example:8443"},
		{"base_url", "https://acme.example/bot:${PORT}/x", `"https://acme.example/bot:[REDACTED]/x"`},
		{"verify", "{path: '/me/${KEY}'}", `"/me/[REDACTED]"`},
		{"retries", "{safe: ['POST /find/${KEY}']}", `["POST /find/[REDACTED]"]`},
	} {
		base := "https://api.acme.example"
		more := "            " + c.key + ": " + c.text + "\n"
		path := map[string]string{"verify": "requests.verify.path", "retries": "requests.retries.safe"}[c.key]
		if c.key == "base_url" {
			base, more, path = c.text, "", "requests.base_url"
		}
		v := load("        auth: {auth_mode: NONE}\n        connection: {shop: {from: user}}\n        requests:\n            base_url: " + base + "\n" + more)[path]
		if v.Text != c.want || v.Hidden {
			t.Errorf("%s is shown as %s, want %s", c.text, v.Text, c.want)
		}
		if fmt.Sprintf("%+v", v) == "" || strings.Contains(fmt.Sprintf("%+v", v), "seeded") {
			t.Errorf("printed: %+v", v)
		}
	}
	values := load(`        oauth_client_id: acme
        oauth_client_secret: s
        oauth_scopes: ''
        auth: {auth_mode: OAUTH2, authorization_url: 'https://acme.example/${KEY}', token_url: 'https://acme.example/${KEY}/token', revocation_url: 'https://acme.example/${KEY}'}
        connection:
            vault: {from: user, secret: true, default: '${KEY}', example: '${KEY}'}
            literal: {from: user, secret: true, default: seeded-literal, example: an-example}
            open: {from: user, default: plain}
            looked: {from: request, request: {path: '/who/${KEY}'}}
            asked: {from: request, request: {url: 'https://acme.example/${KEY}'}}
        requests: {base_url: https://acme.example, headers: {Authorization: 'Bearer ${access_token}'}}
`)
	for path, v := range values {
		if strings.Contains(v.Text, "seeded") {
			t.Errorf("%s is shown as %s", path, v.Text)
		}
	}
	for path, want := range map[string]string{"connection.open.default": "plain", "connection.literal.example": "an-example", "connection.literal.default": schema.Redacted, "auth.authorization_url": `"https://acme.example/[REDACTED]"`} {
		if values[path].Text != want {
			t.Errorf("%s is shown as %s, want %s", path, values[path].Text, want)
		}
	}
}
