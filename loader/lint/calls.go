package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// calls checks how the API is called: verify, retries, limits and pages.
func calls(v *version) {
	r := &v.Requests
	if c := r.Verify; c == nil && v.Auth.AuthMode != schema.NoAuth {
		v.report("missing-verify", "requests.verify", "nothing proves that credentials work", "name a cheap GET under requests.verify")
	} else if c != nil && c.Method != "" && c.Method != "GET" && c.Method != "HEAD" && !v.noted("requests.verify.method") {
		v.report("verify-method", "requests.verify.method", "verify is called often, and "+c.Method+" may change something", "where it does not, say so in a note about requests.verify.method")
	}
	if r.Retries != nil {
		v.safe(r.Retries.Safe)
	}
	if r.RateLimit != nil {
		v.limits(r.RateLimit)
	}
	if e := r.Errors; e != nil && e.RequestID != nil && e.RequestID.Header == "" && e.RequestID.Body == "" {
		v.report("empty-section", "requests.errors.request_id", "this names neither a header nor a path in the body", "")
	}
	if r.Pagination != nil {
		v.paginationKind(r.Pagination)
	}
}

var safeEntry = lazyregexp.New(`^([A-Z]+) (/[^ ?#]*)$`)

func (v *version) safe(entries []string) {
	for i, e := range entries {
		at := "requests.retries.safe." + strconv.Itoa(i)
		m := safeEntry().FindStringSubmatch(e)
		switch {
		case m == nil || !slices.Contains([]string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}, m[1]):
			v.report("safe-entry", at, fmt.Sprintf("%q is no method and path", e), "write it like POST /v1/search, without a query")
		case slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, m[1]):
			v.report("safe-entry", at, m[1]+" is safe anyway", "")
		case slices.Index(entries, e) < i:
			v.report("safe-entry", at, fmt.Sprintf("%q stands in the list already", e), "")
		}
	}
}

func (v *version) limits(l *schema.RateLimit) {
	for i, w := range l.Wait {
		if w.Header == "" && w.Body == "" {
			v.report("empty-section", "requests.rate_limit.wait."+strconv.Itoa(i), "this names neither a header nor a path in the body", "")
		}
	}
	if b := l.Budget; b != nil && b.Requests == 0 && b.Concurrency == 0 {
		v.report("empty-section", "requests.rate_limit.budget", "this budget limits nothing", "give it requests or concurrency")
	}
}

func (v *version) paginationKind(p *schema.Pagination) {
	if p.BodyPath != "" && p.In != "body" {
		v.reportKey("unused-pagination", []string{"requests", "pagination", "body_path"}, "\"body_path\" has no effect without in: body", "")
	}
	for _, key := range schema.PaginationKinds {
		if key != p.Kind && v.has("requests.pagination."+key) {
			v.reportKey("unused-pagination", strings.Split("requests.pagination."+key, "."), fmt.Sprintf("%q has no effect on kind %s", key, p.Kind), "")
		}
	}
}
