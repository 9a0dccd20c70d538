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
	var before strings.Builder
	for i, p := range t.Parts {
		if p.Refs == nil {
			before.WriteString(p.Literal)
			continue
		}
		_, authority, begun := strings.Cut(before.String(), "://")
		if before.Len() > 0 && (!begun || strings.ContainsAny(authority, "/?#")) {
			return
		}
		if strings.Count(authorityAfter(t.Parts[i+1:]), ".") < 2 {
			for _, name := range (schema.Template{Parts: []schema.Part{p}}).Refs() {
				r.chosenBy(n, name, key)
			}
		}
		before.WriteString("x")
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

// authorityAfter returns the rest of a URL's authority.
func authorityAfter(parts []schema.Part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Refs != nil {
			b.WriteString("x")
			continue
		}
		if i := strings.IndexAny(p.Literal, "/?#:"); i >= 0 {
			b.WriteString(p.Literal[:i])
			break
		}
		b.WriteString(p.Literal)
	}
	return b.String()
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
