package server

import "net/http"

// crossOrigin answers what browsers ask before pages of other origins use a route, and
// says who may read the answer. No route takes a browser's own credentials: what grants
// is a connect session's token, which the page has to know. It reports whether the
// request goes on.
func (s *Server) crossOrigin(x *exchange, path string) bool {
	if !s.frontend[path] {
		return true
	}
	h, origin := x.Header(), x.r.Header.Get("Origin")
	if len(s.settings().AllowedOrigins) == 0 {
		h.Set("Access-Control-Allow-Origin", "*")
	} else {
		h.Add("Vary", "Origin")
		if !s.originAllowed(origin) {
			x.fail(http.StatusForbidden, "forbidden", "the page's origin is none of server.allowed_origins")
			return false
		}
		if origin != "" {
			h.Set("Access-Control-Allow-Origin", origin)
		}
	}
	if x.r.Method != http.MethodOptions {
		return true
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	x.WriteHeader(http.StatusNoContent)
	return false
}
