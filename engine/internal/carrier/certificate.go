package carrier

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

var errNoCertificate = errors.New("the transport can show no client certificate: it is neither an *http.Transport nor a CertificateTransport")

// A Certificate is an integration's certificate, with the transports that show
// it. Integrations share none of them.
type Certificate struct {
	pem  [2]string // what it was read from
	pair tls.Certificate

	mu sync.Mutex
	by map[http.RoundTripper]*certified // the key is the transport that one is made of
}

// A certified is a transport that shows a certificate, and the same for hosts on the
// public network.
type certified struct {
	home   http.RoundTripper
	public http.RoundTripper
	idle   []func() // close idle connections
}

// NewCertificate reads in's certificate. The one before is taken over if it is the same, so
// that a change of the configuration costs no connections.
func NewCertificate(in *schema.Integration, before *Certificate) (*Certificate, error) {
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
	return &Certificate{pem: pem, pair: pair, by: map[http.RoundTripper]*certified{}}, nil
}

// over returns base with the certificate.
func (s *Certificate) over(base http.RoundTripper) (*certified, error) {
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

func (s *Certificate) make(base http.RoundTripper) (*certified, error) {
	switch base := base.(type) {
	case *http.Transport:
		//lint:ignore SA1019 a host may still set it
		if base.DialTLSContext != nil || base.DialTLS != nil {
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
		public := layer.PublicOnly(t, net.DefaultResolver.LookupNetIP)
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

// CloseIdle closes the connections that nobody uses; the others are closed when they
// are no longer used.
func (s *Certificate) CloseIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.by {
		for _, closeIdle := range c.idle {
			closeIdle()
		}
	}
}

// failing is a transport that there is none of.
type failing struct{ err error }

func (f failing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, &layer.RefusedError{Reason: f.err.Error()}
}
