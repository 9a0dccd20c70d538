package rules

import (
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// aws: what a signature is for stands in it between slashes, and whoever writes
// Authorization as well would send one of the two.
func (r *checker) aws() {
	if r.mode.Mode().Signing != schema.SignsAWS {
		return
	}
	for key, example := range map[string]string{"service": "sqs", "region": "us-east-1"} {
		n := r.Root.Get("auth", "aws", key)
		if n != nil && n.Kind == tree.String && !n.Bad && strings.ContainsAny(withoutPlaceholders(n.Text), "/, \t\r\n") {
			r.report(n.Origin, "bad-value", fmt.Sprintf("%q is a name such as %s, without spaces and slashes", "auth.aws."+key, example), "")
		}
	}
	r.role()
	m := r.Root.Get("requests", "headers")
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

// role: what assumes a role, and which.
func (r *checker) role() {
	role := r.Root.Get("auth", "aws", "assume_role")
	id, secret := r.Root.Field("oauth_client_id"), r.Root.Field("oauth_client_secret")
	switch {
	case role == nil && id != nil:
		r.report(id.At, "conflicting-keys", `"oauth_client_id" without "auth.aws.assume_role": each user brings a key`, "")
	case role != nil && id != nil && r.Root.Str("auth", "aws", "assume_role", "source") == schema.SourceConnection:
		r.report(id.At, "conflicting-keys", `"oauth_client_id", although "auth.aws.assume_role.source" says that the connection's key assumes the role`, "")
	case id != nil && secret == nil:
		r.report(id.At, "missing-key", `"oauth_client_id" without "oauth_client_secret"`, "they are the access key that assumes roles")
	case id == nil && secret != nil:
		r.report(secret.At, "missing-key", `"oauth_client_secret" without "oauth_client_id"`, "")
	}
	for _, f := range []*tree.Field{id, secret} {
		if f != nil && f.Value.Kind == tree.String && !f.Value.Bad && strings.TrimSpace(f.Value.Text) != f.Value.Text {
			r.report(f.Value.Origin, "bad-value", fmt.Sprintf("%q begins or ends with a space", f.Name), "")
		}
	}
	if arn := role.Get("role_arn"); arn != nil && arn.Kind == tree.String && !arn.Bad && !strings.Contains(arn.Text, "${") && !schema.IsRoleARN(arn.Text) {
		r.report(arn.Origin, "bad-value", `"auth.aws.assume_role.role_arn" is the name of a role, such as arn:aws:iam::123456789012:role/reader`, "")
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
