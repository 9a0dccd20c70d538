package page

import (
	"slices"

	"github.com/nango-lite/nango-lite/schema"
)

// played are the steps of 'blueprints test' that play a row. A test holds that they
// pass for every entry of the catalog.
var played = map[string][]string{
	rowAuth:    {"connect", "exchange"},
	rowRefresh: {"expire", "refresh"},
	rowLimit:   {"rate limit"},
	rowTimeout: {"retry"},
	rowAny:     {"call"},
	rowPages:   {"page"},
	rowErrors:  {"errors"},
	rowVerify:  {"verify"},
	rowRevoke:  {"revoke"},
	rowSandbox: {"call", "operations"},
}

// playedBy returns the steps that play a row of a version, if it is covered.
func playedBy(v *schema.Version, r Row) []string {
	switch l := v.Requests.RateLimit; {
	case r.State != Covered:
		return []string{}
	case r.Key == rowAuth && !v.Auth.AuthMode.Consents():
		return []string{"connect"}
	case r.Key == rowLimit && l != nil && l.Budget != nil:
		return []string{"rate limit", "budget"}
	case r.Key == rowPages && !hasList(v):
		return []string{}
	case r.Key == rowSandbox && len(v.Operations) == 0:
		return []string{"call"}
	}
	return slices.Clone(played[r.Key])
}

// hasList reports whether a sample is a list that the bench walks: one that GET
// asks for.
func hasList(v *schema.Version) bool {
	return slices.ContainsFunc(v.Samples, func(s schema.Sample) bool {
		if s.Request == nil || s.Request.Method != "" && s.Request.Method != "GET" || s.Kind != "" && s.Kind != schema.SampleAPI {
			return false
		}
		list, _ := schema.At(s.Response.Body, v.Requests.Pagination.Items)
		items, _ := list.([]any)
		return len(items) > 0
	})
}
