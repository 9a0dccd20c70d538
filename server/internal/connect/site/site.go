// Package site knows where the server is reached, which settings of connecting are in
// force, and pages of which other origins may connect. Start with [Site].
package site

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

// A Site is where the server is reached. It is safe for concurrent use.
type Site struct {
	Public   *url.URL // without a slash at its end; nil: not known
	Settings func() schema.Server
}

// Look is how pages look.
func (s *Site) Look() page.Look { return page.LookOf(s.Settings()) }

// Known reports whether the server knows its own address.
func (s *Site) Known() bool { return s.Public != nil }

// URL returns the address of a path of this server. It needs [Site.Known].
func (s *Site) URL(path string) string { return s.Public.String() + path }

// Origin is that of the server's own pages, or "".
func (s *Site) Origin() string {
	if s.Public == nil {
		return ""
	}
	return s.Public.Scheme + "://" + s.Public.Host
}

// Path returns the path that browsers know a path of this server by.
func (s *Site) Path(path string) string {
	if s.Public == nil {
		return path
	}
	return s.Public.EscapedPath() + path
}

// ConnectPage returns the path of the connect page of a session, told by its token: the list
// of what it allows or, if one is named, the form of an integration. product is the origin of
// the page that shows it, or "".
func (s *Site) ConnectPage(token, product, integration string) string {
	q := url.Values{"session_token": {token}}
	if product != "" {
		q.Set("origin", product)
	}
	if integration != "" {
		q.Set("integration", integration)
	}
	return s.Path("/connect?" + q.Encode())
}

// Secure reports whether browsers reach the server by https.
func (s *Site) Secure() bool { return s.Public != nil && s.Public.Scheme == "https" }

// Allows reports whether pages of that origin may connect; all may if the settings name
// none. No browser sends an empty origin from a page, so it is allowed.
func (s *Site) Allows(origin string) bool {
	allowed := s.Settings().AllowedOrigins
	return origin == "" || len(allowed) == 0 || origin == s.Origin() || slices.Contains(allowed, origin)
}

// CheckProduct says if pages of that origin may neither show this server's pages in a frame
// nor be told what becomes of them.
func (s *Site) CheckProduct(origin string) *fault.Error {
	set := s.Settings()
	if origin == "" || slices.Contains(set.AllowedFrames, origin) || slices.Contains(set.AllowedOrigins, origin) {
		return nil
	}
	return fault.Param("origin is none of server.allowed_frames or server.allowed_origins")
}

// CrossOrigin answers what browsers ask before a page of another origin uses a route
// (CORS), and says who may read the answer. It reports whether the request goes on. No
// route takes a browser's own credentials: what grants access is a connect session's
// token, which the page has to know.
func (s *Site) CrossOrigin(w *answer.Writer) bool {
	h, origin := w.Header(), w.Request.Header.Get("Origin")
	if len(s.Settings().AllowedOrigins) == 0 {
		h.Set("Access-Control-Allow-Origin", "*")
	} else {
		h.Add("Vary", "Origin")
		if !s.Admit(w) {
			return false
		}
		if origin != "" {
			h.Set("Access-Control-Allow-Origin", origin)
		}
	}
	if w.Request.Method != http.MethodOptions {
		return true
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return false
}

// Admit reports whether the origin of a request is allowed; if not, it answers.
func (s *Site) Admit(w *answer.Writer) bool {
	if s.Allows(w.Request.Header.Get("Origin")) {
		return true
	}
	w.Fail(http.StatusForbidden, "forbidden", "the page's origin is none of server.allowed_origins")
	return false
}
