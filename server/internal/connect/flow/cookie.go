package flow

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/ident"
)

// cookieLife is longer than a flow lives.
const cookieLife = 20 * time.Minute

// cookieName names a flow's cookie. The prefix keeps other hosts of the same domain
// from setting one (RFC 6265bis 4.1.3.2); it needs https.
func (s *Store) cookieName(id string) string {
	if s.Secure() {
		return "__Host-nango_lite_" + id
	}
	return "nango_lite_" + id
}

// setCookie sets the cookie of a flow; an empty secret removes it. A form that the
// provider's page posts to us carries only cookies that are for cross-site use.
func (s *Store) setCookie(w *answer.Writer, id, secret string, crossSite bool) {
	c := &http.Cookie{
		Name: s.cookieName(id), Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: s.Secure(), MaxAge: int(cookieLife / time.Second),
	}
	if crossSite {
		c.SameSite, c.Secure = http.SameSiteNoneMode, true
	}
	if secret == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w.ResponseWriter, c)
}

// SameBrowser reports whether the browser of a request is the one that a flow began in.
func (s *Store) SameBrowser(r *http.Request, id string, f *Flow) bool {
	c, err := r.Cookie(s.cookieName(id))
	return err == nil && f.Browser != "" && subtle.ConstantTimeCompare([]byte(ident.Hash(c.Value)), []byte(f.Browser)) == 1
}

// IDs returns the ids of the flows whose cookies a browser sends.
func (s *Store) IDs(r *http.Request) []string {
	var ids []string
	for _, c := range r.Cookies() {
		if id, ok := strings.CutPrefix(c.Name, s.cookieName("")); ok && len(id) == 32 {
			ids = append(ids, id)
		}
	}
	return ids
}
