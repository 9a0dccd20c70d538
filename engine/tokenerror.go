package engine

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/schema"
)

// tokenFailure explains an answer that could not be had or read.
func tokenFailure(op string, k Key, answer *oauthwire.Answer, err error) error {
	if errors.Is(err, oauthwire.ErrInsecure) {
		return &Error{Op: op, Key: k, Kind: KindClient, Err: err}
	}
	if answer == nil {
		if refused, ok := errors.AsType[*layer.RefusedError](err); ok {
			return &Error{Op: op, Key: k, Kind: KindUnsupported, Detail: "the token request was not sent: " + refused.Reason}
		}
		if errors.Is(err, context.Canceled) {
			return context.Canceled // net/http's own names the URL, query included
		}
		return &Error{Op: op, Key: k, Kind: KindUnavailable, Detail: "the token endpoint did not answer", Err: fault.WithoutURL(err)}
	}
	kind := kindOfStatus(answer.Status)
	if kind == "" {
		kind = KindInvalidResponse
	}
	if errors.Is(err, oauthwire.ErrNotJSON) || errors.Is(err, oauthwire.ErrNotXML) || errors.Is(err, oauthwire.ErrTooLarge) {
		return &Error{Op: op, Key: k, Kind: kind, Status: answer.Status, Err: err}
	}
	return &Error{Op: op, Key: k, Kind: KindUnavailable, Status: answer.Status, Detail: "the token answer broke off", Err: fault.WithoutURL(err)}
}

// askedAt says of the failure of a request which endpoint it went to, where that is
// not the token endpoint.
func askedAt(endpoint string, err error) error {
	return fault.Amend(err, func(e *Error) { e.Detail = strings.Replace(e.Detail, "the token endpoint", endpoint, 1) })
}

// kindOfStatus gives a token endpoint's status a kind where its body gives
// none; "" for success and redirects.
func kindOfStatus(status int) Kind {
	switch {
	case status == http.StatusTooManyRequests:
		return KindRateLimited
	case status >= 500, status == http.StatusRequestTimeout:
		return KindUnavailable
	case status >= 400:
		return KindClient
	}
	return ""
}

// refused makes an error of a failed answer: by the integration's own rules,
// else by the codes of RFC 6749 5.2, else by the status; never by text. The rules
// come first because servers bend the codes (X and Zoom call a dead refresh token
// invalid_request).
func (in *integration) refused(op string, k Key, a *oauthwire.Answer, code string) error {
	kind := in.ruledKind(a)
	if kind == "" {
		kind = kindOfCode(code)
	}
	if kind == "" {
		kind = kindOfStatus(a.Status)
	}
	if kind == "" {
		kind = KindInvalidResponse
	}
	return &Error{Op: op, Key: k, Kind: kind, Status: a.Status, Code: fault.ReadableCode(code), Detail: "the token endpoint refused", RetryAfter: retryAfter(a.Header)}
}

func kindOfCode(code string) Kind {
	switch code {
	case "invalid_grant":
		return KindReauthorize
	case "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request":
		return KindClient
	case "temporarily_unavailable", "server_error":
		return KindUnavailable
	}
	return ""
}

// ruledKind returns the kind that requests.errors gives the answer, or "". A rule
// by status alone is about the API: there 401 speaks of the token, while at a token
// endpoint it speaks of the client (RFC 6749 5.2), and a wrong client secret must
// not end connections.
func (in *integration) ruledKind(a *oauthwire.Answer) Kind {
	if in.Requests.Errors == nil {
		return ""
	}
	matches := in.tokenMatcher(a)
	for _, rule := range in.Requests.Errors.Rules {
		w := &rule.When
		if len(w.Code)+len(w.Body)+len(w.Header) == 0 {
			continue
		}
		if rule.Kind != "" && matches(rule.When) {
			return Kind(rule.Kind)
		}
	}
	return ""
}

// tokenMatcher evaluates conditions on a token answer.
func (in *integration) tokenMatcher(a *oauthwire.Answer) func(schema.Condition) bool {
	path := "error"
	if in.Auth.TokenResponse != nil && in.Auth.TokenResponse.ErrorCode != "" {
		path = in.Auth.TokenResponse.ErrorCode
	}
	answer := schema.Answer{
		Status: a.Status,
		Header: a.Header.Values,
		Doc:    func() any { return map[string]any(a.Doc) },
		Code: func() string {
			code, _ := schema.TextAt(map[string]any(a.Doc), path)
			return code
		},
	}
	return func(c schema.Condition) bool { return c.Matches(answer) }
}
