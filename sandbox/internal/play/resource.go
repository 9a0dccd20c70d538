package play

import (
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

func (p *Stage) Discovers() bool { return p.Integration.Auth.AuthMode == schema.MCPOAuth2 }

// IssuerAt returns the issuer whose host is host.
func (p *Stage) IssuerAt(host string) string {
	declared := p.Integration.Auth.AuthorizationServer
	if declared == "" {
		return "https://" + host + match.IssuerPath
	}
	if t, err := schema.ParseTemplate(declared); err == nil && len(t.Refs()) == 0 {
		return declared
	}
	_, path, _ := match.SplitURL(declared)
	return "https://" + host + path
}

// IsResource reports whether a URL is one of the resource: base_url, whole.
func (p *Stage) IsResource(text string) bool {
	if r := p.Integration.Auth.Resource; r != "" {
		if t, err := schema.ParseTemplate(r); err == nil && len(t.Refs()) == 0 {
			return text == r
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	api := p.Places[len(p.Places)-1]
	m := api.Pattern.FindStringSubmatch(message.PlainHost(u.Host) + u.EscapedPath())
	return m != nil && (m[1] == "" || m[1] == "/" || p.AnyBase())
}

// AnyBase reports whether the user chooses the whole of base_url.
func (p *Stage) AnyBase() bool { return strings.HasPrefix(p.Integration.Requests.BaseURL, "${") }

// NameOf returns what the resource at a URL calls itself.
func (p *Stage) NameOf(at string) string {
	if r := p.Integration.Auth.Resource; r != "" {
		if t, err := schema.ParseTemplate(r); err == nil && len(t.Refs()) == 0 {
			return r
		}
	}
	return at
}
