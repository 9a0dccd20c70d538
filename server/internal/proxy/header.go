package proxy

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// isHopByHop reports whether a header is for the next hop alone (RFC 9110 7.6.1), or says
// where a message ends, which each hop writes anew.
func isHopByHop(name string) bool {
	switch name {
	case "Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
		"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return false
}

// isOurs reports whether a header tells how the request came to this server, which no
// provider need know.
func isOurs(name string) bool {
	switch name {
	case "Cookie", "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-Ip":
		return true
	}
	return false
}

// isKeptBack reports whether a browser would take a header of a provider for this server's
// own: it would set its cookies, send browsers elsewhere, or open it to other sites.
func isKeptBack(name string) bool {
	switch name {
	case "Alt-Svc", "Clear-Site-Data", "Nel", "Public-Key-Pins", "Public-Key-Pins-Report-Only", "Report-To", "Reporting-Endpoints",
		"Service-Worker-Allowed", "Set-Cookie", "Set-Cookie2", "Strict-Transport-Security", answer.ErrorHeader:
		return true
	}
	return strings.HasPrefix(name, "Access-Control-")
}

// isHop reports whether a header, spelled canonically, is for the next hop alone: always,
// or because the header Connection names it.
func isHop(h http.Header, name string) bool {
	return isHopByHop(name) || slices.ContainsFunc(h["Connection"], func(line string) bool {
		for word := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(textproto.TrimString(word), name) {
				return true
			}
		}
		return false
	})
}

// endToEnd returns the headers of a caller that go to the provider. The API key goes
// nowhere, in whichever header it stands.
func endToEnd(h http.Header, key string) http.Header {
	out := make(http.Header, len(h)+2)
	for name, values := range h {
		if isHop(h, name) || isOurs(name) || holdsKey(name, values, key) {
			continue
		}
		out[name] = values // which nobody changes: the engine sends a copy
	}
	return out
}

// holdsKey reports whether a header holds the API key.
func holdsKey(name string, values []string, key string) bool {
	if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, key) }) {
		return true
	}
	if name != "Authorization" {
		return false
	}
	return slices.ContainsFunc(values, func(v string) bool {
		r := http.Request{Header: http.Header{"Authorization": {v}}}
		user, password, ok := r.BasicAuth()
		return ok && (strings.Contains(user, key) || strings.Contains(password, key))
	})
}

// They are shared among answers, which do not change them.
var sandboxed, unsniffed = []string{"sandbox"}, []string{"nosniff"}

// copyBack copies the headers of a provider's answer.
func copyBack(to, from http.Header) {
	for name, values := range from {
		if name == "Content-Length" {
			to[name] = values
			continue
		}
		if !isHop(from, name) && !isKeptBack(name) {
			to[name] = values
		}
	}
	// A page of the provider's must not run as one of this server's.
	to["Content-Security-Policy"] = slices.Concat(to["Content-Security-Policy"], sandboxed)
	to["X-Content-Type-Options"] = unsniffed
}
