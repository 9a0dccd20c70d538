package mode

import (
	"context"
	"net/url"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/schema"
)

// oauth2Mode is OAUTH2: at endpoints that the file names.
type oauth2Mode struct{ code }

var _ interface {
	Mode
	Consenter
	DeviceConsenter
} = (*oauth2Mode)(nil)

// Ready implements [Consenter].
func (m *oauth2Mode) Ready(op string, c *connection.Connection) error {
	return m.env.In.NeedsConsentClient(op, c)
}

// Begin implements [Consenter].
func (m *oauth2Mode) Begin(ctx context.Context, op string, p *consent.Pending, _ []string) (reason string, err error) {
	in := m.env.In
	if err := m.begin(op, p, in.Parsed.AuthorizationURL); err != nil {
		return "", err
	}
	reason = consentReason(in, p)
	if len(in.Parsed.PushedURL.Parts) > 0 {
		if err := m.push(ctx, op, p); err != nil {
			return "", err
		}
		reason += ", by a request that was pushed"
	}
	if challenge := in.Auth.Challenge(); challenge != schema.PKCEOff {
		return reason + ", with PKCE " + string(challenge), nil
	}
	return reason + ", without PKCE", nil
}

// Answered implements [Consenter].
func (m *oauth2Mode) Answered(op string, p *consent.Pending, callback url.Values) error {
	return m.answered(op, p, callback, m.env.In.Auth.Issuer)
}
