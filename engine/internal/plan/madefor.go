package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// What a connection was made for: a store may be shared by projects whose files call
// different APIs, or different apps, by one name. The credentials of one must not go where
// the file of another points.

// An origin as a person would write it; empty: not known. One that may have a secret in it
// is not shown, and kept as a sum.
type origin struct {
	text   string
	secret bool
}

const hiddenOrigin = "sha256:"

func (o origin) hidden() string {
	sum := sha256.Sum256([]byte(o.text))
	return hiddenOrigin + hex.EncodeToString(sum[:16])
}

func (o origin) kept() string {
	if o.secret && o.text != "" {
		return o.hidden()
	}
	return o.text
}

// is reports whether o was kept as that, be it that nobody thought of a secret then.
func (o origin) is(kept string) bool { return kept == o.text || kept == o.hidden() }

func (o origin) shown() string {
	if o.secret || o.text == "" {
		return "another origin"
	}
	return o.text
}

// origins are where credentials go that a connection has no say in.
type origins struct{ api, token origin }

func newOrigins(in *Integration) origins {
	fixed := func(path string, t schema.Template) origin {
		if len(t.Parts) == 0 || schema.HostVaries(t) {
			return origin{}
		}
		return originOf(in, path, t, t.Parts[0].Literal)
	}
	return origins{fixed("requests.base_url", in.Parsed.BaseURL), fixed("auth.token_url", in.Parsed.TokenURL)}
}

// originsOf returns where c's credentials go as things are.
func originsOf(in *Integration, c *connection.Connection) origins {
	all := in.origins
	fill := func(to *origin, path string, t schema.Template) {
		if len(t.Parts) == 0 || !schema.HostVaries(t) {
			return
		}
		if u, err := render.URL(t, in.ValuesOf(c), in.FormatOf); err == nil {
			*to = originOf(in, path, t, u.String())
		}
	}
	fill(&all.api, "requests.base_url", in.Parsed.BaseURL)
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		all.token = origin{} // which is in its registration
	} else {
		fill(&all.token, "auth.token_url", in.Parsed.TokenURL)
	}
	return all
}

func originOf(in *Integration, path string, t schema.Template, text string) origin {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return origin{}
	}
	text = Origin(u)
	for scheme, port := range map[string]string{"https://": ":443", "http://": ":80"} {
		if strings.HasPrefix(text, scheme) {
			text = strings.TrimSuffix(text, port)
		}
	}
	return origin{text, fromVariable(in, path) || slices.ContainsFunc(t.Refs(), in.IsSecret)}
}

// MadeFor returns what c is for as things are. What its values do not say yet is as it was.
func (in *Integration) MadeFor(c *connection.Connection) connection.MadeFor {
	now := originsOf(in, c)
	return connection.MadeFor{
		Origin:      cmp.Or(now.api.kept(), c.MadeFor.Origin),
		TokenOrigin: cmp.Or(now.token.kept(), c.MadeFor.TokenOrigin),
		ClientID:    cmp.Or(sharedClient(in, c), c.MadeFor.ClientID),
	}
}

// sharedClient returns the integration's own client id, if c's tokens are that client's.
func sharedClient(in *Integration, c *connection.Connection) string {
	found := in.Auth.AuthMode == schema.MCPOAuth2 && c.MadeFor.ClientID == "" && c.Credentials.Registration.ClientID != in.OAuthClientID
	if in.ClientByConnection() || found {
		return ""
	}
	return in.OAuthClientID
}

// ForAnotherClient reports whether the integration's client is another than the one that
// got c's tokens.
func (in *Integration) ForAnotherClient(c *connection.Connection) bool {
	client := sharedClient(in, c)
	return c.MadeFor.ClientID != "" && client != "" && client != c.MadeFor.ClientID
}

// CheckMadeFor returns an error if c was made for another origin than its credentials
// would go to, or if another client got its tokens. Tokens that can be obtained anew
// without anyone (as OAUTH2_CC does) may be another client's: they are replaced.
func (in *Integration) CheckMadeFor(op string, c *connection.Connection) error {
	was := c.MadeFor
	if was == (connection.MadeFor{}) {
		return nil
	}
	differs := func(was string, now origin) bool { return was != "" && now.text != "" && !now.is(was) }
	switch now := originsOf(in, c); {
	case differs(was.Origin, now.api):
		return elsewhere(op, c.Key, "base_url", was.Origin, now.api)
	case differs(was.TokenOrigin, now.token):
		return elsewhere(op, c.Key, "token_url", was.TokenOrigin, now.token)
	case in.ForAnotherClient(c) && !in.Auth.Issues():
		return &fault.Error{Op: op, Key: c.Key, Kind: fault.KindReauthorize, Detail: "the connection was made for another client: oauth_client_id was another then; " + advice}
	}
	return nil
}

const advice = "connect again (under another name if it is another project's), or allow it with 'connections allow'"

func elsewhere(op string, k connection.Key, key, was string, now origin) error {
	if strings.HasPrefix(was, hiddenOrigin) {
		was = "another origin"
	}
	return &fault.Error{Op: op, Key: k, Kind: fault.KindClient,
		Detail: "the connection was made for " + was + ", and its credentials do not go to " + now.shown() + ", where " + key + " leads now; " + advice}
}
