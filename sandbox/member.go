package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/schema"
)

// compileMembers returns what requests.body declares.
func compileMembers(i *schema.Integration) ([]guard, error) {
	like := *i
	like.Auth.RequestSignature = nil
	members, err := compileGuards(&like, nil, i.Requests.Body)
	for n := range members {
		members[n].body = true
	}
	return members, err
}

// checkMembers checks what every body has. A call without one has to have it where a
// credential belongs there.
func (p *Provider) checkMembers(c *call, who *caller) *refusal {
	bodied := slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, c.Method)
	secret := slices.ContainsFunc(p.members, func(g guard) bool { return g.credential })
	if len(p.members) == 0 || !bodied || c.Method == http.MethodDelete && len(c.body) == 0 && !secret {
		return nil
	}
	var members url.Values
	switch media := mediaType(c.Header); media {
	case "application/x-www-form-urlencoded":
		members, _ = url.ParseQuery(string(c.body))
	default:
		object, ok := c.json.(map[string]any)
		if !ok && !secret {
			return nil
		}
		if !ok {
			return refused(401, codeUnauthorized, "the body, of type %q, is neither a JSON object nor a form; the credential belongs there", media)
		}
		members = url.Values{}
		for name, v := range object {
			members.Set(name, text(v))
		}
	}
	for _, g := range p.members {
		if len(members[g.name]) > 1 {
			return refused(400, "invalid_request", "%s is there more than once", g.where())
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
func (p *Provider) withoutMembers(body any) any {
	object, ok := body.(map[string]any)
	if !ok {
		return body
	}
	object = maps.Clone(object)
	for _, g := range p.members {
		if g.credential {
			delete(object, g.name)
		}
	}
	return object
}
