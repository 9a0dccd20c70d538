package sandbox

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/clientcert"
)

// ClientCertificate and ClientCertificateKey are a client certificate that everyone
// may show, for integrations whose own cannot be had. They protect nothing.
const (
	ClientCertificate = `-----BEGIN CERTIFICATE-----
MIIBUjCB+aADAgECAgIH5DAKBggqhkjOPQQDAjAdMRswGQYDVQQDExJuYW5nby1s
aXRlIHNhbmRib3gwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMB0x
GzAZBgNVBAMTEm5hbmdvLWxpdGUgc2FuZGJveDBZMBMGByqGSM49AgEGCCqGSM49
AwEHA0IABL6vN4Ub3p7+NoWpI6YkJsu6wep8LueG7ttq2aZysvybOpHCeCZ7edjx
vKxiMc6GDCHBvZFH2HRPh6Na2QljSsqjJzAlMA4GA1UdDwEB/wQEAwIHgDATBgNV
HSUEDDAKBggrBgEFBQcDAjAKBggqhkjOPQQDAgNIADBFAiBhbczZN5kWLFgqXGuo
4z+xg0YwF9H2tzHOAQwcIyX+HgIhAODonemkCcB8Plfv5UAcxP1X4EN0Jjupr/+h
WzfFhcU7
-----END CERTIFICATE-----
`
	ClientCertificateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgY/lt93h4/6N8Ok4z
Aks+rpN1v9P60hQmlo0Ujd4EJl+hRANCAAS+rzeFG96e/jaFqSOmJCbLusHqfC7n
hu7batmmcrL8mzqRwngme3nY8bysYjHOhgwhwb2RR9h0T4ejWtkJY0rK
-----END PRIVATE KEY-----
`
)

// shownCertificate returns the certificate that the client has shown, or nil.
func shownCertificate(r *http.Request) []byte {
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		return r.TLS.PeerCertificates[0].Raw
	}
	if text := r.Header.Get(certificateHeader); text != "" {
		if der, err := base64.StdEncoding.DecodeString(text); err == nil {
			return der
		}
		return []byte(text)
	}
	return nil
}

// checkCertificate holds that the client shows the integration's certificate, where
// it has one, and else none: a certificate is for those it is meant for.
func (p *Provider) checkCertificate(r *http.Request, at location) *refusal {
	shown := shownCertificate(r)
	own, err := clientcert.Chain(p.integration.ClientCertificate)
	switch {
	case p.isStranger(at) && shown != nil:
		return invalidClient("a client certificate was shown at %s, which is a stranger's", at.name)
	case p.isStranger(at):
		return nil
	case err != nil && p.integration.Auth.WantsCertificate() && shown == nil, err == nil && shown == nil:
		return invalidClient("no client certificate was shown; client_certificate is to be (RFC 8705 2)")
	case err != nil && !p.integration.Auth.WantsCertificate() && shown != nil:
		return invalidClient("a client certificate was shown, and the integration has none: it is meant for somebody else")
	case err == nil && !bytes.Equal(own[0].Raw, shown):
		return invalidClient("the client certificate is another than client_certificate")
	}
	return nil
}

// isStranger reports whether a place belongs to somebody whom the certificate is not
// meant for: it is found out at a host that the file does not name, or a look-up that
// does not go to the API.
func (p *Provider) isStranger(at location) bool {
	if name, ok := strings.CutPrefix(at.name, placeLookUp); ok {
		return !p.integration.Connection[name].Request.AtBase(p.integration.Requests.BaseURL)
	}
	if !p.discovers() || at.name != placeToken && at.name != placeRevoke {
		return false
	}
	server := p.integration.Auth.AuthorizationServer
	if server == "" {
		server = p.integration.Requests.BaseURL
	}
	t, err := schema.ParseTemplate(server)
	return err != nil || schema.HostVaries(t)
}

// openToAll are the places that a browser goes to, and those that are read to find the
// others.
var openToAll = map[string]bool{placeAuthorize: true, placeVerification: true, placeResource: true, placeServer: true, placeRegister: true}

// refuseCertificate answers as the place does. Real servers break the handshake off,
// and say less.
func (p *Provider) refuseCertificate(w http.ResponseWriter, r *http.Request, at location, ref *refusal) {
	if at.name == placeAPI {
		ref.code = codeUnauthorized
		p.refuse(w, r, ref)
		return
	}
	p.stats.add(func(s *counts) { s.refused++ })
	p.write(w, r, p.tokenError(ref))
}

// connectionState is what a TLS server would know of a client with cert.
func connectionState(cert *tls.Certificate) *tls.ConnectionState {
	if cert == nil {
		return nil
	}
	state := &tls.ConnectionState{HandshakeComplete: true, Version: tls.VersionTLS13}
	for _, der := range cert.Certificate {
		if c, err := x509.ParseCertificate(der); err == nil {
			state.PeerCertificates = append(state.PeerCertificates, c)
		}
	}
	return state
}
