package bench

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// shape is what the blueprint says of token answers.
func (e exchangeStep) shape() *schema.TokenResponse {
	if r := e.Played.Auth.TokenResponse; r != nil {
		return r
	}
	return &schema.TokenResponse{}
}

// refusalChecks hold each refusal that the entry describes to what it means.
func (e exchangeStep) refusalChecks() (checks []check) {
	for i, a := range e.tokenErrors(e.shape(), e.tokenError()) {
		checks = append(checks, check{"token error " + strconv.Itoa(i+1), e.refused(a)})
	}
	return checks
}

// tokenErrors are the refusals that the entry describes.
func (e exchangeStep) tokenErrors(r *schema.TokenResponse, base answer) []answer {
	var list []answer
	for _, s := range e.Played.Samples {
		if s.Kind == schema.SampleTokenError {
			list = append(list, sampled(s.Response))
		}
	}
	at := or(r.ErrorCode, "error")
	if r.Error != nil {
		list = append(list, alternatives(r.Error, base, schema.Paths{at})...)
	}
	if r.Success != nil {
		ok := answer{status: http.StatusOK, header: http.Header{}, body: e.tokenSample()}
		list = append(list, neighbours(r.Success, ok, schema.Paths{at})...)
	}
	if e.Played.Requests.Errors != nil {
		for _, rule := range e.Played.Requests.Errors.Rules {
			if len(rule.When.Code) > 0 && len(rule.When.Body)+len(rule.When.Header) == 0 {
				list = append(list, alternatives(&rule.When, base, schema.Paths{at})...)
			}
			if len(rule.When.Body) > 0 && len(rule.When.Code) == 0 {
				list = append(list, alternatives(&rule.When, base, schema.Paths{at})...)
			}
		}
	}
	return list
}

// tokenError is a refusal in the shape of this provider.
func (e exchangeStep) tokenError() answer {
	for _, s := range e.Played.Samples {
		if s.Kind == schema.SampleTokenError {
			if a := sampled(s.Response); isContainer(a.body) {
				return a
			}
		}
	}
	return answer{status: http.StatusBadRequest, header: http.Header{}, body: map[string]any{"error": "invalid_grant"}}
}

func (e *Entry) tokenSample() any {
	for _, s := range e.Played.Samples {
		if s.Kind == schema.SampleToken {
			return plain(s.Response.Body)
		}
	}
	return map[string]any{"access_token": "bench", "token_type": "bearer"}
}

// refused holds that a refusal is one, and what it means.
func (e exchangeStep) refused(a answer) func(context.Context) error {
	return func(ctx context.Context) error {
		kind, failed := e.tokenKind(&a)
		if !failed {
			return nil // another condition makes it a success
		}
		kind = e.atConnecting(kind, &a)
		st, err := e.stage(setup{})
		if err != nil {
			return err
		}
		st.wire.token = func(got *answer) { *got = a.clone() }
		if _, err = st.connect(ctx, st.key); engine.ErrorKind(err) != kind {
			return fmt.Errorf("%s: got %v, want an error of kind %s", a.describe(), err, kind)
		}
		return st.nothingStored(ctx)
	}
}

// atConnecting says what a refusal of this kind means to who connects: a new consent would
// bring a code that is refused as well, and credentials which the user has typed are the
// user's to mend.
func (e exchangeStep) atConnecting(kind engine.Kind, a *answer) engine.Kind {
	code, _ := schema.At(a.body, or(e.shape().ErrorCode, "error"))
	switch {
	case !e.Played.Auth.Issues() && kind == engine.KindReauthorize:
		return engine.KindClient
	case e.Played.Auth.Issues() && kind == engine.KindClient && len(e.Played.UserCredentials()) > 0 &&
		(a.status == http.StatusUnauthorized || text(code) == "invalid_client"):
		return engine.KindReauthorize
	}
	return kind
}

// tokenKind says what an answer of the token endpoint means.
func (e exchangeStep) tokenKind(a *answer) (engine.Kind, bool) {
	r := e.Played.Auth.TokenResponse
	if r == nil {
		r = &schema.TokenResponse{}
	}
	at := or(r.ErrorCode, "error")
	code, _ := schema.At(a.body, at)
	switch {
	case a.status < 200 || a.status > 299:
	case r.Error != nil && holds(r.Error, a, schema.Paths{at}):
	case r.Success != nil && !holds(r.Success, a, schema.Paths{at}):
	case r.Success == nil && r.Error == nil && text(code) != "":
	default:
		return "", false
	}
	if e.Played.Requests.Errors != nil {
		for _, rule := range e.Played.Requests.Errors.Rules {
			if aboutBody := len(rule.When.Code)+len(rule.When.Body)+len(rule.When.Header) > 0; !aboutBody {
				continue // by status alone it is about the API
			}
			if rule.Kind != "" && holds(&rule.When, a, schema.Paths{at}) {
				return engine.Kind(rule.Kind), true
			}
		}
	}
	switch text(code) { // RFC 6749 5.2
	case "invalid_grant":
		return engine.KindReauthorize, true
	case "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request":
		return engine.KindClient, true
	case "temporarily_unavailable", "server_error":
		return engine.KindUnavailable, true
	}
	switch {
	case a.status == http.StatusTooManyRequests:
		return engine.KindRateLimited, true
	case a.status >= 500 || a.status == http.StatusRequestTimeout:
		return engine.KindUnavailable, true
	case a.status >= 400:
		return engine.KindClient, true
	}
	return engine.KindInvalidResponse, true
}
