package server

import "net/http"

// connectPaths adds the routes of the connect flow.
func (s *Server) connectPaths(paths map[string]methods) {
	back := methods{http.MethodGet: s.callback, http.MethodPost: s.callback}
	for path, by := range map[string]methods{
		"/{$}":                                   {http.MethodGet: s.socket},
		"/connect":                               {http.MethodGet: s.connectPage},
		"/connect/sessions":                      {http.MethodPost: s.createSession},
		"/connect/sessions/reconnect":            {http.MethodPost: s.createReconnectSession},
		"/connect/session":                       {http.MethodGet: s.showSession, http.MethodDelete: s.endSession},
		"/connect/fields/{integration}":          {http.MethodGet: s.openFields, http.MethodPost: s.setOpenFields},
		"/oauth/connect/{integration}":           {http.MethodGet: s.beginConnect},
		"/oauth/callback":                        back,
		"/oauth/callback/{integration}":          back,
		"/oauth/callback/{integration}/{issuer}": back,
		"/oauth/choose":                          {http.MethodPost: s.chosen},
		"/oauth/device":                          {http.MethodGet: s.device},
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
