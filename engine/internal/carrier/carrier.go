// Package carrier is what carries requests: over which transport one goes, whether that
// keeps to the public network, and whether it shows a client certificate. Start with
// [Transports.For]; the layers are put over what it gives.
package carrier

import (
	"crypto/tls"
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// A PublicTransport is a host's transport that can keep to the public network.
type PublicTransport interface {
	http.RoundTripper
	PublicOnly() http.RoundTripper
}

// A CertificateTransport is a host's transport that can show a client certificate.
type CertificateTransport interface {
	http.RoundTripper
	WithCertificate(cert tls.Certificate) http.RoundTripper
}

// Transports are what an engine's requests go over, and outlive a configuration. They
// are safe for concurrent use.
type Transports struct {
	Base http.RoundTripper // the host's

	public publicCopies
	tokens *http.Client // for token endpoints
}

// New returns the transports over base.
func New(base http.RoundTripper) *Transports {
	return &Transports{Base: base, tokens: &http.Client{
		Transport: base,
		// A redirect would carry the client secret to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Carriers carry the requests of one integration. They are safe for concurrent use.
type Carriers struct {
	over  *Transports
	in    *plan.Integration
	shown *Certificate // nil: none
}

// For returns what carries in's requests, with the certificate where there is one. It
// fails if the host's transport can show none.
func (t *Transports) For(in *plan.Integration, shown *Certificate) (*Carriers, error) {
	if shown != nil {
		if _, err := shown.over(t.Base); err != nil {
			return nil, err
		}
	}
	return &Carriers{t, in, shown}, nil
}

// Default is the host's transport.
func (c *Carriers) Default() http.RoundTripper { return c.over.Base }

// Certificate is what is shown, or nil.
func (c *Carriers) Certificate() *Certificate { return c.shown }

// As returns what carries requests that are made as another integration, to where
// credentials of ours go or elsewhere, where no certificate is shown.
func (c *Carriers) As(in *plan.Integration, atHome bool) *Carriers {
	other := &Carriers{c.over, in, nil}
	if atHome {
		other.shown = c.shown
	}
	return other
}

// Call returns what carries calls over base: to where credentials go, and to wherever
// else a redirect leads. Where the operator has not written the host, it is on the
// public network.
func (c *Carriers) Call(base http.RoundTripper) (home, away http.RoundTripper) {
	home, public := c.transports(base)
	if c.in.Requests.AllowPrivateHosts {
		return home, base
	}
	if schema.HostVaries(c.in.Calls.BaseURL) {
		home = public
	}
	return home, layer.Guard(c.over.public.of(base))(base)
}

// transports returns what carries requests over base to where credentials go, and to
// the same on the public network.
func (c *Carriers) transports(base http.RoundTripper) (home, public http.RoundTripper) {
	if c.shown == nil {
		return base, c.over.public.of(base)
	}
	shows, err := c.shown.over(base)
	if err != nil {
		return failing{err}, failing{err}
	}
	return shows.home, shows.public
}

// Token returns the client for a token endpoint of conn's at a URL like to. Its host may
// come from a connection's data, or from what a server says.
func (c *Carriers) Token(conn *connection.Connection, to schema.Template) *http.Client {
	guarded := !c.in.Requests.AllowPrivateHosts && (schema.HostVaries(to) || c.in.Found(to))
	home, public := c.over.Base, c.over.public.of(c.over.Base)
	switch {
	case c.in.ShowsCertificate(conn):
		home, public = c.transports(c.over.Base)
	case !guarded:
		return c.over.tokens
	}
	client := *c.over.tokens
	if client.Transport = home; guarded {
		client.Transport = public
	}
	return &client
}

// Discovery returns the client for a URL that a stranger may have written. It follows
// redirects at home, and carries nothing but a client certificate, to origins that the
// file names.
func (c *Carriers) Discovery(u *url.URL) *http.Client {
	client := &http.Client{Transport: c.over.Base, CheckRedirect: stayHome}
	switch {
	case c.in.Names(u):
		client.Transport, _ = c.transports(c.over.Base)
	case !c.in.Reaches(u):
		client.Transport = c.over.public.of(c.over.Base)
	}
	return client
}

func stayHome(r *http.Request, via []*http.Request) error {
	if plan.Origin(r.URL) != plan.Origin(via[0].URL) || len(via) > 3 {
		return http.ErrUseLastResponse
	}
	return nil
}
