package engine

import (
	"encoding/json"
	"maps"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/schema"
)

// takeToken moves the token of a successful answer into c. What the answer does
// not repeat is kept: the refresh token (RFC 6749 6), scopes, raw values.
func (in *integration) takeToken(op string, c *Connection, a *oauthwire.Answer, asked []string, now time.Time) error {
	got, ok := oauthwire.Read(a, in.tokenShape(), now)
	if !ok {
		return &Error{Op: op, Key: c.Key, Kind: KindInvalidResponse, Status: a.Status, Detail: "the token answer has no access token"}
	}
	if !in.acceptsTokenType(got.TokenType) {
		return &Error{Op: op, Key: c.Key, Kind: KindInvalidResponse, Status: a.Status, Detail: "the token answer has an unknown token_type (RFC 6749 7.1)"}
	}
	old := c.Credentials.Token
	t := tokenOf(got, old, now)
	if in.Auth.Issues() {
		t.RefreshToken, t.RefreshObtainedAt = schema.Secret{}, time.Time{} // never redeemed (RFC 6749 4.4.3)
	}
	in.end(&t, now)
	switch {
	case got.Scopes != nil:
	case old.Scopes != nil:
		t.Scopes = old.Scopes
	default:
		t.Scopes = asked
	}
	t.Raw = overlay(old.Raw, a.Doc)
	if in.Auth.AssumesRole() != nil && !in.takeRole(&t) {
		return &Error{Op: op, Key: c.Key, Kind: KindInvalidResponse, Status: a.Status, Detail: "the answer has no complete temporary key"}
	}
	c.Credentials.Token = t
	return nil
}

func tokenOf(got oauthwire.Token, old Token, now time.Time) Token {
	t := Token{
		AccessToken: schema.NewSecret(got.AccessToken), TokenType: got.TokenType, ObtainedAt: now, ExpiresAt: got.ExpiresAt, Scopes: got.Scopes,
		RefreshToken: old.RefreshToken, RefreshObtainedAt: old.RefreshObtainedAt, Secondary: maps.Clone(old.Secondary),
	}
	if got.RefreshToken != "" && !old.RefreshToken.Equal(schema.NewSecret(got.RefreshToken)) {
		t.RefreshToken, t.RefreshObtainedAt = schema.NewSecret(got.RefreshToken), now
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
