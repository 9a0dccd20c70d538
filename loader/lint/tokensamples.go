package lint

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// tokenSamples: what the token endpoint answers must be where token_response says.
func (v *version) tokenSamples() {
	samples := v.of(schema.SampleToken)
	switch v.Auth.AuthMode {
	case schema.OAuth2:
		if len(samples) == 0 {
			v.missing(schema.SampleToken, "which shows what a user's consent yields")
		}
		for i, s := range samples {
			v.tokenSample(i, s.Response)
		}
		for i, s := range v.of(schema.SampleTokenError) {
			v.tokenErrorSample(i, s.Response)
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

func (v *version) tokenResponse() schema.TokenResponse {
	t := schema.TokenResponse{}
	if v.Auth.TokenResponse != nil {
		t = *v.Auth.TokenResponse
	}
	if t.AccessToken == "" {
		t.AccessToken = "access_token"
	}
	if t.ErrorCode == "" {
		t.ErrorCode = "error"
	}
	return t
}

func (v *version) tokenSample(i int, r schema.SampleResponse) {
	t := v.tokenResponse()
	report := func(message, hint string) { v.report("sample-token", sampleAt(i, ".response.body"), message, hint) }
	if text, ok := schema.TextAt(r.Body, t.AccessToken); !ok || text == "" {
		report(fmt.Sprintf("no access token at %q", t.AccessToken), "auth.token_response.access_token says where it stands")
	}
	paths := map[string]string{"auth.token_response.refresh_token": t.RefreshToken, "auth.token_response.scope": t.Scope}
	for name, s := range t.Secondary {
		paths["auth.token_response.secondary."+name+".access_token"] = s.AccessToken
		paths["auth.token_response.secondary."+name+".refresh_token"] = s.RefreshToken
	}
	for name, f := range v.Connection {
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
	if statusOf(r) >= 300 || t.Success != nil && !matches(*t.Success, r, schema.Paths{t.ErrorCode}) || t.Error != nil && matches(*t.Error, r, schema.Paths{t.ErrorCode}) {
		report("this answer would not count as success", "")
	}
	v.expiry(i, t, r.Body)
}

var expiry = lazyregexp.New(`(?i)^(expir|token_expir|access_token_expir)`)

// expiry: a lifetime that nobody reads makes tokens die in use.
func (v *version) expiry(i int, t schema.TokenResponse, body any) {
	report := func(message, hint string) { v.report("sample-token", sampleAt(i, ".response.body"), message, hint) }
	_, standard := schema.TextAt(body, "expires_in")
	if t.Expires != nil {
		if _, ok := schema.TextAt(body, t.Expires.Path); !ok && v.Auth.TokenLifetimeSeconds == 0 {
			report(fmt.Sprintf("nothing at %q, where auth.token_response.expires looks", t.Expires.Path), "")
		}
		return
	}
	if standard {
		if v.Auth.TokenLifetimeSeconds > 0 {
			report("this has expires_in, so auth.token_lifetime_seconds never counts", "take that key away")
		}
		return
	}
	fields, _ := body.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if expiry().MatchString(name) && v.Auth.TokenLifetimeSeconds == 0 {
			report(fmt.Sprintf("%q seems to say when the token ends, and nothing reads it", name), "name it under auth.token_response.expires")
		}
	}
}

func (v *version) tokenErrorSample(i int, r schema.SampleResponse) {
	t := v.tokenResponse()
	failed := statusOf(r) >= 400 || t.Error != nil && matches(*t.Error, r, schema.Paths{t.ErrorCode}) || t.Success != nil && !matches(*t.Success, r, schema.Paths{t.ErrorCode})
	if _, has := schema.TextAt(r.Body, t.AccessToken); !failed && has {
		v.report("sample-token", sampleAt(i, ".response"), "this answer would count as success", "auth.token_response.error says what does not")
	}
	if _, ok := schema.TextAt(r.Body, t.ErrorCode); !ok {
		v.report("sample-token", sampleAt(i, ".response"), fmt.Sprintf("no error code at %q", t.ErrorCode), "auth.token_response.error_code says where it stands")
	}
}
