package engine

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/condition"
	"github.com/nango-lite/nango-lite/engine/internal/jsonpath"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/schema"
)

// tokenTimeout bounds one call of a token endpoint.
const tokenTimeout = 30 * time.Second

// Exchange finishes the flow that p started, given the query of the callback,
// and stores the connection. The code is sent once: a failed exchange needs a
// new authorization. Nothing is stored unless everything went well.
//
// It fails with KindState if the callback belongs to another flow, came too late
// or came before; with KindDenied if the user or the provider said no; with
// KindClient if the provider refuses the client; with KindInvalidResponse if the
// answer has no usable token.
func (e *Engine) Exchange(ctx context.Context, p *Pending, callback url.Values) (*Connection, error) {
	const op = "exchange"
	start := e.opts.Now()
	c, err := e.exchange(ctx, op, p, callback)
	ev := Event{Kind: EventExchange, Key: p.Key, Duration: e.opts.Now().Sub(start), Reason: "the code was exchanged for a token", Err: err}
	if err != nil {
		ev.Reason = "the code was not exchanged"
	} else {
		ev.Reason += describeToken(&c.Credentials.Token, e.opts.Now())
	}
	e.emit(ctx, ev)
	return c, err
}

func (e *Engine) exchange(ctx context.Context, op string, p *Pending, callback url.Values) (*Connection, error) {
	in, err := e.integration(p.Key.Integration)
	if err != nil {
		return nil, err
	}
	if err := in.needsOAuth2Client(op, p.Key); err != nil {
		return nil, err
	}
	if err := e.checkCallback(op, in, p, callback); err != nil {
		return nil, err
	}
	c := &Connection{
		Key: p.Key, Status: StatusActive, Fields: maps.Clone(p.Fields), Metadata: p.Metadata,
		Credentials: Credentials{Type: schema.OAuth2, Fields: maps.Clone(p.SecretFields)},
	}
	if err := in.takeFields(op, c, schema.FromCallback, func(path string) (string, bool) {
		return callback.Get(path), callback.Get(path) != ""
	}); err != nil {
		return nil, err
	}
	params := map[string]string{"grant_type": "authorization_code", "code": callback.Get("code"), "redirect_uri": p.RedirectURL}
	if p.Verifier.IsSet() {
		params["code_verifier"] = p.Verifier.Reveal()
	}
	answer, err := e.redeem(ctx, op, in, c, in.auth.tokenURL, params, in.auth.tokenParams)
	if err != nil {
		return nil, err
	}
	if err := in.takeToken(op, c, answer, p.Scopes, e.opts.Now()); err != nil {
		return nil, err
	}
	return c, e.put(ctx, op, c)
}

// checkCallback accepts a callback that belongs to p, once, and carries a code.
func (e *Engine) checkCallback(op string, in *integration, p *Pending, callback url.Values) error {
	fail := func(kind Kind, detail string) error {
		return &Error{Op: op, Key: p.Key, Kind: kind, Detail: detail}
	}
	now := e.opts.Now()
	state := callback.Get("state")
	switch {
	case state == "":
		return fail(KindState, "the callback has no state")
	case !p.State.IsSet() || !p.State.Equal(schema.NewSecret(state)):
		return fail(KindState, "the callback's state is not the one that was sent")
	case now.After(p.ExpiresAt):
		return fail(KindState, "the authorization was started too long ago")
	case !e.used.claim(p.State, p.ExpiresAt, now):
		return fail(KindState, "the callback has been used before")
	}
	if iss := callback.Get("iss"); iss != "" && in.Auth.Issuer != "" && iss != in.Auth.Issuer { // RFC 9207
		return fail(KindState, "the callback comes from another issuer")
	}
	if code := callback.Get("error"); code != "" {
		kind := KindClient // invalid_request, unauthorized_client, unsupported_response_type, invalid_scope
		switch code {
		case "access_denied":
			kind = KindDenied
		case "server_error", "temporarily_unavailable":
			kind = KindUnavailable
		}
		return &Error{Op: op, Key: p.Key, Kind: kind, Code: scrubCode(code), Detail: "the provider did not grant the authorization"}
	}
	if callback.Get("code") == "" {
		return fail(KindInvalidResponse, "the callback has neither code nor error")
	}
	return nil
}

// redeem calls the token endpoint at to, with extra over params except for what
// is fixed, and returns a successful answer.
func (e *Engine) redeem(ctx context.Context, op string, in *integration, c *Connection, to schema.Template, params map[string]string, extra templateMap) (*oauthwire.Answer, error) {
	r, err := in.tokenRequest(c, to, params, extra)
	if err != nil {
		return nil, &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "the token request cannot be built", Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, tokenTimeout)
	defer cancel()
	answer, err := oauthwire.Do(ctx, e.tokens, r)
	if err != nil {
		return nil, tokenFailure(op, c.Key, answer, err)
	}
	if code, failed := oauthwire.ErrorCode(answer, in.Auth.TokenResponse, in.tokenMatcher(answer)); failed {
		return nil, in.refused(op, c.Key, answer, code)
	}
	return answer, nil
}

// tokenFailure explains an answer that could not be had or read.
func tokenFailure(op string, k Key, answer *oauthwire.Answer, err error) error {
	if errors.Is(err, oauthwire.ErrInsecure) {
		return &Error{Op: op, Key: k, Kind: KindClient, Err: err}
	}
	if answer == nil {
		if errors.Is(err, context.Canceled) {
			return err
		}
		return &Error{Op: op, Key: k, Kind: KindUnavailable, Detail: "the token endpoint did not answer", Err: scrubError(err)}
	}
	kind := kindOfStatus(answer.Status)
	if kind == "" {
		kind = KindInvalidResponse
	}
	if errors.Is(err, oauthwire.ErrNotJSON) || errors.Is(err, oauthwire.ErrTooLarge) {
		return &Error{Op: op, Key: k, Kind: kind, Status: answer.Status, Err: err}
	}
	return &Error{Op: op, Key: k, Kind: KindUnavailable, Status: answer.Status, Detail: "the token answer broke off", Err: scrubError(err)}
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

// refused makes an error of a failed answer, by the codes of RFC 6749 5.2 and
// the integration's own rules, never by text.
func (in *integration) refused(op string, k Key, a *oauthwire.Answer, code string) error {
	e := &Error{Op: op, Key: k, Status: a.Status, Code: scrubCode(code), Detail: "the token endpoint refused", RetryAfter: retryAfter(a.Header)}
	switch code {
	case "invalid_grant":
		e.Kind = KindReauthorize
	case "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request":
		e.Kind = KindClient
	case "temporarily_unavailable", "server_error":
		e.Kind = KindUnavailable
	default:
		e.Kind = in.tokenErrorKind(a)
	}
	return e
}

func (in *integration) tokenErrorKind(a *oauthwire.Answer) Kind {
	if in.Requests.Errors != nil {
		matches := in.tokenMatcher(a)
		for _, rule := range in.Requests.Errors.Rules {
			if rule.Kind != "" && matches(rule.When) {
				return Kind(rule.Kind)
			}
		}
	}
	if kind := kindOfStatus(a.Status); kind != "" {
		return kind
	}
	return KindInvalidResponse
}

// takeToken moves the token of a successful answer into c. What the answer does
// not repeat is kept: the refresh token (RFC 6749 6), scopes, raw values.
func (in *integration) takeToken(op string, c *Connection, a *oauthwire.Answer, asked []string, now time.Time) error {
	got, ok := oauthwire.Read(a, in.Auth.TokenResponse, now)
	if !ok {
		return &Error{Op: op, Key: c.Key, Kind: KindInvalidResponse, Status: a.Status, Detail: "the token answer has no access token"}
	}
	if !in.acceptsTokenType(got.TokenType) {
		return &Error{Op: op, Key: c.Key, Kind: KindInvalidResponse, Status: a.Status, Detail: "the token answer has an unknown token_type (RFC 6749 7.1)"}
	}
	old := c.Credentials.Token
	t := tokenOf(got, old, now)
	if t.ExpiresAt.IsZero() && in.Auth.TokenLifetimeSeconds > 0 {
		t.ExpiresAt = now.Add(time.Duration(in.Auth.TokenLifetimeSeconds * float64(time.Second)))
	}
	switch {
	case got.Scopes != nil:
	case old.Scopes != nil:
		t.Scopes = old.Scopes
	default:
		t.Scopes = asked
	}
	t.Raw = overlay(old.Raw, a.Doc)
	c.Credentials.Token = t
	return in.takeFields(op, c, schema.FromTokenResponse, t.RawValue)
}

func tokenOf(got oauthwire.Token, old Token, now time.Time) Token {
	t := Token{AccessToken: schema.NewSecret(got.AccessToken), TokenType: got.TokenType, RefreshToken: old.RefreshToken, ObtainedAt: now, ExpiresAt: got.ExpiresAt, Scopes: got.Scopes, Secondary: maps.Clone(old.Secondary)}
	if got.RefreshToken != "" {
		t.RefreshToken = schema.NewSecret(got.RefreshToken)
	}
	for name, s := range got.Secondary {
		if t.Secondary == nil {
			t.Secondary = map[string]Token{}
		}
		t.Secondary[name] = tokenOf(s, old.Secondary[name], now)
	}
	return t
}

// acceptsTokenType reports whether the token is one that is sent as it stands.
// An absent type is taken for Bearer: many servers leave it out.
func (in *integration) acceptsTokenType(tokenType string) bool {
	if tokenType == "" || strings.EqualFold(tokenType, "bearer") {
		return true
	}
	if in.Auth.TokenResponse != nil {
		for _, t := range in.Auth.TokenResponse.TokenTypes {
			if strings.EqualFold(tokenType, t) {
				return true
			}
		}
	}
	return false
}

// overlay returns doc laid over the JSON object old, key by key.
func overlay(old schema.Secret, doc map[string]any) schema.Secret {
	merged := map[string]any{}
	if !old.Empty() {
		d := json.NewDecoder(strings.NewReader(old.Reveal()))
		d.UseNumber()
		_ = d.Decode(&merged) // our own encoding
	}
	maps.Copy(merged, doc)
	b, _ := json.Marshal(merged) // decoded JSON always marshals
	return schema.NewSecret(string(b))
}

// takeFields fills the connection fields that come from the given source. A
// missing one is an error unless it is optional, has a default, or is there
// already.
func (in *integration) takeFields(op string, c *Connection, from string, get func(path string) (string, bool)) error {
	for name, f := range in.Connection {
		if f.From != from {
			continue
		}
		path := f.Path
		if path == "" {
			path = name
		}
		v, ok := get(path)
		if !ok || v == "" {
			if _, kept := in.value(c, "connection."+name); kept || f.Optional {
				continue
			}
			return &Error{Op: op, Key: c.Key, Kind: KindInvalidResponse, Detail: "no value for connection." + name + " in the " + strings.ReplaceAll(from, "_", " ")}
		}
		if reason := misfit(f.Field, in.auth.patterns["connection."+name], v); reason != "" {
			return &Error{Op: op, Key: c.Key, Kind: KindInvalidResponse, Detail: "connection." + name + " from the " + strings.ReplaceAll(from, "_", " ") + " " + reason}
		}
		if f.Secret {
			if c.Credentials.Fields == nil {
				c.Credentials.Fields = map[string]schema.Secret{}
			}
			c.Credentials.Fields["connection."+name] = schema.NewSecret(v)
			continue
		}
		if c.Fields == nil {
			c.Fields = map[string]string{}
		}
		c.Fields[name] = v
	}
	return nil
}

// tokenMatcher evaluates conditions on a token answer.
func (in *integration) tokenMatcher(a *oauthwire.Answer) func(schema.Condition) bool {
	path := "error"
	if in.Auth.TokenResponse != nil && in.Auth.TokenResponse.ErrorCode != "" {
		path = in.Auth.TokenResponse.ErrorCode
	}
	answer := condition.Answer{
		Status: a.Status,
		Header: a.Header,
		Doc:    func() any { return map[string]any(a.Doc) },
		Code: func() string {
			code, _ := jsonpath.Text(map[string]any(a.Doc), path)
			return code
		},
	}
	return func(c schema.Condition) bool { return condition.Match(c, answer) }
}
