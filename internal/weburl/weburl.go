// Package weburl compares URLs as RFC 3986 6.2 and RFC 9110 4.2.3 say that they are
// compared: neither the case of a host, nor a port that goes without saying, nor dot
// segments, nor the slash of a root path make another URL. Start with [Same].
package weburl

import (
	"net"
	"net/url"
	"path"
	"strings"
)

// SameOrigin compares scheme, host and port (RFC 6454 5).
func SameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && Port(a) == Port(b)
}

// Port returns the port of u, or that of its scheme; "" if neither is known.
func Port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	switch strings.ToLower(u.Scheme) {
	case "https":
		return "443"
	case "http":
		return "80"
	case "socks5", "socks5h":
		return "1080"
	}
	return ""
}

// Address returns where u is dialled: its host and its port, or that of its scheme.
func Address(u *url.URL) string { return net.JoinHostPort(u.Hostname(), Port(u)) }

// Same reports whether two texts are one URL. Texts that are no URLs with a host are the
// same if they are equal.
func Same(a, b string) bool {
	if a == b {
		return true
	}
	u, err := url.Parse(a)
	if err != nil || u.Host == "" {
		return false
	}
	v, err := url.Parse(b)
	if err != nil || v.Host == "" {
		return false
	}
	return SameOrigin(u, v) && PathOf(u) == PathOf(v) && u.RawQuery == v.RawQuery && u.Fragment == v.Fragment && u.User.String() == v.User.String()
}

// PathOf returns the path of u as it is sent, without dot segments; that of the root is a
// slash. What is escaped stays so: %2F is no slash.
func PathOf(u *url.URL) string {
	text := u.EscapedPath()
	if text == "" {
		return "/"
	}
	clean := path.Clean("/" + text)
	if clean != "/" && (strings.HasSuffix(text, "/") || strings.HasSuffix(text, "/.") || strings.HasSuffix(text, "/..")) {
		clean += "/"
	}
	if strings.Contains(text, "//") {
		return text // empty segments count; path.Clean drops them
	}
	return clean
}
