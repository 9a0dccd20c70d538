package token

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/schema"
)

// Unanswered explains an answer that could not be had or read.
func (o *Operation) Unanswered(got *oauthwire.Answer, err error) error {
	if errors.Is(err, oauthwire.ErrInsecure) {
		return &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: fault.KindClient, Err: err}
	}
	if got == nil {
		if refused, ok := errors.AsType[*layer.RefusedError](err); ok {
			return &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: fault.KindUnsupported, Detail: "the token request was not sent: " + refused.Reason}
		}
		if errors.Is(err, context.Canceled) {
			return context.Canceled // net/http's own names the URL, query included
		}
		return &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: fault.KindUnavailable, Detail: o.place + " did not answer", Err: fault.WithoutURL(err)}
	}
	if redirects(got) {
		return o.redirected(got)
	}
	kind := cmp.Or(KindOfStatus(got.Status), fault.KindInvalidResponse)
	if errors.Is(err, oauthwire.ErrNotJSON) || errors.Is(err, oauthwire.ErrNotXML) || errors.Is(err, oauthwire.ErrTooLarge) {
		return &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: kind, Status: got.Status, Err: err}
	}
	return &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: fault.KindUnavailable, Status: got.Status, Detail: "the token answer broke off", Err: fault.WithoutURL(err)}
}

func redirects(a *oauthwire.Answer) bool {
	return a.Status >= 300 && a.Status < 400 && a.Header.Get("Location") != ""
}

// redirected says that the endpoint has moved, and where to: its host and path.
func (o *Operation) redirected(a *oauthwire.Answer) error {
	where := ""
	if u, err := url.Parse(a.Header.Get("Location")); err == nil {
		where = " to " + u.Host + u.EscapedPath()
	}
	return &fault.Error{
		Op: o.Name, Key: o.Conn.Key, Kind: fault.KindInvalidResponse, Status: a.Status,
		Detail: o.place + " redirects, which is not followed: its URL in the file should be where it leads", Err: errors.New("a redirect" + where),
	}
}

// KindOfStatus gives a token endpoint's status a kind where its body gives
// none; "" for success and redirects.
func KindOfStatus(status int) fault.Kind {
	switch {
	case status == http.StatusTooManyRequests:
		return fault.KindRateLimited
	case status >= 500, status == http.StatusRequestTimeout:
		return fault.KindUnavailable
	case status >= 400:
		return fault.KindClient
	}
	return ""
}

// Refused makes an error of a failed answer: by the integration's own rules,
// else by the codes of RFC 6749 5.2, else by the status; never by text. The rules
// come first because servers bend the codes (X and Zoom call a dead refresh token
// invalid_request).
func (o *Operation) Refused(a *oauthwire.Answer, code string) error {
	kind := o.ruledKind(a)
	if kind == "" {
		kind = kindOfCode(code)
	}
	if kind == "" && redirects(a) {
		return o.redirected(a)
	}
	if kind == "" {
		kind = KindOfStatus(a.Status)
	}
	if kind == "" {
		kind = fault.KindInvalidResponse
	}
	return &fault.Error{
		Op: o.Name, Key: o.Conn.Key, Kind: kind, Status: a.Status, Code: fault.ReadableCode(code), Message: o.wordsOf(a),
		Detail: o.place + " refused", RetryAfter: RetryAfter(a.Header),
	}
}

// wordsOf returns what a failed answer says to a person, still to be masked by [Scrub].
func (o *Operation) wordsOf(a *oauthwire.Answer) string {
	var declared schema.Paths
	if e := o.In.Requests.Errors; e != nil {
		declared = e.Message
	}
	return fault.WordsIn(map[string]any(a.Doc), declared)
}

func kindOfCode(code string) fault.Kind {
	switch code {
	case "invalid_grant":
		return fault.KindReauthorize
	case "login_required", "interaction_required", "consent_required", "account_selection_required":
		return fault.KindReauthorize // the user has to do something (OpenID Connect Core 3.1.2.6)
	case "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request":
		return fault.KindClient
	case "temporarily_unavailable", "server_error":
		return fault.KindUnavailable
	}
	return ""
}

// RetryAfter returns what a Retry-After of h asks for, or 0.
func RetryAfter(h http.Header) time.Duration {
	wait, _ := answer.RetryAfter(h, time.Now())
	return wait
}

// ruledKind returns the kind that requests.errors gives the answer, or "". A rule
// by status alone is about the API: there 401 speaks of the token, while at a token
// endpoint it speaks of the client (RFC 6749 5.2), and a wrong client secret must
// not end connections.
func (o *Operation) ruledKind(a *oauthwire.Answer) fault.Kind {
	if o.In.Requests.Errors == nil {
		return ""
	}
	matches := o.matcher(a)
	for _, rule := range o.In.Requests.Errors.Rules {
		w := &rule.When
		if len(w.Code)+len(w.Body)+len(w.Header) == 0 {
			continue
		}
		if rule.Kind != "" && matches(rule.When) {
			return fault.Kind(rule.Kind)
		}
	}
	return ""
}

// matcher evaluates conditions on a token answer.
func (o *Operation) matcher(a *oauthwire.Answer) func(schema.Condition) bool {
	path := "error"
	if o.In.Auth.TokenResponse != nil && o.In.Auth.TokenResponse.ErrorCode != "" {
		path = o.In.Auth.TokenResponse.ErrorCode
	}
	said := schema.Answer{
		Status: a.Status,
		Header: a.Header.Values,
		Doc:    func() any { return map[string]any(a.Doc) },
		Code: func() string {
			code, _ := schema.TextAt(map[string]any(a.Doc), path)
			return code
		},
	}
	return func(c schema.Condition) bool { return c.Matches(said) }
}

// RefusedCode says of a refused exchange that connecting again heals nothing: the code
// was new, and the next one is refused for the same reason (another client, another
// redirect URL, a policy of the provider's). A caller who obeyed "reauthorize" would
// send the user round for ever.
func RefusedCode(err error) error {
	return fault.Amend(err, func(e *fault.Error) {
		if e.Kind == fault.KindReauthorize {
			e.Kind = fault.KindClient
		}
	})
}

// Blame says whose the refused credentials are: where each connection brings its
// own, a refusal is its user's to mend and not the operator's.
func (o *Operation) Blame(err error) error {
	refused, ok := errors.AsType[*fault.Error](err)
	if !ok || refused.Kind != fault.KindClient || len(o.In.UserCredentials()) == 0 || o.In.Auth.AuthMode == schema.OAuth2 && !o.In.ClientByConnection() {
		return err
	}
	if refused.Code != "invalid_client" && refused.Status != http.StatusUnauthorized {
		return err
	}
	return fault.Mean(err, fault.KindReauthorize, o.place+" refused the connection's credentials")
}
