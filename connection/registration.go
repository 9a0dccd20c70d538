package connection

import (
	"encoding/json"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// A Registration is what was found out for a connection of MCP_OAUTH2 (RFC 9728, RFC
// 8414): which authorization server its tokens come from, and as which client (RFC
// 7591). It is kept with the
// connection, so that a refresh needs no discovery.
type Registration struct {
	Resource           string // as it names itself; sent with each token request (RFC 8707)
	Issuer             string
	TokenEndpoint      string
	RevocationEndpoint string // empty: the server has none

	// IssuerExpected says that the server promises to name itself on the callback
	// (RFC 9207 3): one that does not is another.
	IssuerExpected bool

	ClientID            string
	ClientSecret        schema.Secret // unset for a public client, and for the operator's own
	AuthorizationMethod string        // header, body or none
	SecretExpiresAt     time.Time     // zero: never
}

// A PlainRegistration is a Registration that JSON shows whole, its secret too: it is
// for what is sealed afterwards.
type PlainRegistration struct{ Registration }

// MarshalJSON writes the secret in the open.
func (p PlainRegistration) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireRegistrationOf(&p.Registration))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *PlainRegistration) UnmarshalJSON(b []byte) error {
	var w wireRegistration
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	p.Registration = w.registration()
	return nil
}

// wireRegistration is the encoding of a [PlainRegistration].
type wireRegistration struct {
	Resource            string     `json:"resource,omitzero"`
	Issuer              string     `json:"issuer,omitzero"`
	TokenEndpoint       string     `json:"token_endpoint,omitzero"`
	RevocationEndpoint  string     `json:"revocation_endpoint,omitzero"`
	IssuerExpected      bool       `json:"issuer_expected,omitzero"`
	ClientID            string     `json:"client_id,omitzero"`
	ClientSecret        wireSecret `json:"client_secret,omitzero"`
	AuthorizationMethod string     `json:"authorization_method,omitzero"`
	SecretExpiresAt     time.Time  `json:"secret_expires_at,omitzero"`
}

func wireRegistrationOf(r *Registration) wireRegistration {
	return wireRegistration{
		r.Resource, r.Issuer, r.TokenEndpoint, r.RevocationEndpoint, r.IssuerExpected,
		r.ClientID, wireSecret{r.ClientSecret}, r.AuthorizationMethod, stamp(r.SecretExpiresAt),
	}
}

func (w *wireRegistration) registration() Registration {
	return Registration{
		w.Resource, w.Issuer, w.TokenEndpoint, w.RevocationEndpoint, w.IssuerExpected,
		w.ClientID, w.ClientSecret.Secret, w.AuthorizationMethod, stamp(w.SecretExpiresAt),
	}
}
