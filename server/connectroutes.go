package server

import "net/http"

// acting wraps handlers of GET that change something, for which HEAD is not the same: who
// only looks at a link must not end the flow that it is of.
func acting(handle func(*exchange)) func(*exchange) {
	return func(x *exchange) {
		if x.r.Method == http.MethodHead {
			x.Header().Set("Allow", http.MethodGet)
			x.fail(http.StatusMethodNotAllowed, "method_not_allowed", "this route takes GET")
			return
		}
		handle(x)
	}
}

// connectPaths adds the routes of the connect flow.
func (s *Server) connectPaths(paths map[string]methods) {
	back := methods{http.MethodGet: acting(s.callback), http.MethodPost: s.callback}
	for path, by := range map[string]methods{
		"/{$}":                                   {http.MethodGet: s.socket},
		"/connect":                               {http.MethodGet: s.connectPage},
		"/connect/sessions":                      {http.MethodPost: s.createSession},
		"/connect/sessions/reconnect":            {http.MethodPost: s.createReconnectSession},
		"/connect/session":                       {http.MethodGet: s.showSession, http.MethodDelete: s.endSession},
		"/connect/fields/{integration}":          {http.MethodGet: s.openFields, http.MethodPost: s.setOpenFields},
		"/oauth/connect/{integration}":           {http.MethodGet: acting(s.beginConnect)},
		"/oauth/callback":                        back,
		"/oauth/callback/{integration}":          back,
		"/oauth/callback/{integration}/{issuer}": back,
		"/oauth/choose":                          {http.MethodPost: s.chosen},
		"/oauth/device":                          {http.MethodGet: acting(s.device)},
		outbound:                                 {http.MethodPost: s.refuseOutbound},
	} {
		paths[path] = by
	}
	s.frontend = map[string]bool{"/connect/session": true, "/connect/fields/{integration}": true, outbound: true}
	for path, modes := range typedModes {
		paths[path] = methods{http.MethodPost: func(x *exchange) { s.connectTyped(x, modes) }}
		s.frontend[path] = true
	}
}
