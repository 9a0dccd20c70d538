package schema

import (
	"net"
	"strings"
)

// IsLoopback reports whether a host, without its port, is this machine by the look
// of it: plain HTTP to it is safe (RFC 8252 8.3), and it can take a redirect
// (7.3).
func IsLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
