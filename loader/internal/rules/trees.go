package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
)

// trees: what only JSON can hold stands where JSON is sent, and claims that are a time
// are numbers.
func (r *checker) trees() {
	auth := r.Root.Get("auth")
	if auth == nil || auth.Kind != tree.Map {
		return
	}
	format, method := auth.Str("body_format"), auth.Str("token_request_method")
	r.flat("auth.token_params", auth.Get("token_params"), format == "json" && method != "GET")
	if m := auth.Get("refresh_request"); m != nil && m.Str("method") != "" {
		method = m.Str("method")
	}
	r.flat("auth.refresh_params", auth.Get("refresh_params"), format == "json" && method != "GET")
	if how := auth.Get("revocation_request"); how != nil {
		r.flat("auth.revocation_request.params", how.Get("params"), how.Str("body_format") == "json" && how.Str("method") != "GET")
	}
	if steps := auth.Get("steps"); steps != nil {
		for i, s := range steps.Items {
			r.flat("auth.steps."+strconv.Itoa(i)+".params", s.Get("params"), s.Str("body_format") == "json" && s.Str("method") != "GET")
		}
	}
	r.tokenPlace(auth.Get("token_response"))
	for _, name := range []string{"exp", "nbf", "iat"} {
		n := auth.Get("jwt", "payload", name)
		if n == nil || n.Bad || n.Kind == tree.Int || n.Kind == tree.Float || n.Kind == tree.String && (n.Text == "" || strings.Contains(n.Text, "${")) {
			continue
		}
		if _, err := strconv.ParseFloat(n.Text, 64); n.Kind != tree.String || err != nil {
			r.report(n.Origin, "bad-value", fmt.Sprintf("%q must be a number of seconds since 1970 (RFC 7519 2)", "auth.jwt.payload."+name), "")
		}
	}
}

// tokenPlace: the access token stands in one place.
func (r *checker) tokenPlace(response *tree.Node) {
	if response == nil || response.Kind != tree.Map {
		return
	}
	first := ""
	for _, name := range []string{"access_token_header", "access_token_cookie", "access_token"} {
		f := response.Field(name)
		switch {
		case f == nil, name == "access_token" && f.Value.Text == "access_token": // the default, too
		case first == "":
			first = name
		default:
			r.report(f.At, "bad-value", fmt.Sprintf("%q beside %q: the access token stands in one place", "auth.token_response."+name, first), "")
		}
	}
}

// flat reports the members of params that a form or a query cannot hold.
func (r *checker) flat(name string, params *tree.Node, isJSON bool) {
	if params == nil || params.Kind != tree.Map || isJSON {
		return
	}
	for _, f := range params.Fields {
		if f.Value.Kind == tree.Map || f.Value.Kind == tree.List {
			r.report(f.Value.Origin, "wrong-type", fmt.Sprintf("%q is %s, and the request is no JSON: a form or a query holds texts", name+"."+f.Name, f.Value.Kind), "body_format: json sends it as it stands, with POST")
		}
	}
}

// mentions reports whether a text at or below n holds what.
func mentions(n *tree.Node, what string) bool {
	if n == nil {
		return false
	}
	if n.Kind == tree.String {
		return strings.Contains(n.Text, what)
	}
	for _, f := range n.Fields {
		if mentions(f.Value, what) {
			return true
		}
	}
	for _, item := range n.Items {
		if mentions(item, what) {
			return true
		}
	}
	return false
}
