package engine

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"sync"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/clientcert"
)

// A CertificateTransport is a transport that can show a client certificate. Requests
// of an integration with a client_certificate (RFC 8705) go through what
// WithCertificate returns: those to its token endpoint and to its API, and no other. With MCP_OAUTH2 a server
// is shown it, from discovery on, if it is at an origin that the file names.
//
// An [http.Transport] need not be one: the engine makes a copy of it. Any other
// transport has to be, else [New] and [Engine.Reload] fail for such an integration.
type CertificateTransport interface {
	http.RoundTripper

	// WithCertificate returns a transport that shows cert to whoever asks for one. It
	// has connections of its own: one that was made without the certificate, or with
	// another, must not be used. If it has a method CloseIdleConnections, that is
	// called when the certificate is replaced.
	WithCertificate(cert tls.Certificate) http.RoundTripper
}

var errNoCertificate = errors.New("the transport can show no client certificate: it is neither an *http.Transport nor a CertificateTransport")

// A shownCertificate is an integration's certificate, with the transports that show
// it. Integrations share none of them.
type shownCertificate struct {
	pem  [2]string // what it was read from
	pair tls.Certificate

	mu sync.Mutex
	by map[http.RoundTripper]*certified // by the transport that they are made of
}

// A certified is a transport that shows a certificate, and the same for hosts on the
// public network.
type certified struct {
	home   http.RoundTripper
	public http.RoundTripper
	idle   []func() // close idle connections
}

// newShown reads in's certificate. The one before is taken over if it is the same, so
// that a change of the configuration costs no connections.
func newShown(in *schema.Integration, before *shownCertificate) (*shownCertificate, error) {
	pem := [2]string{in.ClientCertificate, in.ClientCertificateKey.Reveal()}
	switch {
	case pem == [2]string{} && in.Auth.ClientCertificate == "required":
		return nil, errors.New("client_certificate is missing")
	case pem == [2]string{}:
		return nil, nil
	case before != nil && before.pem == pem:
		return before, nil
	}
	pair, err := clientcert.Pair(pem[0], pem[1])
	if err != nil {
		return nil, fmt.Errorf("client_certificate: %w", err)
	}
	return &shownCertificate{pem: pem, pair: pair, by: map[http.RoundTripper]*certified{}}, nil
}

// over returns base with the certificate.
func (s *shownCertificate) over(base http.RoundTripper) (*certified, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keep := reflect.ValueOf(base).Comparable()
	if keep && s.by[base] != nil {
		return s.by[base], nil
	}
	c, err := s.make(base)
	if err == nil && keep {
		s.by[base] = c
	}
	return c, err
}

func (s *shownCertificate) make(base http.RoundTripper) (*certified, error) {
	switch base := base.(type) {
	case *http.Transport:
		if base.DialTLSContext != nil || base.DialTLS != nil { //nolint:staticcheck // the old way counts, too
			return nil, errors.New("the transport can show no client certificate: it has a DialTLS of its own")
		}
		t := base.Clone()
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{}
		}
		t.TLSClientConfig.Certificates = nil
		if t.TLSClientConfig.ClientSessionCache != nil { // a session is resumed as whoever began it
			t.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(0)
		}
		t.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &s.pair, nil }
		public := layer.PublicOnly(t)
		return &certified{home: t, public: layer.Public(public), idle: []func(){t.CloseIdleConnections, public.CloseIdleConnections}}, nil
	case CertificateTransport:
		t := base.WithCertificate(s.pair)
		c := &certified{home: t}
		if closer, ok := t.(interface{ CloseIdleConnections() }); ok {
			c.idle = []func(){closer.CloseIdleConnections}
		}
		if p, ok := t.(PublicTransport); ok {
			c.public = layer.Public(lazily{p.PublicOnly})
		} else {
			c.public = layer.Public(layer.LookFirst(t, net.DefaultResolver.LookupNetIP))
		}
		return c, nil
	}
	return nil, errNoCertificate
}

// closeIdle closes the connections that nobody uses; the others are closed when they
// are no longer used.
func (s *shownCertificate) closeIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.by {
		for _, closeIdle := range c.idle {
			closeIdle()
		}
	}
}

// carriers are what carries an integration's requests: to where credentials go, and to
// wherever else a redirect leads.
type carriers struct{ home, away http.RoundTripper }

// carriers returns what carries in's requests over base. Where the operator has not
// written the host, it is on the public network.
func (e *Engine) carriers(in *integration, base http.RoundTripper) carriers {
	home, public := e.transports(in, base)
	if in.Requests.AllowPrivateHosts {
		return carriers{home, base}
	}
	if schema.HostVaries(in.Calls.BaseURL) {
		home = public
	}
	return carriers{home, layer.Guard(e.public.of(base))(base)}
}

// transports returns what carries in's requests over base to where credentials go, and
// to the same on the public network.
func (e *Engine) transports(in *integration, base http.RoundTripper) (home, public http.RoundTripper) {
	if in.shown == nil {
		return base, e.public.of(base)
	}
	c, err := in.shown.over(base)
	if err != nil {
		return failing{err}, failing{err}
	}
	return c.home, c.public
}

// failing is a transport that there is none of.
type failing struct{ err error }

func (f failing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, &layer.RefusedError{Reason: f.err.Error()}
}
