package loader

import (
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// aws: what a signature is for stands in it between slashes, and whoever writes
// Authorization as well would send one of the two.
func (r *rules) aws() {
	if r.mode != string(schema.AWSSigV4) {
		return
	}
	for _, key := range []string{"service", "region"} {
		n := r.root.Get("auth", "aws", key)
		if n != nil && n.Kind == tree.String && !n.Bad && strings.ContainsAny(withoutPlaceholders(n.Text), "/, \t\r\n") {
			r.report(n.Origin, "bad-value", fmt.Sprintf("%q is a name such as us-east-1 or execute-api, without spaces and slashes", "auth.aws."+key), "")
		}
	}
	m := r.root.Get("requests", "headers")
	if m == nil || m.Kind != tree.Map {
		return
	}
	for _, f := range m.Fields {
		switch strings.ToLower(f.Name) {
		case "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256":
			r.report(f.At, "conflicting-keys", fmt.Sprintf("header %q is written by the signature", f.Name), "")
		}
	}
}

// withoutPlaceholders returns the literal text of a template; a text that is none
// has been reported.
func withoutPlaceholders(text string) string {
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, p := range t.Parts {
		b.WriteString(p.Literal)
	}
	return b.String()
}
