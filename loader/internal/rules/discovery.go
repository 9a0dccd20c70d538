package rules

import (
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// discovered are the keys of auth, beside those that end in _url, that hold a URL to
// start discovery from.
var discovered = []string{"resource", "authorization_server"}

// discovery: what the operator's own client is sent to must not be found by way of a
// server that the user chooses.
func (r *checker) discovery() {
	if r.mode != schema.MCPOAuth2 {
		return
	}
	id, secret := r.Root.Field("oauth_client_id"), r.Root.Field("oauth_client_secret")
	switch {
	case id == nil && secret != nil:
		r.report(secret.At, "missing-key", `"oauth_client_secret" without "oauth_client_id"`, "")
	case secret != nil && r.Root.Get("auth", "authorization_server") == nil && r.chosenResource():
		r.report(secret.At, "missing-key", `"oauth_client_secret" without "auth.authorization_server"`,
			"whoever fills the URL of the resource would choose where the secret is sent; name the server that it belongs to")
	}
}

// chosenResource reports whether a placeholder stands in the host of the resource.
func (r *checker) chosenResource() bool {
	n := r.Root.Get("auth", "resource")
	if n == nil {
		n = r.Root.Get("requests", "base_url")
	}
	if n == nil || n.Kind != tree.String || n.Bad {
		return false
	}
	t, err := schema.ParseTemplate(n.Text)
	return err == nil && schema.HostVaries(t)
}
