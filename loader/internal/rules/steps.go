package rules

import (
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// earlierStep says why ${steps.<rest>} has no value at path, or "". A step reads the
// answers before its own.
func (r *checker) earlierStep(rest string, path []string) string {
	number, key, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || key == "" {
		return "write ${steps.0.access_token}: the number of an answer, and a path in it"
	}
	if len(path) < 3 || path[0] != "auth" || path[1] != "steps" {
		return "only auth.steps have it; what all answers say together is ${raw.<path>}"
	}
	if at, _ := strconv.Atoi(path[2]); n > at {
		return "that answer comes later"
	}
	return ""
}

// refreshRequest: a refresh with the access token consists of refresh_params.
func (r *checker) refreshRequest() {
	with := r.Root.Get("auth", "refresh_request", "with")
	if with == nil || with.Kind != tree.String || with.Text != "access_token" {
		return
	}
	if mentions(r.Root.Get("auth", "refresh_params"), "${access_token") {
		return
	}
	r.report(with.Origin, "missing-key", `"with: access_token" without "refresh_params" that hold ${access_token}`, "")
}

// revocationRequest: a way to revoke needs an address, and ${revoked_token} is what
// tells two requests apart.
func (r *checker) revocationRequest() {
	how := r.Root.Get("auth", "revocation_request")
	if how == nil || how.Kind != tree.Map {
		return
	}
	if url := r.Root.Get("auth", "revocation_url"); url == nil {
		r.report(how.Origin, "missing-key", `"revocation_request" without "revocation_url"`, "")
	}
	with := how.Get("with")
	if with == nil || with.Text != "both" || how.Get("params") == nil || how.Str("authorization_method") == schema.RevokeBearer {
		return
	}
	for _, place := range []string{"params", "query", "headers"} {
		if mentions(how.Get(place), "revoked_token") {
			return
		}
	}
	r.report(with.Origin, "missing-key", `"with: both" without ${revoked_token} in the request`, "both requests would be the same")
}
