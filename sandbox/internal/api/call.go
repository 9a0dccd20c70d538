package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
)

// A call is a request to the API while it is being answered.
type call struct {
	*http.Request
	at    match.Location
	query url.Values
	body  []byte
	json  any // the body, if it is JSON
	shown *match.Seen
}

// shownBy returns what a call shows, once: it may be checked more than once.
func (p *gate) shownBy(c *call) *match.Seen {
	if c.shown == nil {
		c.shown = match.See(c.Request, c.body)
		c.shown.Values["request.query"] = []string{p.unsignedQuery(c.URL.RawQuery)}
	}
	return c.shown
}

// unsignedQuery returns a query without the parameters of auth.signature.
func (p *gate) unsignedQuery(query string) string {
	s := p.Integration.Auth.RequestSignature
	if s == nil || len(s.Params) == 0 {
		return query
	}
	pairs := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		return err == nil && s.Params[plain] != ""
	})
	return strings.Join(pairs, "&")
}
