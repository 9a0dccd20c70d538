package oauth

import (
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

const (
	deviceGrant    = "urn:ietf:params:oauth:grant-type:device_code" // RFC 8628 3.4
	deviceLifetime = 10 * time.Minute
)

// checkDeviceGrant checks what is particular to the grant of RFC 8628 3.4.
func (p *token) checkDeviceGrant(t *tokenRequest, at match.Location) *message.Refusal {
	for _, name := range []string{"code", "refresh_token", "redirect_uri", "code_verifier"} {
		if t.std[name] != "" {
			return message.Refused(400, "invalid_request", "%s has no place beside a device code (RFC 8628 3.4)", name)
		}
	}
	if at.Name == match.PlaceRefresh {
		return message.Refused(400, "invalid_request", "a device code belongs at token_url; this is refresh_url")
	}
	if name, _ := p.clients.wireName("grant_type"); name != "" && t.std["grant_type"] != deviceGrant {
		return message.Refused(400, "unsupported_grant_type", "%s must be %q, not %q", name, deviceGrant, t.std["grant_type"])
	}
	return nil
}

// exchangeDevice answers a device that asks whether its user has decided
// (RFC 8628 3.5). A device code is good once.
func (p *token) exchangeDevice(t *tokenRequest) (message.Answer, *message.Refusal) {
	c, ok := grant.Open(t.std["device_code"])
	switch {
	case !ok || c.Kind != grant.KindDevice || c.Integration != p.Name():
		return message.Answer{}, message.Refused(400, "invalid_grant", "the device code is none of this provider's")
	case t.std["client_id"] != "" && t.std["client_id"] != c.Client:
		return message.Answer{}, message.Refused(400, "invalid_grant", "the device code was given to another client")
	case !p.Now().Before(time.UnixMilli(c.Expires)):
		return message.Answer{}, message.Refused(400, "expired_token", "the device code has expired")
	}
	if ref := p.Devices.Redeem(c, p.Now()); ref != nil {
		return message.Answer{}, ref
	}
	p.Stats.Add(func(s *play.Counts) { s.Exchanges++ })
	base := grant.Claims{Client: c.Client, Scope: c.Scope, Family: c.Family}
	return p.answers.tokenAnswer(t, base, !p.Integration.Auth.RefreshesAccessToken()), nil
}
