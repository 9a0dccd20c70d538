package consent

import (
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/expiring"
	"github.com/nango-lite/nango-lite/internal/weburl"
)

// Redirects remembers which redirect URIs flows have used lately, and of whom, so that
// no two authorization servers of which one may be hostile share one (RFC 9700 4.4).
// A use counts until no flow that began with it can end any more.
type Redirects struct {
	configured expiring.Map[string, struct{}] // by integrations whose servers the file names

	mu    sync.Mutex                   // nobody claims one while another does
	found expiring.Map[string, string] // by issuers that were found out, and do not name themselves on callbacks
}

// usedFor is longer than a flow lives: a code that was led astray can be brought by a
// flow that begins afterwards.
const usedFor = 2 * Lifetime

// Configured notes that a flow of an integration whose servers the file names uses uri.
func (r *Redirects) Configured(uri string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.configured.Put(uri, struct{}{}, now, now.Add(usedFor))
}

// IsConfigured reports whether such flows have used uri lately.
func (r *Redirects) IsConfigured(uri string, now time.Time) bool {
	_, ok := r.configured.Get(uri, now)
	return ok
}

// Found notes that a flow at an issuer that was found out uses uri, and reports whether
// it may. Issuers that name themselves on callbacks are told apart by that (RFC 9207).
func (r *Redirects) Found(uri, issuer string, namesItself bool, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.IsConfigured(uri, now) {
		return false
	}
	if namesItself {
		return true
	}
	if other, used := r.found.Get(uri, now); used && other != issuer {
		return false
	}
	r.found.Put(uri, issuer, now, now.Add(usedFor))
	return true
}

// CameBy reports whether a browser that was sent to p's redirect URI can have come to
// at. Scheme and host count where at has them: the URL of a request to a server has none.
func (p *Pending) CameBy(at *url.URL) bool {
	want, err := url.Parse(p.RedirectURL)
	if err != nil || at == nil || at.User != nil || at.Opaque != "" || at.Scheme != "" && at.Host == "" {
		return false
	}
	if at.Host != "" && !weburl.SameOrigin(at, want) {
		return false
	}
	if pathOf(at) != pathOf(want) {
		return false
	}
	has := at.Query()
	for name, values := range want.Query() {
		for _, v := range values {
			if !slices.Contains(has[name], v) {
				return false
			}
		}
	}
	return true
}

func pathOf(u *url.URL) string {
	if u.Path == "" {
		return "/"
	}
	return u.EscapedPath()
}
