package carrier

import (
	"net"
	"net/http"
	"sync"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// publicCopies are the transports to public hosts. They have connections of their own,
// and survive a change of the configuration.
type publicCopies struct {
	mu sync.Mutex
	by map[*http.Transport]*http.Transport
}

// of returns a round tripper like base that keeps to the public network.
func (p *publicCopies) of(base http.RoundTripper) http.RoundTripper {
	switch base := base.(type) {
	case *http.Transport:
		return layer.Public(lazily{func() http.RoundTripper { return p.copy(base) }})
	case PublicTransport:
		return layer.Public(lazily{base.PublicOnly})
	}
	return layer.Public(layer.LookFirst(base, net.DefaultResolver.LookupNetIP))
}

func (p *publicCopies) copy(t *http.Transport) *http.Transport {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[*http.Transport]*http.Transport{}
	}
	if p.by[t] == nil {
		p.by[t] = layer.PublicOnly(t, net.DefaultResolver.LookupNetIP)
	}
	return p.by[t]
}

// lazily asks for a round tripper when there is a request for it.
type lazily struct{ make func() http.RoundTripper }

func (l lazily) RoundTrip(r *http.Request) (*http.Response, error) { return l.make().RoundTrip(r) }
