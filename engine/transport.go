package engine

import (
	"crypto/tls"
	"net/http"

	"github.com/nango-lite/nango-lite/engine/internal/carrier"
)

// A PublicTransport is a transport that can keep to the public network. Where the
// host of a request comes from a connection's data, or from a redirect, the
// request goes through what PublicOnly returns.
//
// An [http.Transport] need not be one: the engine makes a copy of it that looks at
// each address when it connects. Of any other transport the engine looks the name
// up before it sends, and refuses one that it cannot find; that does not help against a
// name that changes its mind in between. A transport that wraps an http.Transport should therefore say here how
// it wraps another.
type PublicTransport interface {
	http.RoundTripper

	// PublicOnly returns a transport that does not connect to addresses of our own
	// network: loopback, private, link-local and the like. It may return itself if it
	// connects to nothing.
	PublicOnly() http.RoundTripper
}

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

// What carries requests asks a host's transport for these.
var (
	_ carrier.PublicTransport      = PublicTransport(nil)
	_ carrier.CertificateTransport = CertificateTransport(nil)
)
