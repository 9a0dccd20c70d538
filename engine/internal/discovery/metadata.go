// Package discovery reads what protected resources and authorization servers say of
// themselves: challenges (RFC 6750, RFC 9728), metadata (RFC 9728, RFC 8414, OpenID
// Connect Discovery) and registrations (RFC 7591). It asks one question at a time;
// whom to ask, and whom to believe, is the engine's. Start with [Get].
//
// What a stranger wrote is never part of an error.
package discovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/weburl"
	"github.com/nango-lite/nango-lite/schema"
)

// Errors that say more than that a document is of no use.
var (
	// ErrInsecure means that a URL is neither https nor http on loopback.
	ErrInsecure = errors.New("must be https, or http on loopback")
	// ErrNoPKCE means that the server does not say that it takes S256.
	ErrNoPKCE = errors.New("code_challenge_methods_supported does not hold S256, so nothing would protect the code (RFC 7636)")
)

// A Doc is a JSON object, its members by their exact names.
type Doc map[string]json.RawMessage

// text returns a member that is text, or "".
func (d Doc) text(name string) string {
	var s string
	if json.Unmarshal(d[name], &s) != nil {
		return ""
	}
	return s
}

// list returns a member that is a list of texts; nil if there is none.
func (d Doc) list(name string) []string {
	var all []any
	if json.Unmarshal(d[name], &all) != nil || all == nil {
		return nil
	}
	list := []string{}
	for _, v := range all {
		if s, ok := v.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

func (d Doc) isTrue(name string) bool { return string(d[name]) == "true" }

// A Resource is the metadata of a protected resource (RFC 9728 2).
type Resource struct {
	Name    string // its identifier, as it writes it
	Servers []string
	Scopes  []string
}

// ReadResource reads the metadata of the resource that was asked for, which it must
// be about (RFC 9728 3.3). A slash at the end makes no difference: nobody can tell
// whether the user typed it, and libraries for URLs add it.
func ReadResource(d Doc, asked string) (*Resource, error) {
	r := &Resource{Name: d.text("resource"), Servers: d.list("authorization_servers"), Scopes: readScopes(d)}
	switch {
	case r.Name == "":
		return nil, errors.New("there is no resource in it (RFC 9728 2)")
	case !weburl.Same(strings.TrimSuffix(r.Name, "/"), strings.TrimSuffix(asked, "/")):
		return nil, errors.New("it is about another resource than the one asked for (RFC 9728 3.3); auth.resource names the one that is meant")
	}
	return r, nil
}

func readScopes(d Doc) []string {
	return Scopes(strings.Join(d.list("scopes_supported"), " "))
}

// A Server is the metadata of an authorization server (RFC 8414 2).
type Server struct {
	Issuer                             string
	Authorize, Token, Register, Revoke string // endpoints; Register and Revoke may be missing
	AuthMethods                        []string
	Scopes                             []string
	TakesClientMetadata, SendsItsName  bool // client_id_metadata_document_supported, authorization_response_iss_parameter_supported
}

// ReadServer reads the metadata of the server that issuer names. For a client with a
// certificate the endpoints that are shown it are those of mtls_endpoint_aliases
// (RFC 8705 5), where there are any.
func ReadServer(d Doc, issuer string, certificate bool) (*Server, error) {
	if !weburl.Same(d.text("issuer"), issuer) {
		return nil, errors.New("it is of another issuer than the one asked for (RFC 8414 3.3)")
	}
	s := &Server{
		Issuer: d.text("issuer"), AuthMethods: d.list("token_endpoint_auth_methods_supported"), Scopes: readScopes(d),
		TakesClientMetadata: d.isTrue("client_id_metadata_document_supported"),
		SendsItsName:        d.isTrue("authorization_response_iss_parameter_supported"),
	}
	var aliases Doc
	if certificate {
		_ = json.Unmarshal(d["mtls_endpoint_aliases"], &aliases)
	}
	for _, e := range []struct {
		name          string
		to            *string
		needed, shown bool
	}{
		{"authorization_endpoint", &s.Authorize, true, false}, {"token_endpoint", &s.Token, true, true},
		{"registration_endpoint", &s.Register, false, false}, {"revocation_endpoint", &s.Revoke, false, true},
	} {
		*e.to = d.text(e.name)
		if alias := aliases.text(e.name); alias != "" && e.shown {
			*e.to = alias
		}
		if *e.to == "" {
			if e.needed {
				return nil, fmt.Errorf("there is no %s in it", e.name)
			}
			continue
		}
		if _, err := Secure(*e.to); err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
	}
	if !slices.Contains(d.list("code_challenge_methods_supported"), "S256") {
		return nil, ErrNoPKCE
	}
	return s, nil
}

// Secure returns text as a URL that secrets may be sent to.
func Secure(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "":
		return nil, errors.New("it is not a URL with a host")
	case u.Scheme == "https", u.Scheme == "http" && schema.IsLoopback(u.Hostname()):
		return u, nil
	}
	return nil, ErrInsecure
}

// ResourceURLs returns where the metadata of a resource is by convention, in the
// order to ask (RFC 9728 3.1, and the root of MCP).
func ResourceURLs(resource *url.URL) []string {
	const name = "/.well-known/oauth-protected-resource"
	root := at(resource, name)
	if path := strings.TrimSuffix(resource.EscapedPath(), "/"); path != "" {
		return []string{withQuery(at(resource, name+path), resource), root}
	}
	return []string{withQuery(root, resource)}
}

// ServerURLs returns where the metadata of an authorization server may be, in the
// order to ask: RFC 8414 3.1, then OpenID Connect with the path behind and before.
func ServerURLs(issuer *url.URL) []string {
	const oauth, openID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
	path := strings.TrimSuffix(issuer.EscapedPath(), "/")
	list := []string{at(issuer, oauth+path), at(issuer, openID+path)}
	if path != "" {
		list = append(list, at(issuer, path+openID))
	}
	return list
}

func at(u *url.URL, path string) string { return u.Scheme + "://" + u.Host + path }

func withQuery(text string, u *url.URL) string {
	if u.RawQuery == "" {
		return text
	}
	return text + "?" + u.RawQuery
}
