package loader_test

import (
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
