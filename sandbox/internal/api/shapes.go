package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/schema"
)

// shapes are those of the provider's errors.
type shapes struct{ *play.Stage }

func (p *shapes) refusalAnswer(ref *message.Refusal) message.Answer {
	a, exact := p.errorShape(ref)
	if !exact {
		p.reshape(&a, ref)
	}
	p.expire(&a, ref)
	p.say(&a, ref.Reason)
	p.name(&a)
	return ref.Mark(a)
}

// noSample is the answer to a call that no sample shows. It has the provider's shape, so
// that its clients can read it, and none of its words: the provider has said nothing.
// Where an answer of that shape means more than "not found", such as that the user may
// not, it is no shape of the provider's.
func (p *shapes) noSample(asked string, samples []string) message.Answer {
	ref := message.Refused(http.StatusNotFound, "not_found", "the blueprint has no sample for %s; it has %s", asked, strings.Join(samples, ", "))
	a, exact := p.errorShape(ref)
	if !exact {
		p.reshape(&a, ref)
	}
	if at := p.messagePath(a.Body); at != "" {
		if was, ok := schema.At(a.Body, at); ok && message.IsText(was) {
			a.Body = schema.PutAt(a.Body, at, "")
		}
	}
	p.say(&a, ref.Reason)
	if p.means(&a, "not_found") {
		p.name(&a)
	} else {
		a = message.Answer{Status: ref.Status, Body: map[string]any{"error": "no_sample", "error_description": "sandbox: " + ref.Reason}}
	}
	a.Set(message.NoSampleHeader, message.OneLine(asked))
	return ref.Mark(a)
}

// means reports whether no rule says that the answer is of another kind.
func (p *shapes) means(a *message.Answer, kind string) bool {
	if slices.ContainsFunc(p.Integration.Auth.RefreshOn, func(c schema.Condition) bool { return p.Matches(&c, a) }) {
		return false
	}
	return !p.matchesRule(a, func(rule *schema.ErrorRule) bool { return rule.Kind != "" && rule.Kind != kind })
}

// expire makes the answer to an expired token one that refresh_on describes, if
// the blueprint has it: such providers may never answer 401.
func (p *shapes) expire(a *message.Answer, ref *message.Refusal) {
	on := p.Integration.Auth.RefreshOn
	if ref.Code == message.CodeExpired && len(on) > 0 && !slices.ContainsFunc(on, func(c schema.Condition) bool { return p.Matches(&c, a) }) {
		p.Satisfy(&on[0], a)
	}
}

// name gives an answer whose body holds its request id a new one.
func (p *shapes) name(a *message.Answer) {
	if e := p.Integration.Requests.Errors; e != nil && e.RequestID != nil && e.RequestID.Body != "" {
		if _, ok := a.Body.(map[string]any); ok || a.Body == nil {
			a.Body = schema.PutAt(a.Body, e.RequestID.Body, p.RequestID())
		}
	}
}

// errorShape returns the error sample nearest to ref. exact means that it is the
// provider's own answer of this kind, not merely of the same shape.
func (p *shapes) errorShape(ref *message.Refusal) (a message.Answer, exact bool) {
	samples := p.Samples.Errors
	tests := p.unauthorizedTests(ref.Code)
	if ref.Status != http.StatusUnauthorized {
		about := tests
		tests = []func(message.Answer) bool{func(a message.Answer) bool {
			return a.Code() == ref.Status && !slices.ContainsFunc(about, func(test func(message.Answer) bool) bool { return test(a) })
		}}
	}
	for _, test := range tests {
		if i := slices.IndexFunc(samples, test); i >= 0 {
			return samples[i].Copy(), true
		}
	}
	return message.Answer{Body: p.commonShape()}, false
}

// commonShape returns what all error samples have in common, such as ok: false or
// object: error. Of a single sample only the booleans are sure to be common.
func (p *shapes) commonShape() any {
	all := slices.Concat(p.Samples.Errors, p.Samples.Limited)
	shape := map[string]any{}
	for n, a := range all {
		object, ok := a.Body.(map[string]any)
		if !ok {
			continue
		}
		for name, v := range object {
			_, isBool := v.(bool)
			if n == 0 && (isBool || len(all) > 1 && message.IsText(v)) {
				shape[name] = v
			}
		}
		maps.DeleteFunc(shape, func(name string, v any) bool { return object[name] != v })
	}
	return shape
}

// unauthorizedTests say which samples show that the credential is not good, best
// first. Some providers answer 200 and say it in the body.
func (p *shapes) unauthorizedTests(code string) []func(message.Answer) bool {
	expired := func(a message.Answer) bool {
		return slices.ContainsFunc(p.Integration.Auth.RefreshOn, func(c schema.Condition) bool { return p.Matches(&c, &a) })
	}
	dead := func(a message.Answer) bool {
		return p.matchesRule(&a, func(rule *schema.ErrorRule) bool { return rule.Kind == "reauthorize" })
	}
	status := func(a message.Answer) bool { return a.Code() == http.StatusUnauthorized }
	if code == message.CodeExpired {
		return []func(message.Answer) bool{expired, status, dead}
	}
	return []func(message.Answer) bool{func(a message.Answer) bool { return status(a) && !expired(a) }, dead, status, expired}
}

func (p *shapes) matchesRule(a *message.Answer, want func(*schema.ErrorRule) bool) bool {
	e := p.Integration.Requests.Errors
	if e == nil {
		return false
	}
	i := slices.IndexFunc(e.Rules, func(rule schema.ErrorRule) bool { return p.Matches(&rule.When, a) })
	return i >= 0 && want(&e.Rules[i])
}

// reshape makes a say what ref is about: its status, and its code where this API
// has one. APIs whose codes are numbers get the status.
func (p *shapes) reshape(a *message.Answer, ref *message.Refusal) {
	a.Status = ref.Status
	path := "error"
	if e := p.Integration.Requests.Errors; e != nil && len(e.Code)+len(e.Message) > 0 {
		path = p.place(a.Body, e.Code)
	}
	if path == "" {
		return
	}
	var code any = ref.Code
	for _, one := range p.Samples.Errors {
		if was, _ := schema.At(one.Body, path); message.IsNumber(was) {
			code = ref.Status
		}
	}
	a.Body = schema.PutAt(a.Body, path, code)
}

// place returns the one of paths where an answer like body has something, by the
// samples.
func (p *shapes) place(body any, paths schema.Paths) string {
	like := []any{body}
	for _, one := range p.Samples.Errors {
		like = append(like, one.Body)
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
func (p *shapes) messagePath(body any) string {
	e := p.Integration.Requests.Errors
	switch {
	case e != nil && len(e.Message) > 0:
		return p.place(body, e.Message)
	case e != nil && len(e.Code) > 0:
		return message.Beside(p.place(body, e.Code), "error_description")
	}
	return "error_description"
}

// say puts the reason where this API has its message; one that stands there
// stays in front.
func (p *shapes) say(a *message.Answer, reason string) {
	if _, ok := a.Body.(map[string]any); !ok && a.Body != nil {
		return
	}
	reason = "sandbox: " + reason
	at := p.messagePath(a.Body)
	if was, _ := schema.At(a.Body, at); message.IsText(was) && was != "" {
		reason = message.Text(was) + " (" + reason + ")"
	}
	a.Body = schema.PutAt(a.Body, at, reason)
}
