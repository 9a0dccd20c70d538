package lint

import (
	"fmt"
	"slices"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// An order is that of a map's keys, and of the maps below it. Keys that it does
// not name keep their places. It is that of schema/definitions.json, to which a
// test holds it.
type order struct {
	keys  []string
	below map[string]*order
	each  *order // of all entries of a map, or items of a list, that below does not name
	rank  func(a, b string) int
}

var (
	fieldOrder     = &order{keys: []string{"title", "description", "format", "pattern", "enum", "example", "optional", "secret", "default"}}
	connectedOrder = &order{
		keys: append([]string{"from", "path", "request", "list"}, fieldOrder.keys...),
		below: map[string]*order{
			"request": {keys: []string{"method", "url", "path", "params", "headers", "body_format"}},
			"list":    {keys: []string{"items", "value", "title", "when"}},
		},
	}
	authOrder = &order{keys: []string{
		"auth_mode", "resource", "authorization_server", "client_name", "client_uri", "client_metadata_url", "authorization_url", "authorization_params", "device_authorization_url", "device_authorization_params", "scope_separator", "token_url", "token_params",
		"authorization_method", "client_certificate", "body_format", "refresh_url", "request_url", "request_params", "request_http_method",
		"token_http_method", "signature_method", "signature_realm", "aws", "signature", "pkce", "default_scopes", "scopes", "refresh_params", "refresh_request", "token_headers",
		"token_request_method", "token_request", "jwt", "token_response", "steps", "token_lifetime_seconds", "refresh_margin_seconds",
		"refresh_on", "refresh_grace_seconds", "refresh_token_lifetime_seconds", "revocation_url", "revocation_request", "callback", "introspection_url", "introspection_params", "issuer",
	}}
	requestsOrder = &order{keys: []string{"base_url", "allow_private_hosts", "headers", "params", "body", "retries", "rate_limit", "pagination", "errors", "verify"}}
	sampleOrder   = &order{keys: []string{"kind", "request", "response", "docs_url"}}
	noteOrder     = &order{keys: []string{"text", "docs_url", "key", "when"}}
	versionOrder  = &order{
		keys: []string{"comment", "status", "successor", "extends", "auth", "credentials", "connection", "requests", "samples", "notes"},
		below: map[string]*order{
			"auth": authOrder, "requests": requestsOrder,
			"credentials": {each: fieldOrder}, "connection": {each: connectedOrder},
			"samples": {each: sampleOrder}, "notes": {each: noteOrder},
		},
	}
	fileOrder = &order{
		keys:  []string{"format", "name", "display_name", "maintainer", "docs_url", "categories", "versions"},
		below: map[string]*order{"versions": {each: versionOrder, rank: loader.CompareVersions}},
	}
)

// compare orders two keys; 0 leaves them as they stand.
func (o *order) compare(a, b string) int {
	if o.rank != nil {
		return o.rank(a, b)
	}
	i, j := slices.Index(o.keys, a), slices.Index(o.keys, b)
	if i < 0 || j < 0 {
		return 0
	}
	return i - j
}

// under returns the order of the value under a key, or of an item.
func (o *order) under(key string) *order {
	if b := o.below[key]; b != nil {
		return b
	}
	return o.each
}

type misplaced struct {
	code    string
	at      schema.Origin
	message string
}

// disorder returns the keys that stand after one that should follow them.
func disorder(root *tree.Node) (out []misplaced) {
	walk(root, fileOrder, func(n *tree.Node, o *order) {
		code, what := "key-order", "key"
		if o.rank != nil {
			code, what = "version-order", "version"
		}
		for i := 1; i < len(n.Fields); i++ {
			for j := range i {
				if o.compare(n.Fields[j].Name, n.Fields[i].Name) > 0 {
					out = append(out, misplaced{code, n.Fields[i].At, fmt.Sprintf("%s %q stands before %q elsewhere", what, n.Fields[i].Name, n.Fields[j].Name)})
					break
				}
			}
		}
	})
	return out
}

// walk calls visit for each block map that has an order, the inner before the
// outer. Maps on one line are for their author to arrange.
func walk(n *tree.Node, o *order, visit func(*tree.Node, *order)) {
	if n == nil || o == nil {
		return
	}
	for _, item := range n.Items {
		walk(item, o.each, visit)
	}
	for _, f := range n.Fields {
		walk(f.Value, o.under(f.Name), visit)
	}
	if n.Kind == tree.Map && isBlock(n) {
		visit(n, o)
	}
}

// isBlock reports whether each key stands on a line of its own, below the one
// before.
func isBlock(n *tree.Node) bool {
	for i, f := range n.Fields {
		if i > 0 && (f.At.Line <= n.Fields[i-1].At.Line || f.At.Column != n.Fields[0].At.Column) {
			return len(n.Fields) == 0
		}
	}
	return true
}
