package lint

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// tokenSamples: what the token endpoint answers must be where token_response says.
func tokenSamples(v *version) {
	samples := v.of(schema.SampleToken)
	switch v.Auth.AuthMode {
	case schema.OAuth2:
		if len(samples) == 0 {
			v.missing(schema.SampleToken, "which shows what a user's consent yields")
		}
		for i, s := range samples {
			newTokenSample(v, i, s.Response).token()
		}
		for i, s := range v.of(schema.SampleTokenError) {
			newTokenSample(v, i, s.Response).failure()
		}
	case schema.OAuth1:
		for i, s := range samples {
			text, _ := s.Response.Body.(string)
			if form, err := url.ParseQuery(text); err != nil || form.Get("oauth_token") == "" || form.Get("oauth_token_secret") == "" {
				v.report("sample-token", sampleAt(i, ".response.body"), "this is no form with oauth_token and oauth_token_secret", "")
			}
		}
	}
}

// A tokenSample is one answer of the token endpoint, and where its parts stand.
type tokenSample struct {
	*version
	index  int
	at     schema.TokenResponse
	answer schema.SampleResponse
}

func newTokenSample(v *version, index int, answer schema.SampleResponse) *tokenSample {
	s := &tokenSample{version: v, index: index, answer: answer}
	if v.Auth.TokenResponse != nil {
		s.at = *v.Auth.TokenResponse
	}
	s.at.AccessToken = cmp.Or(s.at.AccessToken, "access_token")
	s.at.ErrorCode = cmp.Or(s.at.ErrorCode, "error")
	return s
}

// wrong reports something about the answer's body.
func (s *tokenSample) wrong(message, hint string) {
	s.report("sample-token", sampleAt(s.index, ".response.body"), message, hint)
}

// denied reports whether token_response says of the answer that it is no success.
func (s *tokenSample) denied() bool {
	code := schema.Paths{s.at.ErrorCode}
	return s.at.Success != nil && !matches(*s.at.Success, s.answer, code) || s.at.Error != nil && matches(*s.at.Error, s.answer, code)
}

// token checks an answer that has a token.
func (s *tokenSample) token() {
	t, r, report := &s.at, &s.answer, s.wrong
	if text, ok := schema.TextAt(r.Body, t.AccessToken); !ok || text == "" {
		report(fmt.Sprintf("no access token at %q", t.AccessToken), "auth.token_response.access_token says where it stands")
	}
	paths := map[string]string{"auth.token_response.refresh_token": t.RefreshToken, "auth.token_response.scope": t.Scope}
	for name, second := range t.Secondary {
		paths["auth.token_response.secondary."+name+".access_token"] = second.AccessToken
		paths["auth.token_response.secondary."+name+".refresh_token"] = second.RefreshToken
	}
	for name, f := range s.Connection {
		if f.From == schema.FromTokenResponse && !f.Optional && f.Default == "" {
			paths["connection."+name] = f.Path
			if f.Path == "" {
				paths["connection."+name] = name
			}
		}
	}
	for _, by := range slices.Sorted(maps.Keys(paths)) {
		if p := paths[by]; p != "" {
			if _, ok := schema.At(r.Body, p); !ok {
				report(fmt.Sprintf("nothing at %q, where %s looks", p, by), "")
			}
		}
	}
	if text, ok := schema.TextAt(r.Body, "token_type"); ok && !strings.EqualFold(text, "bearer") && !slices.Contains(t.TokenTypes, text) {
		report(fmt.Sprintf("token_type %q is neither bearer nor one of auth.token_response.token_types", text), "")
	}
	if statusOf(*r) >= 300 || s.denied() {
		report("this answer would not count as success", "")
	}
	s.expiry()
}

var expiry = lazyregexp.New(`(?i)^(expir|token_expir|access_token_expir)`)

// expiry: a lifetime that nobody reads makes tokens die in use.
func (s *tokenSample) expiry() {
	t, body, report := &s.at, s.answer.Body, s.wrong
	_, standard := schema.TextAt(body, "expires_in")
	if t.Expires != nil {
		if _, ok := schema.TextAt(body, t.Expires.Path); !ok && s.Auth.TokenLifetimeSeconds == 0 {
			report(fmt.Sprintf("nothing at %q, where auth.token_response.expires looks", t.Expires.Path), "")
		}
		return
	}
	if standard {
		if s.Auth.TokenLifetimeSeconds > 0 {
			report("this has expires_in, so auth.token_lifetime_seconds never counts", "take that key away")
		}
		return
	}
	fields, _ := body.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if expiry().MatchString(name) && s.Auth.TokenLifetimeSeconds == 0 {
			report(fmt.Sprintf("%q seems to say when the token ends, and nothing reads it", name), "name it under auth.token_response.expires")
		}
	}
}

// failure checks an answer without a token.
func (s *tokenSample) failure() {
	at := sampleAt(s.index, ".response")
	if _, has := schema.TextAt(s.answer.Body, s.at.AccessToken); has && statusOf(s.answer) < 400 && !s.denied() {
		s.report("sample-token", at, "this answer would count as success", "auth.token_response.error says what does not")
	}
	if _, ok := schema.TextAt(s.answer.Body, s.at.ErrorCode); !ok {
		s.report("sample-token", at, fmt.Sprintf("no error code at %q", s.at.ErrorCode), "auth.token_response.error_code says where it stands")
	}
}
