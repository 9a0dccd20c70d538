package engine

const (
	withConfigured = "integrations whose servers the file names use the same redirect URI"
	withFound      = "another authorization server uses the same redirect URI, and neither names itself on callbacks"
)

// claimRedirect keeps redirect URIs of integrations whose servers the file names apart
// from those of servers that are found out. The former are never refused, so that no
// user's server can keep others from them.
func (e *Engine) claimRedirect(op string, in *integration, p *Pending) error {
	now := e.opts.Now()
	if !in.FindsServer() {
		e.back.Configured(p.RedirectURL, now)
		return nil
	}
	if e.back.IsConfigured(p.RedirectURL, now) {
		return sharedRedirect(op, p.Key, withConfigured)
	}
	return nil
}

// claimIssuer keeps the redirect URIs of servers that are found out apart.
func (e *Engine) claimIssuer(op string, in *integration, p *Pending) error {
	r := p.Registration
	if !in.FindsServer() || e.back.Found(p.RedirectURL, r.Issuer, r.IssuerExpected, e.opts.Now()) {
		return nil
	}
	return sharedRedirect(op, p.Key, withFound)
}

func sharedRedirect(op string, k Key, how string) error {
	return &Error{Op: op, Key: k, Kind: KindState, Detail: how + "; a server that is found out needs a redirect URI of its own (RFC 9700 4.4)"}
}
