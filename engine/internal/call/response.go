package call

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/engine/internal/discovery"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// Check returns an error if resp, which comes from a [Caller], says that the request
// failed, and nil otherwise. Of any other answer, status and problem document alone are
// looked at. The body can still be read.
func Check(resp *http.Response) error {
	api, k := apiOf(resp)
	kind, ok := api.kindOf(resp)
	if !ok {
		return nil
	}
	now := time.Now()
	e := &fault.Error{Op: "call", Key: k, Kind: kind, Status: resp.StatusCode}
	api.describe(e, resp)
	explainRefusal(e, resp)
	if wait, _, ok := api.asked(resp, now); ok && (kind == fault.KindRateLimited || kind == fault.KindUnavailable) {
		e.RetryAfter = wait
	}
	if resp.Request != nil {
		if call := layer.From(resp.Request.Context()); call != nil {
			e.Detail = call.Reason()
			m := maskOf(call)
			api.lacks(e, resp, m)
			if e.Message == "" {
				e.Message = fault.WordsIn(answer.JSON(resp), nil)
			}
			for _, text := range []*string{&e.Code, &e.RequestID, &e.Message} {
				*text = m.text(*text) // an echo is one, too
			}
			e.Message = fault.Words(e.Message, func(text string) string { return text })
		}
	}
	return e
}

// lacks says which scopes a call takes that its token does not have, where the
// resource's challenge tells (RFC 6750 3.1): the user can grant them.
func (p *rules) lacks(e *fault.Error, resp *http.Response, m *mask) {
	if e.Kind != fault.KindDenied || resp.StatusCode != http.StatusForbidden || !p.in.Auth.HasTokens() {
		return
	}
	c, ok := discovery.Bearer(resp.Header.Values("WWW-Authenticate"))
	if !ok || c.Error != "insufficient_scope" {
		return
	}
	e.Scopes = strings.Fields(m.text(strings.Join(discovery.Scopes(c.Scope), " ")))
	e.Detail = "the token has not the scopes that this takes"
	if len(e.Scopes) > 0 {
		e.Detail += ": " + strings.Join(e.Scopes, " ")
	}
}

// explainRefusal: where a refused token could not be replaced for a while, to
// connect again is no help.
func explainRefusal(e *fault.Error, resp *http.Response) {
	if resp.Request == nil || e.Kind != fault.KindReauthorize {
		return
	}
	call := layer.From(resp.Request.Context())
	if call == nil {
		return
	}
	var stuck *fault.Error
	if errors.As(call.Stuck(), &stuck) && stuck.Kind != fault.KindReauthorize && stuck.Kind != fault.KindUnsupported {
		e.Kind, e.RetryAfter, e.Err = stuck.Kind, stuck.RetryAfter, stuck
	}
}

var nothing = &plan.Integration{Integration: &schema.Integration{}, Parsed: &plan.Auth{}, Calls: &plan.Calls{}}

// stranger is nobody's API.
var stranger = &API{rules: newRules(nothing)}

// apiOf returns whose answer resp is.
func apiOf(resp *http.Response) (*API, connection.Key) {
	if resp.Request != nil {
		if call := layer.From(resp.Request.Context()); call != nil {
			if api := apiOfCall(call); api != nil {
				return api, connection.Key{Integration: api.in.Name, ConnectionID: call.Scope}
			}
		}
	}
	return stranger, connection.Key{}
}

// kindOf returns what resp means; false if it is no failure.
func (p *rules) kindOf(resp *http.Response) (fault.Kind, bool) {
	// What the engine acts on is what it says: a rule for a status alone does not know
	// better.
	r := p.rule(resp)
	switch {
	case p.matchesExactly(p.detect, resp):
		return fault.KindRateLimited, true
	case (r == nil || !exact(&r.When)) && p.matchesExactly(p.in.Auth.RefreshOn, resp):
		return fault.KindReauthorize, true
	}
	if r != nil {
		switch {
		case r.Kind != "":
			return fault.Kind(r.Kind), true
		case r.Retry != nil && *r.Retry && resp.StatusCode < 400:
			return fault.KindUnavailable, true
		}
	}
	switch {
	case p.limited(resp):
		return fault.KindRateLimited, true
	case p.matchesAny(p.in.Auth.RefreshOn, resp):
		return fault.KindReauthorize, true
	}
	return statusKind(resp.StatusCode)
}

// statusKind returns what a status means where nobody says otherwise.
func statusKind(status int) (fault.Kind, bool) {
	switch status {
	case http.StatusNotModified: // what a conditional request asks for
		return "", false
	case http.StatusUnauthorized:
		return fault.KindReauthorize, true
	case http.StatusForbidden, http.StatusPaymentRequired, http.StatusUnavailableForLegalReasons:
		return fault.KindDenied, true
	case http.StatusNotFound, http.StatusGone:
		return fault.KindNotFound, true
	case http.StatusTooManyRequests:
		return fault.KindRateLimited, true
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusLocked, http.StatusMisdirectedRequest:
		return fault.KindUnavailable, true
	case http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusUnsupportedMediaType, http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return fault.KindUnsupported, true
	}
	switch {
	case status >= 500:
		return fault.KindUnavailable, true
	case status >= 400:
		return fault.KindClient, true
	case status >= 300:
		return fault.KindInvalidResponse, true // a redirect that was not followed
	}
	return "", false
}

// describe fills in what resp says about the failure.
func (p *rules) describe(e *fault.Error, resp *http.Response) {
	e.Code = fault.ReadableCode(p.code(resp))
	e.Message = firstText(resp, p.errors.Message)
	if answer.IsProblem(resp) {
		describeProblem(e, resp)
	}
	e.RequestID = fault.ReadableCode(p.requestID(resp))
	for i := range p.in.Notes {
		if n := &p.in.Notes[i]; n.When != nil && p.matches(n.When, resp) {
			e.Hint = n.Text
			break
		}
	}
}

// describeProblem fills in from a problem document what the rules left open.
func describeProblem(e *fault.Error, resp *http.Response) {
	doc := answer.JSON(resp)
	if kind, _ := schema.TextAt(doc, "type"); e.Code == "" && kind != "about:blank" {
		if _, name, ok := strings.Cut(kind, "#"); ok {
			kind = name // the URL before it only says who registered the name
		}
		e.Code = fault.ReadableCode(kind)
	}
	for _, member := range []string{"detail", "title"} {
		if e.Message == "" {
			e.Message, _ = schema.TextAt(doc, member)
		}
	}
}

// requestID returns the provider's name for the request: where it is declared,
// else where it usually stands.
func (p *rules) requestID(resp *http.Response) string {
	declared := p.errors.RequestID
	if declared == nil {
		declared = &schema.RequestID{}
	}
	if declared.Body != "" {
		if text, ok := schema.TextAt(answer.JSON(resp), declared.Body); ok {
			return text
		}
	}
	for _, name := range []string{declared.Header, "X-Request-Id", "Request-Id", "X-Correlation-Id", "X-Amzn-Requestid"} {
		if text := resp.Header.Get(name); name != "" && text != "" {
			return text
		}
	}
	return ""
}
