package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// checkMembers checks what every body has. A call without one has to have it where a
// credential belongs there.
func (p *gate) checkMembers(c *call, who *caller) *message.Refusal {
	bodied := slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, c.Method)
	secret := slices.ContainsFunc(p.members, func(g match.Guard) bool { return g.Credential })
	if len(p.members) == 0 || !bodied || c.Method == http.MethodDelete && len(c.body) == 0 && !secret {
		return nil
	}
	var members url.Values
	switch media := message.MediaType(c.Header); media {
	case "application/x-www-form-urlencoded":
		members, _ = url.ParseQuery(string(c.body))
	default:
		object, ok := c.json.(map[string]any)
		if !ok && !secret {
			return nil
		}
		if !ok {
			return message.Refused(401, message.CodeUnauthorized, "the body, of type %q, is neither a JSON object nor a form; the credential belongs there", media)
		}
		members = url.Values{}
		for name, v := range object {
			members.Set(name, message.Text(v))
		}
	}
	for _, g := range p.members {
		if len(members[g.Name]) > 1 {
			return message.Refused(400, "invalid_request", "%s is there more than once", g.Where())
		}
	}
	inBody, ref := p.checkCredential(p.members, c.Request, members, p.shownBy(c))
	if ref == nil {
		ref = p.checkStatic(p.members, c.Request, members)
	}
	who.key += inBody.key
	if inBody.access.Kind != "" {
		who.access = inBody.access
	}
	return ref
}

// withoutMembers returns a body as an echo may show it.
func (p *gate) withoutMembers(body any) any {
	object, ok := body.(map[string]any)
	if !ok {
		return body
	}
	object = maps.Clone(object)
	for _, g := range p.members {
		if g.Credential {
			delete(object, g.Name)
		}
	}
	return object
}
