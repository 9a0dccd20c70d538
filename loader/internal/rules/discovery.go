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
	server := r.Root.Get("auth", "authorization_server")
	switch {
	case secret == nil:
	case id == nil:
		r.report(secret.At, "missing-key", `"oauth_client_secret" without "oauth_client_id"`, "")
	case chosen(server):
		r.report(server.Origin, "chosen-host", `"authorization_server": its host is not the file's to say, and "oauth_client_secret" is sent there`,
			"a secret is of one server: write down which, or leave oauth_client_id and oauth_client_secret out, and the client is registered")
	case server == nil && (chosen(r.Root.Get("auth", "resource")) || chosen(r.Root.Get("requests", "base_url"))):
		r.report(secret.At, "missing-key", `"oauth_client_secret" without "auth.authorization_server"`,
			"whoever fills the URL of the resource would choose where the secret is sent; name the server that it belongs to")
	}
}

// chosen reports whether a placeholder stands in the host of a URL.
func chosen(n *tree.Node) bool {
	if n == nil || n.Kind != tree.String || n.Bad {
		return false
	}
	t, err := schema.ParseTemplate(n.Text)
	return err == nil && schema.HostVaries(t)
}
