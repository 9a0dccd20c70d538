package consent

import (
	"net/url"
	"slices"
	"sync"
	"time"
)

// Redirects remembers which redirect URIs flows have used lately, and of whom, so that
// no two authorization servers of which one may be hostile share one (RFC 9700 4.4).
type Redirects struct {
	mu sync.Mutex
	by map[string]*redirectUse
}

// A redirectUse is who has used a redirect URI. A use counts until no flow that began
// with it can end any more.
type redirectUse struct {
	configured time.Time // by an integration whose servers the file names
	found      time.Time // by an issuer that was found out, and does not name itself on callbacks
	issuer     string    // that issuer
}

// usedFor is longer than a flow lives: a code that was led astray can be brought by a
// flow that begins afterwards.
const usedFor = 2 * Lifetime

// Configured notes that a flow of an integration whose servers the file names uses uri.
func (r *Redirects) Configured(uri string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.use(uri, now).configured = now.Add(usedFor)
}

// IsConfigured reports whether such flows have used uri lately.
func (r *Redirects) IsConfigured(uri string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.by[uri] != nil && now.Before(r.by[uri].configured)
}

// Found notes that a flow at an issuer that was found out uses uri, and reports whether
// it may. Issuers that name themselves on callbacks are told apart by that (RFC 9207).
func (r *Redirects) Found(uri, issuer string, namesItself bool, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.use(uri, now)
	switch {
	case now.Before(u.configured):
		return false
	case namesItself:
		return true
	case now.Before(u.found) && u.issuer != issuer:
		return false
	}
	u.found, u.issuer = now.Add(usedFor), issuer
	return true
}

func (r *Redirects) use(uri string, now time.Time) *redirectUse {
	for other, u := range r.by {
		if !now.Before(u.configured) && !now.Before(u.found) {
			delete(r.by, other)
		}
	}
	if r.by == nil {
		r.by = map[string]*redirectUse{}
	}
	if r.by[uri] == nil {
		r.by[uri] = &redirectUse{}
	}
	return r.by[uri]
}

// CameBy reports whether a browser that was sent to p's redirect URI can have come to
// at. Scheme and host count where at has them: the URL of a request to a server has none.
func (p *Pending) CameBy(at *url.URL) bool {
	want, err := url.Parse(p.RedirectURL)
	if err != nil || at == nil {
		return false
	}
	if at.Host != "" && (at.Host != want.Host || at.Scheme != want.Scheme) {
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
