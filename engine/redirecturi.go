package engine

import (
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/consent"
)

const (
	withConfigured = "integrations whose servers the file names use the same redirect URI"
	withFound      = "another authorization server uses the same redirect URI, and neither names itself on callbacks"
)

// redirects are the redirect URIs that flows have used lately.
type redirects struct{ consent.Redirects }

// claim keeps redirect URIs of integrations whose servers the file names apart
// from those of servers that are found out. The former are never refused, so that no
// user's server can keep others from them.
func (r *redirects) claim(op string, in *integration, p *Pending, now time.Time) error {
	if !in.FindsServer() {
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
	return &Error{Op: op, Key: k, Kind: KindState, Detail: how + "; a server that is found out needs a redirect URI of its own (RFC 9700 4.4)"}
}
