package play

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/clientcert"
)

// shownCertificate returns the certificate that the client has shown, or nil.
func shownCertificate(r *http.Request) []byte {
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		return r.TLS.PeerCertificates[0].Raw
	}
	if text := r.Header.Get(message.CertificateHeader); text != "" {
		if der, err := base64.StdEncoding.DecodeString(text); err == nil {
			return der
		}
		return []byte(text)
	}
	return nil
}

// CheckCertificate holds that the client shows the integration's certificate, where
// it has one, and else none: a certificate is for those it is meant for.
func (p *Stage) CheckCertificate(r *http.Request, at match.Location) *message.Refusal {
	if openToAll[at.Name] {
		return nil
	}
	shown := shownCertificate(r)
	own, err := clientcert.Chain(p.Integration.ClientCertificate)
	switch {
	case p.isStranger(at) && shown != nil:
		return message.InvalidClient("a client certificate was shown at %s, which is a stranger's", at.Name)
	case p.isStranger(at):
		return nil
	case err != nil && p.Integration.Auth.WantsCertificate() && shown == nil, err == nil && shown == nil:
		return message.InvalidClient("no client certificate was shown; client_certificate is to be (RFC 8705 2)")
	case err != nil && !p.Integration.Auth.WantsCertificate() && shown != nil:
		return message.InvalidClient("a client certificate was shown, and the integration has none: it is meant for somebody else")
	case err == nil && !bytes.Equal(own[0].Raw, shown):
		return message.InvalidClient("the client certificate is another than client_certificate")
	}
	return nil
}

// isStranger reports whether a place belongs to somebody whom the certificate is not
// meant for: it is found out at a host that the file does not name, or a look-up that
// does not go to the API.
func (p *Stage) isStranger(at match.Location) bool {
	if name, ok := strings.CutPrefix(at.Name, match.PlaceLookUp); ok {
		return !p.Integration.Connection[name].Request.AtBase(p.Integration.Requests.BaseURL)
	}
	if !p.Discovers() || at.Name != match.PlaceToken && at.Name != match.PlaceRevoke {
		return false
	}
	server := p.Integration.Auth.AuthorizationServer
	if server == "" {
		server = p.Integration.Requests.BaseURL
	}
	t, err := schema.ParseTemplate(server)
	return err != nil || schema.HostVaries(t)
}

// openToAll are the places that a browser goes to, and those that are read to find the
// others.
var openToAll = map[string]bool{match.PlaceAuthorize: true, match.PlaceVerification: true, match.PlaceResource: true, match.PlaceServer: true, match.PlaceRegister: true}
