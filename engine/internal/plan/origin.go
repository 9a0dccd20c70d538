package plan

import (
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
)

// Reaches reports whether u may be on our own network: where an operator allows it,
// or where the file itself names the origin.
func (in *Integration) Reaches(u *url.URL) bool {
	return in.Requests.AllowPrivateHosts || in.Names(u)
}

// Names reports whether the file names the origin of u.
func (in *Integration) Names(u *url.URL) bool {
	for _, t := range []schema.Template{in.Parsed.BaseURL, in.Parsed.Resource, in.Parsed.AuthorizationServer} {
		if len(t.Parts) == 0 || schema.HostVaries(t) {
			continue
		}
		if w, err := url.Parse(t.Parts[0].Literal); err == nil && Origin(w) == Origin(u) {
			return true
		}
	}
	return false
}

// Origin returns scheme, host and port (RFC 6454).
func Origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[strings.ToLower(u.Scheme)]
	}
	return strings.ToLower(u.Scheme + "://" + u.Hostname() + ":" + port)
}

// ShowsCertificate reports whether c's token requests carry the client certificate.
func (in *Integration) ShowsCertificate(c *connection.Connection) bool {
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		return in.ShowsCertificateTo(c.Credentials.Registration.Issuer)
	}
	return in.ClientCertificate != ""
}

// ShowsCertificateTo reports whether the endpoints of an authorization server that was
// found are shown the client certificate: of one at an origin that the file names, and
// of no stranger's.
func (in *Integration) ShowsCertificateTo(issuer string) bool {
	u, err := url.Parse(issuer)
	return in.ClientCertificate != "" && err == nil && in.Names(u)
}

// Found reports whether an endpoint was found out, at an origin that the file does
// not name.
func (in *Integration) Found(endpoint schema.Template) bool {
	if in.Auth.AuthMode != schema.MCPOAuth2 || len(endpoint.Parts) == 0 {
		return false
	}
	u, err := url.Parse(endpoint.Parts[0].Literal)
	return err != nil || !in.Reaches(u)
}

// FindsServer reports whether the authorization server is found out, not one that the
// file names: whoever wrote what is found may be hostile.
func (in *Integration) FindsServer() bool {
	t := in.Parsed.AuthorizationServer
	return in.Auth.AuthMode == schema.MCPOAuth2 && (len(t.Parts) == 0 || schema.HostVaries(t))
}

// NamesServer reports whether the authorization server is one that the file names: not one
// that is found out, nor one that a user names. Who named it may be hostile.
func (in *Integration) NamesServer() bool {
	return !in.FindsServer() && len(in.ServerFields()) == 0
}

// NamesResource reports whether the file itself names the resource and the origin that
// calls go to, so that no user chooses who is asked for the authorization server.
func (in *Integration) NamesResource() bool {
	for _, t := range []schema.Template{in.Parsed.BaseURL, in.Parsed.Resource} {
		if len(t.Parts) == 0 || schema.HostVaries(t) {
			return false
		}
	}
	return true
}

// OwnsServer reports whether the integration's client secret may go to an authorization
// server: a secret is of one, which the file names itself or by way of the resource that it
// names. Where a user has a say in who is asked, none gets it.
func (in *Integration) OwnsServer(issuer string) bool {
	named := in.Parsed.AuthorizationServer
	switch {
	case len(named.Parts) == 0:
		return in.NamesResource()
	case schema.HostVaries(named):
		return false
	case len(named.Refs()) == 0:
		return strings.TrimSuffix(issuer, "/") == strings.TrimSuffix(named.Parts[0].Literal, "/")
	}
	want, err := url.Parse(named.Parts[0].Literal)
	if err != nil {
		return false
	}
	u, err := url.Parse(issuer)
	return err == nil && Origin(u) == Origin(want)
}
