package rules

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// carriesSecrets are the endpoints that are sent a code, a token or a secret.
var carriesSecrets = []string{"url", "token_url", "pushed_authorization_url", "refresh_url", "revocation_url", "request_url", "device_authorization_url", "introspection_url", "authorization_server"}

// url checks what can be known of a URL before its placeholders are filled.
func (r *checker) url(n *tree.Node, t schema.Template, key string) {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Refs == nil {
			b.WriteString(p.Literal)
		} else if b.Len() == 0 {
			return // a whole origin, known at call time only
		} else {
			b.WriteString("x")
		}
	}
	u, err := url.Parse(b.String())
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http":
		if err != nil {
			r.report(n.Origin, "bad-url", fmt.Sprintf("%q is not a URL", key), "")
		}
		return // the schema asks for the scheme
	case u.Hostname() == "":
		r.report(n.Origin, "bad-url", fmt.Sprintf("%q has no host", key), "")
	case u.User != nil:
		r.report(n.Origin, "bad-url", fmt.Sprintf("%q holds a user name or password", key), "put credentials into the headers or the credentials of the integration")
	case key == "base_url" && (u.RawQuery != "" || u.Fragment != "" || u.ForceQuery):
		r.report(n.Origin, "bad-url", `"base_url" has a query or a fragment`, "put parameters for every call under requests.params")
	}
	if u.Scheme == "http" && (slices.Contains(carriesSecrets, key) || key == "resource") && !schema.IsLoopback(u.Hostname()) {
		r.report(n.Origin, "insecure-url", fmt.Sprintf("%q must be https: secrets are sent there", key), "http is fine on loopback only")
	}
}
