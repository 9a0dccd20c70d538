package lint

import (
	"slices"
	"strings"
	"testing"
)

// The order of keys is that of the schema's source, which people read from the top; at
// every depth, through references, lists and alternatives.
func TestOrderIsThatOfTheSchema(t *testing.T) {
	for path, want := range map[string][]string{
		"":                                       {"format", "name", "display_name"},
		"versions.v0":                            {"comment", "status", "successor"},
		"versions.v0.auth":                       {"auth_mode", "resource", "authorization_server"},
		"versions.v0.auth.token_response":        {"access_token", "access_token_header", "access_token_cookie", "refresh_token"},
		"versions.v0.auth.steps.item":            {"url", "method"},
		"versions.v0.credentials.name":           {"title", "description", "format"},
		"versions.v0.connection.name":            {"from", "path", "request", "list", "title"},
		"versions.v0.connection.name.list":       {"items", "value", "title", "when"},
		"versions.v0.requests.pagination":        {"kind", "items"},
		"versions.v0.requests.errors.rules.item": {"when", "kind"},
		"versions.v0.samples.item":               {"kind", "request", "response", "docs_url"},
		"versions.v0.samples.item.response.body": nil,
	} {
		o := fileOrder()
		for step := range strings.SplitSeq(path, ".") {
			if step != "" && o != nil {
				o = o.under(step)
			}
		}
		switch {
		case o == nil && want == nil:
		case o == nil || len(o.keys) < len(want) || !slices.Equal(o.keys[:len(want)], want) || want == nil && o.keys != nil:
			t.Errorf("%s: %v, want them to begin with %v", path, o, want)
		}
	}
}
