package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// responsePaths are the places of a token answer, defaults filled in.
type responsePaths struct {
	access, refresh, scope, errorCode string
	expires                           schema.Expires
}

func (p *Provider) responsePaths() responsePaths {
	d := responsePaths{access: "access_token", refresh: "refresh_token", scope: "scope", errorCode: "error", expires: schema.Expires{Path: "expires_in"}}
	t := p.integration.Auth.TokenResponse
	if t == nil {
		return d
	}
	for _, e := range []struct {
		to   *string
		from string
	}{{&d.access, t.AccessToken}, {&d.refresh, t.RefreshToken}, {&d.scope, t.Scope}, {&d.errorCode, t.ErrorCode}} {
		if e.from != "" {
			*e.to = e.from
		}
	}
	if t.Expires != nil {
		d.expires = *t.Expires
	}
	return d
}

// tokenAnswer issues tokens for base in the shape of the integration: its token
// sample, if it has one, with the tokens put in.
func (p *Provider) tokenAnswer(t *tokenRequest, base claims, withRefresh bool) answer {
	at := p.responsePaths()
	a, sampled := p.samples.token(t.std["grant_type"])
	if !sampled {
		a = answer{body: map[string]any{"token_type": "Bearer"}}
	}
	lifetime, stated := p.lifetime(a.body, sampled)
	p.putSecondary(&a, base, lifetime, withRefresh, sampled)
	p.putTokens(&a, base, at.access, at.refresh, lifetime, withRefresh, sampled)
	if stated {
		was, _ := lookup(a.body, at.expires.Path)
		a.body = put(a.body, at.expires.Path, expiry(at.expires, was, p.now(), lifetime))
	} else {
		remove(a.body, at.expires.Path)
	}
	p.putScope(&a, at.scope, base.Scope, sampled)
	p.putConnection(&a)
	p.putParts(&a, base)
	if r := p.integration.Auth.TokenResponse; r != nil {
		p.satisfy(r.Success, &a)
	}
	a.set("Cache-Control", "no-store") // RFC 6749 5.1
	return a
}

// putTokens puts an access token and its refresh token in. A sample without a
// refresh token is a provider that gives none.
func (p *Provider) putTokens(a *answer, c claims, access, refresh string, lifetime time.Duration, withRefresh, sampled bool) {
	c.Kind = kindAccess
	a.body = put(a.body, access, p.issue(c, lifetime))
	if refresh == "" {
		return
	}
	_, gives := lookup(a.body, refresh)
	if !withRefresh || sampled && !gives && p.opts.TokenLifetime == 0 {
		remove(a.body, refresh)
		return
	}
	c.Kind, c.Serial = kindRefresh, p.grants.next(familyKey(c))
	a.body = put(a.body, refresh, p.issue(c, 0))
}

// putSecondary puts the further tokens of the same answer in, each with a chain
// of its own.
func (p *Provider) putSecondary(a *answer, base claims, lifetime time.Duration, withRefresh, sampled bool) {
	r := p.integration.Auth.TokenResponse
	if r == nil {
		return
	}
	for name, s := range r.Secondary {
		if base.Secondary != "" { // a refresh of one of them says nothing of the others
			remove(a.body, s.AccessToken)
			remove(a.body, s.RefreshToken)
			continue
		}
		c := base
		c.Secondary = name
		p.putTokens(a, c, s.AccessToken, s.RefreshToken, lifetime, withRefresh, sampled)
	}
}

// lifetime says how long access tokens live, 0 for ever, and whether the answer
// states it; see [Options.TokenLifetime].
func (p *Provider) lifetime(sample any, sampled bool) (d time.Duration, stated bool) {
	if p.opts.TokenLifetime > 0 {
		return p.opts.TokenLifetime, true
	}
	fixed := time.Duration(p.integration.Auth.TokenLifetimeSeconds * float64(time.Second))
	at := p.responsePaths().expires
	value, has := lookup(sample, at.Path)
	switch {
	case sampled && has && value != nil:
		if n, err := strconv.ParseFloat(text(value), 64); err == nil && n > 0 && at.Kind != "at" {
			return time.Duration(n * float64(unit(at))), true
		}
		return time.Hour, true
	case sampled && fixed == 0 && p.integration.Auth.IntrospectionURL != "":
		return time.Hour, false // to be asked for
	case sampled || fixed > 0:
		return fixed, false
	}
	return time.Hour, true
}

func unit(e schema.Expires) time.Duration {
	if e.Unit == "ms" {
		return time.Millisecond
	}
	return time.Second
}

// expiry writes the end of a token as e says, in the type of what the sample has.
func expiry(e schema.Expires, was any, now time.Time, lifetime time.Duration) any {
	var n int64
	if e.Kind == "at" {
		end := now.Add(lifetime)
		if isText(was) {
			if _, err := strconv.ParseFloat(text(was), 64); err != nil {
				return end.UTC().Format(time.RFC3339)
			}
		}
		n = end.UnixMilli() / unit(e).Milliseconds()
	} else {
		n = int64(lifetime / unit(e))
	}
	if isText(was) {
		return strconv.FormatInt(n, 10)
	}
	return json.Number(strconv.FormatInt(n, 10))
}

func (p *Provider) putScope(a *answer, path, scope string, sampled bool) {
	was, has := lookup(a.body, path)
	if sampled && !has || !sampled && scope == "" {
		return
	}
	if _, list := was.([]any); list {
		scopes := []any{}
		for s := range strings.SplitSeq(scope, p.integration.Auth.Separator()) {
			if s != "" {
				scopes = append(scopes, s)
			}
		}
		a.body = put(a.body, path, scopes)
		return
	}
	a.body = put(a.body, path, scope)
}

// putConnection adds what a connection takes from the token answer and no sample
// shows.
func (p *Provider) putConnection(a *answer) {
	for name, field := range p.integration.Connection {
		if field.From != schema.FromTokenResponse || field.Optional {
			continue
		}
		path := field.Path
		if path == "" {
			path = name
		}
		if _, has := lookup(a.body, path); has {
			continue
		}
		var value any = exampleOf(name, field.Field)
		if field.Format == "integer" {
			value = json.Number(text(value))
		}
		a.body = put(a.body, path, value)
	}
}

// tokenError answers a refused token request in the provider's shape, or as
// RFC 6749 5.2 says.
func (p *Provider) tokenError(ref *refusal) answer {
	at := p.responsePaths()
	a, sampled := p.sampledTokenError(ref.code, at.errorCode)
	if ref.code == "invalid_grant" && p.endsGrant(&a) {
		a.set("Cache-Control", "no-store")
		return ref.mark(a)
	}
	was, _ := lookup(a.body, at.errorCode)
	if !sampled {
		a = answer{status: ref.status, body: map[string]any{}}
	}
	if a.code() >= 400 && text(was) != ref.code {
		a.status = ref.status // the sample shows another error
	}
	a.body = put(a.body, at.errorCode, p.errorCode(ref.code, was))
	if r := p.integration.Auth.TokenResponse; r != nil {
		p.satisfy(r.Error, &a)
	}
	if _, ok := a.body.(map[string]any); ok {
		a.body = put(a.body, describePath(a.body, at.errorCode), "sandbox: "+ref.reason)
	}
	if a.code() == http.StatusUnauthorized && ref.code == "invalid_client" {
		a.set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q", "sandbox"))
	}
	a.set("Cache-Control", "no-store")
	return ref.mark(a)
}

// sampledTokenError returns the sample nearest to a refusal. Of several, the end of
// a grant is the one to which the blueprint gives that meaning.
func (p *Provider) sampledTokenError(code, codePath string) (answer, bool) {
	if code != "invalid_grant" {
		return p.samples.tokenError(code)
	}
	for _, near := range []func(*answer) bool{p.endsGrant, func(a *answer) bool {
		was, _ := lookup(a.body, codePath)
		return text(was) != code && p.errorCode(code, was) == was
	}} {
		for _, one := range p.samples.tokenErrors {
			if near(&one.answer) {
				return one.answer.copy(), true
			}
		}
	}
	return p.samples.tokenError(code)
}

// endsGrant reports whether an answer is, word for word, what the blueprint takes
// for the end of a grant: X tells it by the description alone.
func (p *Provider) endsGrant(a *answer) bool {
	e := p.integration.Requests.Errors
	return e != nil && a.body != nil && slices.ContainsFunc(e.Rules, func(r schema.ErrorRule) bool {
		return r.Kind == "reauthorize" && len(r.When.Body) > 1 && p.matches(&r.When, a)
	})
}

// errorCode returns the code to answer with: the provider's own where the sample
// has one that the blueprint gives a meaning to, else that of the RFC.
func (p *Provider) errorCode(code string, was any) any {
	if isNumber(was) {
		return was
	}
	e := p.integration.Requests.Errors
	if code == "invalid_grant" && e != nil && isText(was) && slices.ContainsFunc(e.Rules, func(r schema.ErrorRule) bool {
		return r.Kind == "reauthorize" && (r.When.Code.Has(text(was)) || slices.ContainsFunc(bodyValues(r.When.Body), func(v any) bool { return v == was }))
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
		path := beside(codePath, name)
		if v, ok := lookup(body, path); ok && isText(v) {
			return path
		}
	}
	return beside(codePath, "error_description")
}
