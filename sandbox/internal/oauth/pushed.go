package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

const (
	requestURI    = "urn:ietf:params:oauth:request_uri:" // RFC 9126 2.2
	pushedIsGood  = 90 * time.Second
	whatPushTakes = "the authorization request is pushed with POST (RFC 9126 2.1)"
)

// servePushed plays the pushed authorization request endpoint (RFC 9126 2).
func (p *consent) servePushed(w http.ResponseWriter, r *http.Request, at match.Location) {
	a, ref := p.takePushed(r, at)
	if ref != nil {
		p.Stats.Add(func(s *play.Counts) { s.Refused++ })
		a = p.answers.tokenError(ref)
	}
	p.Write(w, r, a)
}

func (p *consent) takePushed(r *http.Request, at match.Location) (message.Answer, *message.Refusal) {
	t, ref := p.clients.readClientForm(r, at, whatPushTakes)
	if ref != nil {
		return message.Answer{}, ref
	}
	if t.wire.Has("request_uri") {
		return message.Answer{}, message.Refused(400, "invalid_request", "request_uri has no place in a request that is pushed (RFC 9126 2.1)")
	}
	c, ref := p.checkAuthorization(t.wire, match.Location{})
	if ref != nil {
		return message.Answer{}, ref
	}
	c.Kind, c.ID = grant.KindPushed, ""
	a := message.Answer{Status: http.StatusCreated, Body: map[string]any{"request_uri": requestURI + p.Issue(c, pushedIsGood), "expires_in": int(pushedIsGood / time.Second)}}
	a.Set("Cache-Control", "no-store")
	return a, nil
}

// checkPushed checks an authorization request that names what was pushed, and holds it to
// saying nothing else (RFC 9126 4 and 5).
func (p *consent) checkPushed(q url.Values, at match.Location) (grant.Claims, *message.Refusal) {
	reference, ok := strings.CutPrefix(q.Get("request_uri"), requestURI)
	if !ok {
		return grant.Claims{}, message.Refused(400, "invalid_request", "the authorization request must be pushed to pushed_authorization_url, and named by its request_uri (RFC 9126)")
	}
	c, ref := p.Verify(grant.KindPushed, "request_uri", reference)
	if ref != nil {
		return grant.Claims{}, message.Refused(400, "invalid_request_uri", "%s", ref.Reason)
	}
	if q.Get("client_id") != c.Client {
		return grant.Claims{}, message.Refused(400, "invalid_request", "client_id is not that of the request that was pushed (RFC 9126 4)")
	}
	for name := range q {
		own := false
		for _, d := range at.Query {
			own = own || d.Name == name
		}
		if name != "client_id" && name != "request_uri" && !own {
			return grant.Claims{}, message.Refused(400, "invalid_request", "%s stands in the authorization request; it belongs into the one that is pushed (RFC 9126 2)", name)
		}
	}
	c.Kind = grant.KindConsent
	return c, p.CheckDeclared(at.Query, q.Get, "the query of authorization_url")
}
