package engine

import (
	"net/url"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/internal/weburl"
)

const (
	withConfigured = "integrations whose servers the file names use the same redirect URI"
	withUnknown    = "by which redirect URI the callback came is not known, and its server is not one that the file names, which may have led the user to another's (RFC 9700 4.4): finish the flow with Engine.ExchangeAt"
	withFound      = "another authorization server uses the same redirect URI, and neither names itself on callbacks"
)

// redirects are the redirect URIs that flows have used lately.
type redirects struct{ consent.Redirects }

// claim keeps redirect URIs of integrations whose servers the file names apart
// from those of servers that are found out, or that users name. The former are never refused, so that no
// user's server can keep others from them.
func (r *redirects) claim(op string, in *integration, p *Pending, now time.Time) error {
	if in.NamesServer() {
		r.Configured(p.RedirectURL, now)
		return nil
	}
	if r.IsConfigured(p.RedirectURL, now) {
		return sharedRedirect(op, p.Key, withConfigured)
	}
	return nil
}

// claimIssuer keeps the redirect URIs of servers that are found out apart.
func (r *redirects) claimIssuer(op string, in *integration, p *Pending, now time.Time) error {
	found := p.Registration
	if !in.FindsServer() || r.Found(p.RedirectURL, found.Issuer, found.IssuerExpected, now) {
		return nil
	}
	return sharedRedirect(op, p.Key, withFound)
}

func sharedRedirect(op string, k Key, how string) error {
	return &Error{Op: op, Key: k, Kind: KindState, Detail: how + "; a server that the file does not name needs a redirect URI of its own (RFC 9700 4.4); see Engine.Issuer"}
}

// checkKnown refuses a callback of which nobody knows by which redirect URI it came, where
// its server may be hostile and does not name itself on callbacks.
func checkKnown(op string, in *integration, p *Pending) error {
	if in.NamesServer() || p.Registration.IssuerExpected {
		return nil
	}
	return &Error{Op: op, Key: p.Key, Kind: KindState, Detail: withUnknown}
}

// checkOthersIssuer refuses a callback that names the issuer of another integration, whose
// server is another: where in's own issuer is not known, that is all there is to tell by.
func (e *Engine) checkOthersIssuer(op string, in *integration, p *Pending, iss string) error {
	if iss == "" || in.Auth.Issuer != "" || p.Registration.Issuer != "" {
		return nil
	}
	for _, other := range *e.current.Load() {
		if other.Auth.Issuer == iss && elsewhere(in.Auth.AuthorizationURL, other.Auth.AuthorizationURL) {
			return &Error{Op: op, Key: p.Key, Kind: KindState, Detail: "the callback comes from the issuer of integration " + other.Name}
		}
	}
	return nil
}

// elsewhere reports whether two authorization endpoints are of two origins for certain.
func elsewhere(a, b string) bool {
	u, errU := url.Parse(a)
	v, errV := url.Parse(b)
	return errU == nil && errV == nil && !strings.Contains(u.Host+v.Host, "$") && !weburl.SameOrigin(u, v)
}
