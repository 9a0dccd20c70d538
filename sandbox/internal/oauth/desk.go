package oauth

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/page"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/schema"
)

const (
	consentLifetime = 10 * time.Minute
	codeLifetime    = 60 * time.Second
)

func (p *desk) checkRedirectURI(got string) *message.Refusal {
	u, err := url.Parse(got)
	switch {
	case got == "":
		return message.Refused(400, "invalid_request", "redirect_uri is missing")
	case err != nil || !u.IsAbs() || u.Opaque != "" || u.Host == "" && (u.Scheme == "http" || u.Scheme == "https"):
		return message.Refused(400, "invalid_request", "redirect_uri is not an absolute URI")
	case strings.Contains(got, "#"):
		return message.Refused(400, "invalid_request", "redirect_uri has a fragment (RFC 6749 3.1.2)")
	case len(p.Opts.RedirectURIs) > 0 && !slices.Contains(p.Opts.RedirectURIs, got):
		return message.Refused(400, "invalid_request", "redirect_uri is not one of those registered: %s", strings.Join(p.Opts.RedirectURIs, ", "))
	}
	return nil
}

// checkScope refuses scopes that are joined otherwise than the blueprint says. A
// provider would take "read,write" for one unknown scope.
func (p *desk) checkScope(got string) *message.Refusal {
	separator := p.Integration.Auth.Separator()
	want := p.DeclaredScopes()
	if want.Join(separator) == got {
		return nil
	}
	if got == "" {
		return message.Refused(400, "invalid_scope", "the integration asks for scopes (%s) and the request has none", want.Join(separator))
	}
	if separator == "" {
		return nil
	}
	for scope := range strings.SplitSeq(got, separator) {
		if want != nil && (slices.Contains(want.List, scope) || scope == want.Verbatim) {
			continue
		}
		if i := strings.IndexAny(scope, ", +;"); i >= 0 {
			return message.Refused(400, "invalid_scope", "scopes must be joined with %q, which scope_separator declares; %q holds %q", separator, scope, scope[i:i+1])
		}
	}
	return nil
}

// callbackFields returns what this provider says on the callback beside the code.
func (p *desk) callbackFields() url.Values {
	v := url.Values{}
	for name, field := range p.Integration.Connection {
		if field.From != schema.FromCallback {
			continue
		}
		at := field.Path
		if at == "" {
			at = name
		}
		v.Set(at, match.ExampleOf(name, field.Field))
	}
	return v
}

// checkTarget checks the resource that a token is asked for (RFC 8707 2).
func (p *desk) checkTarget(got string) *message.Refusal {
	switch {
	case !p.Discovers():
		return nil
	case got == "":
		return message.Refused(400, "invalid_target", "resource is missing (RFC 8707)")
	case !p.IsResource(got):
		return message.Refused(400, "invalid_target", "resource is not the one that these users are authorised for")
	}
	return nil
}

// checkSameTarget holds that a token request is about the resource of its grant.
func (p *desk) checkSameTarget(c grant.Claims, t *tokenRequest) *message.Refusal {
	if ref := p.checkTarget(t.wire.Get("resource")); ref != nil {
		return ref
	}
	if p.Discovers() && t.wire.Get("resource") != c.Resource {
		return message.Refused(400, "invalid_target", "resource is not that of the authorization request (RFC 8707 2.2)")
	}
	return nil
}

// scopesOf takes scopes apart, for people.
func (p *desk) scopesOf(c grant.Claims) []string {
	separator := p.Integration.Auth.Separator()
	switch {
	case c.Scope == "":
		return nil
	case separator == "":
		return []string{c.Scope}
	}
	return strings.Split(c.Scope, separator)
}

func (p *desk) writeRefusalPage(w http.ResponseWriter, r *http.Request, ref *message.Refusal) {
	p.Stats.Add(func(s *play.Counts) { s.Refused++ })
	w.Header().Set(message.RefusalHeader, message.OneLine(ref.Code+": "+ref.Reason))
	page.Write(w, r, ref.Status, "refusal", page.Data{
		Title: "Sandbox: not in order", Product: p.Product(), Integration: p.Name(), Code: ref.Code, Reason: ref.Reason,
	})
}
