package bench

import (
	"net/http"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// A meaning is what the entry says about an answer of the API.
type meaning struct {
	failed    bool
	kind      engine.Kind
	code      string
	message   string
	requestID string
	hint      string
	limited   bool
	expired   bool // the access token is to be refreshed
	again     bool // a GET is made again
}

// meaningOf reads the declarations in their order: a limit that is known by more than its
// status, a token that is refused by more than that unless a rule knows as much, rules, the
// rate limit, auth.refresh_on, and the status where none of them speaks.
func meaningOf(in *schema.Integration, a *answer) meaning {
	e := in.Requests.Errors
	if e == nil {
		e = &schema.Errors{}
	}
	m := meaning{limited: isLimited(in, a)}
	rule := ruleOf(in, a)
	switch {
	case anyHolds(beyondStatus(detect(in)), a, codePath(in)):
		m.failed, m.kind = true, engine.KindRateLimited
	case (rule == nil || len(beyondStatus([]schema.Condition{rule.When})) == 0) && anyHolds(beyondStatus(in.Auth.RefreshOn), a, codePath(in)):
		m.failed, m.kind = true, engine.KindReauthorize
	case rule != nil && rule.Kind != "":
		m.failed, m.kind = true, engine.Kind(rule.Kind)
	case rule != nil && rule.Retry != nil && *rule.Retry && a.status < 400:
		m.failed, m.kind = true, engine.KindUnavailable
	case m.limited:
		m.failed, m.kind = true, engine.KindRateLimited
	case anyHolds(in.Auth.RefreshOn, a, codePath(in)):
		m.failed, m.kind = true, engine.KindReauthorize
	default:
		m.kind, m.failed = kindOfStatus(a.status)
	}
	m.expired = a.status == http.StatusUnauthorized || anyHolds(in.Auth.RefreshOn, a, codePath(in))
	m.again = m.limited || slices.Contains(retried(in), a.status)
	if rule != nil && rule.Retry != nil {
		m.again = *rule.Retry
	}
	m.code = readable(textAt(a.doc(), e.Code))
	m.message = textAt(a.doc(), e.Message)
	if id := e.RequestID; id != nil {
		m.requestID = at(a.doc(), id.Body)
		if m.requestID == "" && id.Header != "" {
			m.requestID = readable(a.header.Get(id.Header))
		}
	}
	for i := range in.Notes {
		if when := in.Notes[i].When; when != nil && m.failed && holds(when, a, codePath(in)) {
			m.hint = in.Notes[i].Text
			break
		}
	}
	return m
}

// readable is a code as errors show it: what does not look like one is kept back.
func readable(code string) string {
	if len(code) > 80 || !codeText().MatchString(code) {
		return "(unreadable)"
	}
	return code
}

var codeText = lazyregexp.New(`^[A-Za-z0-9_.:/-]*$`)

// at returns the scalar at a declared path; "" where none is declared.
func at(body any, path string) string {
	if path == "" {
		return ""
	}
	text, _ := schema.TextAt(body, path)
	return text
}

func ruleOf(in *schema.Integration, a *answer) *schema.ErrorRule {
	if in.Requests.Errors == nil {
		return nil
	}
	for i := range in.Requests.Errors.Rules {
		if r := &in.Requests.Errors.Rules[i]; holds(&r.When, a, codePath(in)) {
			return r
		}
	}
	return nil
}

func anyHolds(list []schema.Condition, a *answer, codeAt schema.Paths) bool {
	return slices.ContainsFunc(list, func(c schema.Condition) bool { return holds(&c, a, codeAt) })
}

// beyondStatus returns those conditions that ask for more than a status.
func beyondStatus(list []schema.Condition) (more []schema.Condition) {
	for _, c := range list {
		if len(c.Header)+len(c.Body)+len(c.Code) > 0 {
			more = append(more, c)
		}
	}
	return more
}

// detect returns the conditions for "too many requests".
func detect(in *schema.Integration) []schema.Condition {
	if r := in.Requests.RateLimit; r != nil && len(r.Detect) > 0 {
		return r.Detect
	}
	return []schema.Condition{{Status: []int{http.StatusTooManyRequests}}}
}

func isLimited(in *schema.Integration, a *answer) bool {
	rule := ruleOf(in, a)
	return anyHolds(detect(in), a, codePath(in)) || rule != nil && engine.Kind(rule.Kind) == engine.KindRateLimited
}

// retried returns the statuses after which a GET is made again.
func retried(in *schema.Integration) []int {
	if r := in.Requests.Retries; r != nil && r.Statuses != nil {
		return r.Statuses
	}
	return []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
}

// kindOfStatus is what docs/embedding promises for a status that nobody has said
// anything about.
func kindOfStatus(status int) (engine.Kind, bool) {
	switch status {
	case 401:
		return engine.KindReauthorize, true
	case 402, 403, 451:
		return engine.KindDenied, true
	case 404, 410:
		return engine.KindNotFound, true
	case 408, 421, 423, 425:
		return engine.KindUnavailable, true
	case 405, 406, 415, 501, 505:
		return engine.KindUnsupported, true
	case 429:
		return engine.KindRateLimited, true
	}
	switch {
	case status >= 500:
		return engine.KindUnavailable, true
	case status >= 400:
		return engine.KindClient, true
	case status >= 300:
		return engine.KindInvalidResponse, true
	}
	return "", false
}
