package play

import (
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/schema"
)

// DeclaredScopes returns the scopes that the integration asks for.
func (p *Stage) DeclaredScopes() *schema.Scopes {
	if p.Integration.OAuthScopes != nil {
		return p.Integration.OAuthScopes
	}
	if d := p.Integration.Auth.DefaultScopes; len(d) > 0 {
		return &schema.Scopes{List: d}
	}
	if p.Discovers() && !p.Integration.Auth.AsksNoScopes() {
		return &schema.Scopes{List: []string{match.AskedScope}}
	}
	return nil
}

func (p *Stage) ScopesSupported() []string {
	s := p.DeclaredScopes()
	switch {
	case s == nil:
		return nil
	case s.List == nil && s.Verbatim != "":
		return strings.Fields(s.Verbatim)
	}
	return s.List
}
