package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// chosenHost warns of a token endpoint that the user chooses: the operator's
// secret is sent there. An enum or a pattern makes it the operator's choice again,
// and so does a domain of the provider's after the placeholder.
func (r *checker) chosenHost(n *tree.Node, t schema.Template, key string) {
	if r.mode == schema.MCPOAuth2 || !slices.Contains(carriesSecrets, key) || !r.sendsSecret() { // MCPOAuth2: see discovery
		return
	}
	for _, name := range schema.HostOwners(t) {
		r.chosenBy(n, name, key)
	}
}

// sendsSecret reports whether token requests carry the operator's secret. A
// blueprint is checked as if somebody had one.
func (r *checker) sendsSecret() bool {
	method := r.Root.Str("auth", "authorization_method")
	if method != "" && method != schema.ClientAuthHeader && method != schema.ClientAuthBody {
		return false
	}
	if r.Blueprint {
		return r.mode.Consents()
	}
	return r.mode.Mode().Client && r.Root.Field("oauth_client_secret") != nil
}

func (r *checker) chosenBy(n *tree.Node, name, key string) {
	section, field, dotted := strings.Cut(name, ".")
	f := r.Root.Get(section, field)
	if !dotted || f == nil || f.Kind != tree.Map || section == "connection" && slices.Contains([]string{schema.FromTokenResponse, schema.FromRequest}, f.Str("from")) ||
		f.Get("enum") != nil || f.Get("pattern") != nil {
		return
	}
	r.warn(n.Origin, "chosen-host", fmt.Sprintf("%q: whoever fills ${%s} chooses the host that the client secret is sent to", key, name),
		fmt.Sprintf("give %q an enum or a pattern", field))
}
