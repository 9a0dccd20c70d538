package oauth

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// TokenError answers a refused token request in the provider's shape, or as
// RFC 6749 5.2 says.
func (p *answers) tokenError(ref *message.Refusal) message.Answer {
	at := p.responsePaths()
	a, sampled := p.sampledTokenError(ref.Code, at.errorCode)
	if ref.Code == "invalid_grant" && p.endsGrant(&a) {
		a.Set("Cache-Control", "no-store")
		return ref.Mark(a)
	}
	was, _ := schema.At(a.Body, at.errorCode)
	if !sampled {
		a = message.Answer{Status: ref.Status, Body: map[string]any{}}
	}
	if a.Code() >= 400 && message.Text(was) != ref.Code {
		a.Status = ref.Status // the sample shows another error
	}
	a.Body = schema.PutAt(a.Body, at.errorCode, p.errorCode(ref.Code, was))
	if r := p.Integration.Auth.TokenResponse; r != nil {
		p.Satisfy(r.Error, &a)
	}
	if _, ok := a.Body.(map[string]any); ok {
		a.Body = schema.PutAt(a.Body, describePath(a.Body, at.errorCode), "sandbox: "+ref.Reason)
	}
	if a.Code() == http.StatusUnauthorized && ref.Code == "invalid_client" {
		a.Set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q", "sandbox"))
	}
	a.Set("Cache-Control", "no-store")
	return ref.Mark(a)
}

// sampledTokenError returns the sample nearest to a refusal. Of several, the end of
// a grant is the one to which the blueprint gives that meaning.
func (p *answers) sampledTokenError(code, codePath string) (message.Answer, bool) {
	if code != "invalid_grant" {
		return p.Samples.TokenError(code)
	}
	for _, near := range []func(*message.Answer) bool{p.endsGrant, func(a *message.Answer) bool {
		was, _ := schema.At(a.Body, codePath)
		return message.Text(was) != code && p.errorCode(code, was) == was
	}} {
		for _, one := range p.Samples.TokenErrors {
			if near(&one.Answer) {
				return one.Answer.Copy(), true
			}
		}
	}
	return p.Samples.TokenError(code)
}

// endsGrant reports whether an answer is, word for word, what the blueprint takes
// for the end of a grant: X tells it by the description alone.
func (p *answers) endsGrant(a *message.Answer) bool {
	e := p.Integration.Requests.Errors
	return e != nil && a.Body != nil && slices.ContainsFunc(e.Rules, func(r schema.ErrorRule) bool {
		return r.Kind == "reauthorize" && len(r.When.Body) > 1 && p.Matches(&r.When, a)
	})
}

// errorCode returns the code to answer with: the provider's own where the sample
// has one that the blueprint gives a meaning to, else that of the RFC.
func (p *answers) errorCode(code string, was any) any {
	if message.IsNumber(was) {
		return was
	}
	e := p.Integration.Requests.Errors
	if code == "invalid_grant" && e != nil && message.IsText(was) && slices.ContainsFunc(e.Rules, func(r schema.ErrorRule) bool {
		return r.Kind == "reauthorize" && (r.When.Code.Has(message.Text(was)) || slices.ContainsFunc(bodyValues(r.When.Body), func(v any) bool { return v == was }))
	}) {
		return was
	}
	return code
}

// bodyValues lists the values that a condition names.
func bodyValues(body map[string]any) []any {
	var out []any
	for _, v := range body {
		if list, ok := v.([]any); ok {
			out = append(out, list...)
		} else {
			out = append(out, v)
		}
	}
	return out
}

// describePath returns where the reason goes: a description that the shape has,
// else error_description beside the code.
func describePath(body any, codePath string) string {
	for _, name := range []string{"error_description", "message", "error_message", "description", "msg"} {
		path := message.Beside(codePath, name)
		if v, ok := schema.At(body, path); ok && message.IsText(v) {
			return path
		}
	}
	return message.Beside(codePath, "error_description")
}
