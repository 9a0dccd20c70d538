package token

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/schema"
)

// Take moves the token of a successful answer, which has the given shape, into the
// connection. What the answer does not repeat is kept: the refresh token (RFC 6749 6),
// scopes, raw values.
func (o *Operation) Take(ctx context.Context, a *oauthwire.Answer, shape *schema.TokenResponse, asked []string) error {
	now := o.Now()
	got, ok := oauthwire.Read(a, shape, now)
	if !ok {
		return o.nonsense(a, "the token answer has no access token")
	}
	if !o.acceptsType(got.TokenType) {
		return o.nonsense(a, "the token answer has an unknown token_type (RFC 6749 7.1)")
	}
	if unsendable(got) {
		return o.nonsense(a, "the token in the answer holds a line break or NUL, which no request can carry (RFC 6750 2.1)")
	}
	o.Conn.Warning = o.tellUnreadEnd(ctx, got)
	old := o.Conn.Credentials.Token
	t := tokenOf(got, old, now)
	if o.In.Auth.Issues() {
		t.RefreshToken, t.RefreshObtainedAt = schema.Secret{}, time.Time{} // never redeemed (RFC 6749 4.4.3)
	}
	SetEnd(o.In, &t, now)
	switch {
	case got.Scopes != nil:
	case old.Scopes != nil:
		t.Scopes = old.Scopes
	default:
		t.Scopes = asked
	}
	t.Raw = Overlay(old.Raw, a.Doc)
	o.Conn.Credentials.Token = t
	return nil
}

// unsendable reports whether no header can hold the access token (RFC 9110 5.5): better
// known now than with each call.
func unsendable(t oauthwire.Token) bool { return strings.ContainsAny(t.AccessToken, "\r\n\x00") }

// tellUnreadEnd tells that an end is stated which cannot be read: the token is used
// until the API refuses it, and somebody should know why. It returns what stays on the
// connection.
func (o *Operation) tellUnreadEnd(ctx context.Context, t oauthwire.Token) (warning string) {
	if t.EndUnread == "" {
		return ""
	}
	detail := t.EndUnread + " in the token answer is neither a number nor a date that can be read; the token is not refreshed ahead of that end"
	o.Tell(ctx, event.Event{
		Kind: event.End, Key: o.Conn.Key, Reason: "the token answer states an end that cannot be read",
		Err: o.Fail(fault.KindInvalidResponse, detail, nil),
	})
	return detail
}

func (o *Operation) nonsense(a *oauthwire.Answer, detail string) error {
	return &fault.Error{Op: o.Name, Key: o.Conn.Key, Kind: fault.KindInvalidResponse, Status: a.Status, Detail: detail}
}

// Salvage takes a new refresh token out of an answer that is of no use otherwise.
func (o *Operation) Salvage(a *oauthwire.Answer) bool {
	t := &o.Conn.Credentials.Token
	text := oauthwire.RefreshToken(a, o.In.Auth.TokenResponse)
	if text == "" || t.RefreshToken.Equal(schema.NewSecret(text)) {
		return false
	}
	t.RefreshToken, t.RefreshObtainedAt = schema.NewSecret(text), o.Now()
	return true
}

func tokenOf(got oauthwire.Token, old connection.Token, now time.Time) connection.Token {
	t := connection.Token{
		AccessToken: schema.NewSecret(got.AccessToken), TokenType: got.TokenType, ObtainedAt: now, ExpiresAt: got.ExpiresAt, Scopes: got.Scopes,
		RefreshToken: old.RefreshToken, RefreshObtainedAt: old.RefreshObtainedAt, Secondary: maps.Clone(old.Secondary),
	}
	if got.RefreshToken != "" && !old.RefreshToken.Equal(schema.NewSecret(got.RefreshToken)) {
		t.RefreshToken, t.RefreshObtainedAt = schema.NewSecret(got.RefreshToken), now
	}
	for name, s := range got.Secondary {
		if t.Secondary == nil {
			t.Secondary = map[string]connection.Token{}
		}
		t.Secondary[name] = tokenOf(s, old.Secondary[name], now)
	}
	return t
}

// acceptsType reports whether the token is one that is sent as it stands. An absent
// type is taken for Bearer: many servers leave it out.
func (o *Operation) acceptsType(tokenType string) bool {
	if tokenType == "" || strings.EqualFold(tokenType, "bearer") {
		return true
	}
	if o.In.Auth.TokenResponse != nil {
		for _, t := range o.In.Auth.TokenResponse.TokenTypes {
			if strings.EqualFold(tokenType, t) {
				return true
			}
		}
	}
	return false
}

// What is kept of token answers has a bound: each may bring members of other names.
const (
	maxRaw        = 1 << 20 // bytes
	maxRawMembers = 1000
)

// Overlay returns doc laid over the JSON object old, key by key. Where that is too much
// to keep, members of old go, the largest first, and only then some of doc.
func Overlay(old schema.Secret, doc map[string]any) schema.Secret {
	merged := map[string]any{}
	if !old.Empty() {
		d := json.NewDecoder(strings.NewReader(old.Reveal()))
		d.UseNumber()
		_ = d.Decode(&merged) // our own encoding
	}
	maps.Copy(merged, doc)
	b, _ := json.Marshal(merged) // decoded JSON always marshals
	if len(b) > maxRaw || len(merged) > maxRawMembers {
		cut(merged, doc)
		b, _ = json.Marshal(merged)
	}
	return schema.NewSecret(string(b))
}

// cut takes out of all, which has the members of doc and others, what is too much.
func cut(all, doc map[string]any) {
	sizes := make(map[string]int, len(all))
	for name, value := range all {
		b, _ := json.Marshal(map[string]any{name: value})
		sizes[name] = len(b)
	}
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		_, newA := doc[a]
		_, newB := doc[b]
		switch {
		case newA != newB && newA:
			return -1
		case newA != newB:
			return 1
		}
		return cmp.Or(cmp.Compare(sizes[a], sizes[b]), cmp.Compare(a, b))
	})
	size, kept := 0, 0
	for _, name := range names {
		if size+sizes[name] > maxRaw || kept == maxRawMembers {
			delete(all, name)
			continue
		}
		size, kept = size+sizes[name], kept+1
	}
}
