package oauth

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// responsePaths are the places of a token answer, defaults filled in.
type responsePaths struct {
	access, refresh, scope, errorCode string
	expires                           schema.Expires
}

func (p *answers) responsePaths() responsePaths {
	d := responsePaths{access: "access_token", refresh: "refresh_token", scope: "scope", errorCode: "error", expires: schema.Expires{Path: "expires_in"}}
	t := p.Integration.Auth.TokenResponse
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
func (p *answers) tokenAnswer(t *tokenRequest, base grant.Claims, withRefresh bool) message.Answer {
	at := p.responsePaths()
	a, sampled := p.Samples.Token(t.std["grant_type"])
	if !sampled {
		a = message.Answer{Body: map[string]any{"token_type": "Bearer"}}
	}
	if text, isText := a.Body.(string); isText && sampled && message.IsXML(text) {
		return p.xmlAnswer(a, text, at, base, withRefresh)
	}
	if text, isText := a.Body.(string); isText && sampled && p.Integration.Auth.AuthMode == schema.TwoStep && text != "" {
		base.Kind = grant.KindAccess // the answer is the token itself
		a.Body = p.Issue(base, time.Duration(p.Integration.Auth.TokenLifetimeSeconds*float64(time.Second)))
		return a
	}
	lifetime, stated := p.lifetime(a.Body, sampled)
	p.putSecondary(&a, base, lifetime, withRefresh, sampled)
	p.putTokens(&a, base, at.access, at.refresh, lifetime, withRefresh, sampled)
	if stated {
		was, _ := schema.At(a.Body, at.expires.Path)
		a.Body = schema.PutAt(a.Body, at.expires.Path, expiry(at.expires, was, p.Now(), lifetime))
	} else {
		schema.RemoveAt(a.Body, at.expires.Path)
	}
	p.putScope(&a, at.scope, base.Scope, sampled)
	p.putConnection(&a)
	p.putParts(&a, base)
	if r := p.Integration.Auth.TokenResponse; r != nil {
		p.Satisfy(r.Success, &a)
	}
	if !stated {
		lifetime = 0 // a cookie does not state it either
	}
	p.moveToken(&a, at.access, lifetime)
	a.Set("Cache-Control", "no-store") // RFC 6749 5.1
	return a
}

// xmlAnswer puts tokens into a sample that is XML. All else stays as the sample has it.
func (p *answers) xmlAnswer(a message.Answer, text string, at responsePaths, c grant.Claims, withRefresh bool) message.Answer {
	c.Kind = grant.KindAccess
	text, _ = message.PutXML(text, at.access, p.Issue(c, time.Duration(p.Integration.Auth.TokenLifetimeSeconds*float64(time.Second))))
	if withRefresh {
		c.Kind, c.Serial = grant.KindRefresh, p.Grants.Next(grant.FamilyKey(c))
		text, _ = message.PutXML(text, at.refresh, p.Issue(c, 0))
	}
	a.Body = text
	if a.Header.Get("Content-Type") == "" {
		a.Set("Content-Type", "application/xml")
	}
	a.Set("Cache-Control", "no-store")
	return a
}

// moveToken puts the access token where the blueprint says that it stands, which may be no
// member of the answer but a header of it. A cookie states its lifetime, unless that is 0.
func (p *answers) moveToken(a *message.Answer, path string, lifetime time.Duration) {
	t := p.Integration.Auth.TokenResponse
	if t == nil || t.AccessTokenHeader+t.AccessTokenCookie == "" {
		return
	}
	token, _ := schema.At(a.Body, path)
	schema.RemoveAt(a.Body, path)
	if t.AccessTokenHeader != "" {
		a.Set(t.AccessTokenHeader, message.Text(token))
		return
	}
	c := http.Cookie{Name: t.AccessTokenCookie, Value: message.Text(token), Path: "/", HttpOnly: true, MaxAge: int(lifetime / time.Second)}
	a.Set("Set-Cookie", c.String())
}

// putTokens puts an access token and its refresh token in. A sample without a
// refresh token is a provider that gives none.
func (p *answers) putTokens(a *message.Answer, c grant.Claims, access, refresh string, lifetime time.Duration, withRefresh, sampled bool) {
	c.Kind = grant.KindAccess
	a.Body = schema.PutAt(a.Body, access, p.Issue(c, lifetime))
	if refresh == "" {
		return
	}
	_, gives := schema.At(a.Body, refresh)
	if !withRefresh || sampled && !gives && p.Opts.TokenLifetime == 0 {
		schema.RemoveAt(a.Body, refresh)
		return
	}
	c.Kind, c.Serial = grant.KindRefresh, p.Grants.Next(grant.FamilyKey(c))
	a.Body = schema.PutAt(a.Body, refresh, p.Issue(c, 0))
}

// putSecondary puts the further tokens of the same answer in, each with a chain
// of its own.
func (p *answers) putSecondary(a *message.Answer, base grant.Claims, lifetime time.Duration, withRefresh, sampled bool) {
	r := p.Integration.Auth.TokenResponse
	if r == nil {
		return
	}
	for name, s := range r.Secondary {
		if base.Secondary != "" { // a refresh of one of them says nothing of the others
			schema.RemoveAt(a.Body, s.AccessToken)
			schema.RemoveAt(a.Body, s.RefreshToken)
			continue
		}
		c := base
		c.Secondary = name
		p.putTokens(a, c, s.AccessToken, s.RefreshToken, lifetime, withRefresh, sampled)
	}
}

// lifetime says how long access tokens live, 0 for ever, and whether the answer
// states it; see [Options.TokenLifetime].
func (p *answers) lifetime(sample any, sampled bool) (d time.Duration, stated bool) {
	if p.Opts.TokenLifetime > 0 {
		return p.Opts.TokenLifetime, true
	}
	fixed := time.Duration(p.Integration.Auth.TokenLifetimeSeconds * float64(time.Second))
	at := p.responsePaths().expires
	value, has := schema.At(sample, at.Path)
	switch {
	case sampled && has && value != nil:
		if n, err := strconv.ParseFloat(message.Text(value), 64); err == nil && n > 0 && at.Kind != "at" {
			return time.Duration(n * float64(unit(at))), true
		}
		return time.Hour, true
	case sampled && fixed == 0 && p.Integration.Auth.IntrospectionURL != "":
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
		if message.IsText(was) {
			if _, err := strconv.ParseFloat(message.Text(was), 64); err != nil {
				return end.UTC().Format(time.RFC3339)
			}
		}
		n = end.UnixMilli() / unit(e).Milliseconds()
	} else {
		n = int64(lifetime / unit(e))
	}
	if message.IsText(was) {
		return strconv.FormatInt(n, 10)
	}
	return json.Number(strconv.FormatInt(n, 10))
}

func (p *answers) putScope(a *message.Answer, path, scope string, sampled bool) {
	was, has := schema.At(a.Body, path)
	if sampled && !has || !sampled && scope == "" {
		return
	}
	if _, list := was.([]any); list {
		scopes := []any{}
		for s := range strings.SplitSeq(scope, p.Integration.Auth.Separator()) {
			if s != "" {
				scopes = append(scopes, s)
			}
		}
		a.Body = schema.PutAt(a.Body, path, scopes)
		return
	}
	a.Body = schema.PutAt(a.Body, path, scope)
}

// putConnection adds what a connection takes from the token answer and no sample
// shows.
func (p *answers) putConnection(a *message.Answer) {
	for name, field := range p.Integration.Connection {
		if field.From != schema.FromTokenResponse || field.Optional {
			continue
		}
		path := field.Path
		if path == "" {
			path = name
		}
		if _, has := schema.At(a.Body, path); has {
			continue
		}
		var value any = match.ExampleOf(name, field.Field)
		if field.Format == "integer" {
			value = json.Number(message.Text(value))
		}
		a.Body = schema.PutAt(a.Body, path, value)
	}
}
