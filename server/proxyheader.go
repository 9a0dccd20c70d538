package server

import (
	"errors"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
)

// hopByHop are headers between two neighbours (RFC 9110 7.6.1), and those of framing,
// which each makes for itself.
var hopByHop = []string{
	"Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// ours are headers about the way to this server, which are none of the provider's
// business.
var ours = []string{"Cookie", "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Real-Ip"}

// keptBack are headers that a browser would take as said by this server about itself:
// they would set its cookies, move it, or open it to other sites.
var keptBack = []string{
	"Alt-Svc", "Clear-Site-Data", "Nel", "Public-Key-Pins", "Public-Key-Pins-Report-Only", "Report-To", "Reporting-Endpoints",
	"Service-Worker-Allowed", "Set-Cookie", "Set-Cookie2", "Strict-Transport-Security", ErrorHeader,
}

// isHop reports whether a header, spelled canonically, is between neighbours: by its
// nature, or because Connection says so.
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

// passBack copies the headers of a provider's answer.
func passBack(to, from http.Header) {
	for name, values := range from {
		if name == "Content-Length" {
			to[name] = values
			continue
		}
		if !isHop(from, name) && !slices.Contains(keptBack, name) && !strings.HasPrefix(name, "Access-Control-") {
			to[name] = values
		}
	}
	// A page of the provider's must not become one of ours.
	to["Content-Security-Policy"] = append(slices.Clone(to["Content-Security-Policy"]), "sandbox")
	to.Set("X-Content-Type-Options", "nosniff")
}

// keyInPlace finds the API key that a request carries where the provider's credential
// would be: in Authorization, whatever the scheme, or in a header of the provider's
// own. shown is what looked like one.
func (s *Server) keyInPlace(r *http.Request) (key *ringKey, shown string, err error) {
	if text := r.Header.Get("Authorization"); text != "" {
		scheme, rest, _ := strings.Cut(text, " ")
		candidates := []string{strings.TrimSpace(rest)}
		if user, password, ok := r.BasicAuth(); ok {
			candidates = []string{password, user}
		} else if rest == "" {
			candidates = []string{scheme}
		}
		for _, c := range candidates {
			if key, err = s.keys.find(r.Context(), c); key != nil || err != nil {
				return key, c, err
			}
			shown = c
		}
	}
	for _, values := range r.Header {
		for _, v := range values {
			v = strings.TrimPrefix(v, "Bearer ")
			if len(v) < minKey || strings.Contains(v, " ") {
				continue
			}
			if key, err = s.keys.find(r.Context(), v); key != nil || err != nil {
				return key, v, err
			}
		}
	}
	return nil, shown, nil
}

// wantsWebSocket reports whether a request asks for another protocol that is passed
// on nowhere. Other upgrades, such as to HTTP/2, may be ignored.
func wantsWebSocket(h http.Header) bool {
	return slices.ContainsFunc(h["Upgrade"], func(v string) bool { return strings.Contains(strings.ToLower(v), "websocket") })
}

// proxyPrefix is on the headers that a client of Nango's has for the provider.
const proxyPrefix = "Nango-Proxy-"

// maxCallerRetries is how often Retries may ask for another attempt.
const maxCallerRetries = 10

// callOf reads the headers of /proxy/. Of the caller's own headers those go on that
// begin with Nango-Proxy-, and what says how the body is written.
func callOf(h http.Header) (call, error) {
	c := call{
		key:  engine.Key{Integration: h.Get("Provider-Config-Key"), ConnectionID: h.Get("Connection-Id")},
		base: strings.TrimSpace(h.Get("Base-Url-Override")), header: http.Header{},
		decompress: h.Get("Decompress") == "true",
	}
	switch {
	case c.key.Integration == "":
		return c, errors.New("the header Provider-Config-Key is missing; it names the integration")
	case c.key.ConnectionID == "":
		return c, errors.New("the header Connection-Id is missing")
	case c.key.Check() != nil:
		return c, errors.New("Provider-Config-Key and Connection-Id name nothing that can be a connection")
	}
	for _, name := range []string{"Content-Type", "Content-Encoding", "Accept-Encoding"} {
		if v := h.Values(name); len(v) > 0 && !(c.decompress && name == "Accept-Encoding") {
			c.header[name] = slices.Clone(v)
		}
	}
	for name, values := range h {
		rest, ok := strings.CutPrefix(name, proxyPrefix)
		if rest = http.CanonicalHeaderKey(rest); ok && rest != "" && !slices.Contains(hopByHop, rest) {
			c.header[rest] = slices.Clone(values)
		}
	}
	var err error
	c.retries, err = retryOnOf(h)
	return c, err
}

// retryOnOf reads Retries and Retry-On.
func retryOnOf(h http.Header) (retryOn, error) {
	var p retryOn
	if v := h.Get("Retries"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > maxCallerRetries {
			return p, errors.New("Retries must be a number from 0 to " + strconv.Itoa(maxCallerRetries))
		}
		p.times = n
	}
	for word := range strings.SplitSeq(strings.Join(h.Values("Retry-On"), ","), ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		status, err := strconv.Atoi(word)
		if err != nil || status < 400 || status > 599 {
			return p, errors.New("Retry-On must be statuses from 400 to 599, such as 409,422")
		}
		p.statuses = append(p.statuses, status)
	}
	return p, nil
}
