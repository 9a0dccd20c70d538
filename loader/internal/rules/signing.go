package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// signingKey returns the template of the key that auth.jwt signs with.
func (r *checker) signingKey() string {
	return (&schema.JWT{Key: r.Root.Str("auth", "jwt", "key")}).SigningKey()
}

// privateKey: a key that cannot sign would show only at the first call.
func (r *checker) privateKey() {
	name, n := "auth.jwt.key", r.Root.Get("auth", "jwt", "key")
	if r.signingKey() == "${oauth_private_key}" {
		if name, n = "oauth_private_key", nil; r.Root.Field(name) != nil {
			n = r.Root.Field(name).Value
		}
	}
	algorithm := r.Root.Str("auth", "jwt", "algorithm")
	if n == nil || n.Kind != tree.String || n.Bad || algorithm == "" || strings.Contains(n.Text, "${") || r.Invented && n.Origin.Reference != "" {
		return
	}
	if _, err := signingkey.Parse(algorithm, r.Root.Str("auth", "jwt", "key_encoding"), n.Text); err != nil {
		r.report(n.Origin, "bad-private-key", fmt.Sprintf("%q: %v", name, err), "")
	}
}

// clientKey: with RSA-SHA1 the client secret is the key that signs.
func (r *checker) clientKey() {
	if r.Root.Str("auth", "signature_method") != signingkey.RSASHA1 {
		return
	}
	f := r.Root.Field("oauth_client_secret")
	if f == nil || f.Value.Kind != tree.String || f.Value.Bad || r.Invented && f.Value.Origin.Reference != "" {
		return
	}
	if _, err := signingkey.Parse(signingkey.RSASHA1, "", f.Value.Text); err != nil {
		r.report(f.Value.Origin, "bad-private-key", fmt.Sprintf("%q: %v; RSA-SHA1 signs with it", "oauth_client_secret", err), "")
	}
}

// unsigned says why a placeholder of what is signed has no meaning at path, or "".
func (r *checker) unsigned(name string, path []string) string {
	inJWT := len(path) > 1 && path[0] == "auth" && path[1] == "jwt"
	switch name {
	case "jwt":
		if inJWT || len(path) == 0 || path[0] != "auth" || !slices.Contains([]string{"token_params", "refresh_params", "token_headers", "token_request"}, path[1]) {
			return "only token requests have it"
		}
		if r.Root.Get("auth", "jwt") == nil {
			return "there is no auth.jwt"
		}
	case "refresh_token", "revoked_token":
		if len(path) < 2 || path[0] != "auth" || path[1] != "revocation_request" {
			return "only auth.revocation_request has it"
		}
	case "key_fingerprint":
		if !inJWT {
			return "only the header and the payload of auth.jwt have it"
		}
	}
	return ""
}
