package proxy

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// hopByHop are headers for the next hop alone (RFC 9110 7.6.1), and those that say where a
// message ends, which each hop writes anew.
var hopByHop = []string{
	"Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// ours are headers that tell how the request came to this server, which no provider need
// know.
var ours = []string{"Cookie", "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-Ip"}

// keptBack are headers of a provider that a browser would take for this server's own: they
// would set its cookies, send browsers elsewhere, or open it to other sites.
var keptBack = []string{
	"Alt-Svc", "Clear-Site-Data", "Nel", "Public-Key-Pins", "Public-Key-Pins-Report-Only", "Report-To", "Reporting-Endpoints",
	"Service-Worker-Allowed", "Set-Cookie", "Set-Cookie2", "Strict-Transport-Security", answer.ErrorHeader,
}

// isHop reports whether a header, spelled canonically, is for the next hop alone: always,
// or because the header Connection names it.
func isHop(h http.Header, name string) bool {
	return slices.Contains(hopByHop, name) || slices.ContainsFunc(h["Connection"], func(line string) bool {
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
		if isHop(h, name) || slices.Contains(ours, name) || holdsKey(name, values, key) {
			continue
		}
		out[name] = slices.Clone(values)
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

// copyBack copies the headers of a provider's answer.
func copyBack(to, from http.Header) {
	for name, values := range from {
		if name == "Content-Length" {
			to[name] = values
			continue
		}
		if !isHop(from, name) && !slices.Contains(keptBack, name) && !strings.HasPrefix(name, "Access-Control-") {
			to[name] = values
		}
	}
	// A page of the provider's must not run as one of this server's.
	to["Content-Security-Policy"] = append(slices.Clone(to["Content-Security-Policy"]), "sandbox")
	to.Set("X-Content-Type-Options", "nosniff")
}
