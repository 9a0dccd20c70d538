package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// RefusalHeader is on every answer that refuses: the code and the reason.
const RefusalHeader = refusalHeader

// Codes of refusals by the API.
const (
	codeUnauthorized = "unauthorized"
	codeExpired      = "token_expired"
	codeRevoked      = "token_revoked"
)

// A refusal is why the sandbox says no. The reason is for people and holds no
// credential.
type refusal struct {
	status int
	code   string
	reason string
}

func refused(status int, code, format string, args ...any) *refusal {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

// mark puts the reason into the answer's header.
func (ref *refusal) mark(a answer) answer {
	a.set(refusalHeader, oneLine(ref.code+": "+ref.reason))
	return a
}

// oneLine keeps what may stand in a header field.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// refuse answers an API request in the provider's error shape.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, ref *refusal) {
	p.write(w, r, p.refuseCall(ref))
}

func (p *Provider) refusalAnswer(ref *refusal) answer {
	a, exact := p.errorShape(ref)
	if !exact {
		p.reshape(&a, ref)
	}
	p.expire(&a, ref)
	p.say(&a, ref.reason)
	p.name(&a)
	return ref.mark(a)
}

// expire makes the answer to an expired token one that refresh_on describes, if
// the blueprint has it: such providers may never answer 401.
func (p *Provider) expire(a *answer, ref *refusal) {
	on := p.integration.Auth.RefreshOn
	if ref.code == codeExpired && len(on) > 0 && !slices.ContainsFunc(on, func(c schema.Condition) bool { return p.matches(&c, a) }) {
		p.satisfy(&on[0], a)
	}
}

// name gives an answer whose body holds its request id a new one.
func (p *Provider) name(a *answer) {
	if e := p.integration.Requests.Errors; e != nil && e.RequestID != nil && e.RequestID.Body != "" {
		if _, ok := a.body.(map[string]any); ok || a.body == nil {
			a.body = put(a.body, e.RequestID.Body, p.requestID())
		}
	}
}

// errorShape returns the error sample nearest to ref. exact means that it is the
// provider's own answer of this kind, not merely of the same shape.
func (p *Provider) errorShape(ref *refusal) (a answer, exact bool) {
	samples := p.samples.errors
	tests := p.unauthorizedTests(ref.code)
	if ref.status != http.StatusUnauthorized {
		about := tests
		tests = []func(answer) bool{func(a answer) bool {
			return a.code() == ref.status && !slices.ContainsFunc(about, func(test func(answer) bool) bool { return test(a) })
		}}
	}
	for _, test := range tests {
		if i := slices.IndexFunc(samples, test); i >= 0 {
			return samples[i].copy(), true
		}
	}
	return answer{body: p.commonShape()}, false
}

// commonShape returns what all error samples have in common, such as ok: false or
// object: error. Of a single sample only the booleans are sure to be common.
func (p *Provider) commonShape() any {
	all := slices.Concat(p.samples.errors, p.samples.limited)
	shape := map[string]any{}
	for n, a := range all {
		object, ok := a.body.(map[string]any)
		if !ok {
			continue
		}
		for name, v := range object {
			_, isBool := v.(bool)
			if n == 0 && (isBool || len(all) > 1 && isText(v)) {
				shape[name] = v
			}
		}
		maps.DeleteFunc(shape, func(name string, v any) bool { return object[name] != v })
	}
	return shape
}

// unauthorizedTests say which samples show that the credential is not good, best
// first. Some providers answer 200 and say it in the body.
func (p *Provider) unauthorizedTests(code string) []func(answer) bool {
	expired := func(a answer) bool {
		return slices.ContainsFunc(p.integration.Auth.RefreshOn, func(c schema.Condition) bool { return p.matches(&c, &a) }) ||
			p.matchesRule(&a, func(rule *schema.ErrorRule) bool { return rule.Refresh })
	}
	dead := func(a answer) bool {
		return p.matchesRule(&a, func(rule *schema.ErrorRule) bool { return rule.Kind == "reauthorize" })
	}
	status := func(a answer) bool { return a.code() == http.StatusUnauthorized }
	if code == codeExpired {
		return []func(answer) bool{expired, status, dead}
	}
	return []func(answer) bool{func(a answer) bool { return status(a) && !expired(a) }, dead, status, expired}
}

func (p *Provider) matchesRule(a *answer, want func(*schema.ErrorRule) bool) bool {
	e := p.integration.Requests.Errors
	if e == nil {
		return false
	}
	i := slices.IndexFunc(e.Rules, func(rule schema.ErrorRule) bool { return p.matches(&rule.When, a) })
	return i >= 0 && want(&e.Rules[i])
}

// reshape makes a say what ref is about: its status, and its code where this API
// has one. APIs whose codes are numbers get the status.
func (p *Provider) reshape(a *answer, ref *refusal) {
	a.status = ref.status
	path := "error"
	if e := p.integration.Requests.Errors; e != nil && len(e.Code)+len(e.Message) > 0 {
		path = p.place(a.body, e.Code)
	}
	if path == "" {
		return
	}
	var code any = ref.code
	for _, one := range p.samples.errors {
		if was, _ := lookup(one.body, path); isNumber(was) {
			code = ref.status
		}
	}
	a.body = put(a.body, path, code)
}

// place returns the one of paths where an answer like body has something, by the
// samples.
func (p *Provider) place(body any, paths schema.Paths) string {
	like := []any{body}
	for _, one := range p.samples.errors {
		like = append(like, one.body)
	}
	for _, b := range like {
		if at, text := schema.FirstAt(b, paths); text != "" {
			return at
		}
	}
	at, _ := schema.FirstAt(nil, paths)
	return at
}

// messagePath is where this API has its message, in an answer like body.
func (p *Provider) messagePath(body any) string {
	e := p.integration.Requests.Errors
	switch {
	case e != nil && len(e.Message) > 0:
		return p.place(body, e.Message)
	case e != nil && len(e.Code) > 0:
		return beside(p.place(body, e.Code), "error_description")
	}
	return "error_description"
}

// say puts the reason where this API has its message; one that stands there
// stays in front.
func (p *Provider) say(a *answer, reason string) {
	if _, ok := a.body.(map[string]any); !ok && a.body != nil {
		return
	}
	reason = "sandbox: " + reason
	at := p.messagePath(a.body)
	if was, _ := lookup(a.body, at); isText(was) && was != "" {
		reason = text(was) + " (" + reason + ")"
	}
	a.body = put(a.body, at, reason)
}
