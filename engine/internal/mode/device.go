package mode

import (
	"context"

	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code" // RFC 8628 3.4

// BeginDevice implements [DeviceConsenter]: RFC 8628 3.1 and 3.2.
func (m *oauth2Mode) BeginDevice(ctx context.Context, o *token.Operation, d *consent.DeviceAuth) error {
	in := m.env.In
	if err := in.TakeFields(o.Name, o.Conn, schema.FromCallback, func(string) (string, bool) { return "", false }); err != nil {
		return o.Fail(fault.KindUnsupported, "the integration needs what only a callback says", err)
	}
	// The client's id is there in any case: many servers look for it in the body alone.
	id, _ := in.Client(o.Conn)
	params := map[string]string{"client_id": id.Reveal()}
	if scope := in.JoinScopes(d.Scopes); scope != "" {
		params["scope"] = scope
	}
	o = o.At("the device authorization endpoint")
	answer, err := o.AskBeside(ctx, "the device authorization request", in.Parsed.DeviceURL, params, in.Parsed.DeviceParams)
	if err != nil {
		return o.Blame(err)
	}
	return d.Take(o.Name, answer, m.env.Now())
}

// PollDevice implements [DeviceConsenter]: RFC 8628 3.4 and 3.5.
func (m *oauth2Mode) PollDevice(ctx context.Context, o *token.Operation, d *consent.DeviceAuth) error {
	to := m.env.In.Parsed.TokenURL
	params := map[string]string{"grant_type": deviceGrant, "device_code": d.DeviceCode.Reveal()}
	answer, err := o.RedeemBuilt(ctx, to, func(o *token.Operation) (*oauthwire.Request, error) {
		r, err := o.Build(to, params, o.In.Parsed.TokenParams)
		if err == nil {
			r.Params["grant_type"] = deviceGrant // token_params may name that of codes
		}
		return r, err
	})
	if err != nil {
		return d.Undecided(o.Blame(token.RefusedCode(err)), m.env.Now())
	}
	return settle(ctx, o, answer, d.Scopes)
}
