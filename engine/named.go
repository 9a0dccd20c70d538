package engine

import (
	"net/url"
	"strings"
)

// named refuses a key without a connection id: whatever was stored under it would be one
// connection for everybody.
func named(op string, k Key) error {
	if k.ConnectionID != "" {
		return nil
	}
	return &Error{Op: op, Key: k, Kind: KindNotFound, Detail: "the connection id is empty"}
}

// notARedirect says what is wrong with a URL to come back to, or "". One of a scheme of
// an app's own needs no host (RFC 8252 7.1).
func notARedirect(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "cannot be read"
	case u.Scheme == "":
		return "does not begin with a scheme, such as https://"
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host == "":
		return "has no host"
	case strings.Contains(text, "#"):
		return "has a fragment (RFC 6749 3.1.2)"
	}
	return ""
}
