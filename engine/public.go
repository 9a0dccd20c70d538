package engine

import (
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// A PublicTransport is a transport that can keep to the public network. Where the
// host of a request comes from a connection's data, or from a redirect, the
// request goes through what PublicOnly returns.
//
// An [http.Transport] need not be one: the engine makes a copy of it that looks at
// each address when it connects. Of any other transport the engine looks the name
// up before it sends, which does not help against a name that changes its mind in
// between; a transport that wraps an http.Transport should therefore say here how
// it wraps another.
type PublicTransport interface {
	http.RoundTripper

	// PublicOnly returns a transport that does not connect to addresses of our own
	// network: loopback, private, link-local and the like. It may return itself if it
	// connects to nothing.
	PublicOnly() http.RoundTripper
}

// publicTransports are the transports to public hosts. They have connections of
// their own, and survive a change of the configuration.
type publicTransports struct {
	mu sync.Mutex
	by map[*http.Transport]*http.Transport
}

// of returns a round tripper like base that keeps to the public network.
func (p *publicTransports) of(base http.RoundTripper) http.RoundTripper {
	switch base := base.(type) {
	case *http.Transport:
		return layer.Public(lazily{func() http.RoundTripper { return p.copy(base) }})
	case PublicTransport:
		return layer.Public(lazily{base.PublicOnly})
	}
	return layer.Public(layer.LookFirst(base, net.DefaultResolver.LookupNetIP))
}

func (p *publicTransports) copy(t *http.Transport) *http.Transport {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[*http.Transport]*http.Transport{}
	}
	if p.by[t] == nil {
		p.by[t] = layer.PublicOnly(t)
	}
	return p.by[t]
}

// lazily asks for a round tripper when there is a request for it.
type lazily struct{ make func() http.RoundTripper }

func (l lazily) RoundTrip(r *http.Request) (*http.Response, error) { return l.make().RoundTrip(r) }

// tokenClient returns the client for a token endpoint of c's at a URL like to. Its
// host may come from a connection's data, or from what a server says.
func (e *Engine) tokenClient(in *integration, c *Connection, to schema.Template) *http.Client {
	guarded := !in.Requests.AllowPrivateHosts && (schema.HostVaries(to) || in.Found(to))
	home, public := e.opts.Transport, e.public.of(e.opts.Transport)
	switch {
	case in.ShowsCertificate(c):
		home, public = e.transports(in, e.opts.Transport)
	case !guarded:
		return e.tokens
	}
	client := *e.tokens
	if client.Transport = home; guarded {
		client.Transport = public
	}
	return &client
}

// discoveryClient returns the client for a URL that a stranger may have written. It
// follows redirects at home, and carries nothing but a client certificate, to origins
// that the file names.
func (e *Engine) discoveryClient(in *integration, u *url.URL) *http.Client {
	client := &http.Client{Transport: e.opts.Transport, CheckRedirect: stayHome}
	switch {
	case in.Names(u):
		client.Transport, _ = e.transports(in, e.opts.Transport)
	case !in.Reaches(u):
		client.Transport = e.public.of(e.opts.Transport)
	}
	return client
}

func stayHome(r *http.Request, via []*http.Request) error {
	if plan.Origin(r.URL) != plan.Origin(via[0].URL) || len(via) > 3 {
		return http.ErrUseLastResponse
	}
	return nil
}
