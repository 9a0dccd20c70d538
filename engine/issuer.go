package engine

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// An Issuer says as much of who authorises a user as redirect URIs have to tell apart
// (RFC 9700 4.4).
type Issuer struct {
	// Configured says that the configuration names all endpoints, or domains that they
	// are below. Only such integrations may share a redirect URI with others.
	Configured bool

	// ID differs where users name different servers, in lower-case letters and digits,
	// and is to be part of the redirect URI. It is empty where they name none: then one
	// redirect URI for the integration is enough.
	ID string
}

// Issuer returns who would authorise a user who types these fields; see
// [AuthCodeOptions]. It asks nobody. It fails as [Engine.AuthCodeURL] does for fields that
// the integration does not declare.
func (e *Engine) Issuer(integration string, fields map[string]string) (Issuer, error) {
	const op = "authorize"
	in, err := e.integration(integration)
	if err != nil {
		return Issuer{}, err
	}
	open, secrets, err := in.CheckFields(op, Key{Integration: integration}, fields)
	if err != nil {
		return Issuer{}, err
	}
	by := in.ServerFields()
	issuer := Issuer{Configured: in.NamesServer()}
	if len(by) == 0 {
		return issuer, nil
	}
	h := sha256.New()
	for _, name := range by {
		v := open[name]
		if s, ok := secrets["connection."+name]; ok {
			v = s.Reveal()
		}
		h.Write([]byte(name + "\x00" + v + "\x00"))
	}
	issuer.ID = strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:10]))
	return issuer, nil
}
