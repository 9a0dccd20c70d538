package engine

import (
	"context"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

// Exchange finishes the flow that p started, given the query of the callback,
// and stores the connection. The code is sent once: a failed exchange needs a
// new authorization. Nothing is stored unless everything went well: what the
// integration looks up (from: request) included. A field with several values to
// choose from is left open; see [Engine.OpenFields].
//
// It fails with KindState if the callback belongs to another flow, came too late
// or came before; with KindDenied if the user or the provider said no; with
// KindClient if the provider refuses the client; with KindInvalidResponse if the
// answer has no usable token.
func (e *Engine) Exchange(ctx context.Context, p *Pending, callback url.Values) (*Connection, error) {
	const op = "exchange"
	start := e.opts.Now()
	c, err := e.exchange(ctx, op, p, callback)
	e.exchanged(ctx, p.Key, "the code", c, start, err)
	return c, err
}

// exchanged tells what came of an exchange.
func (e *Engine) exchanged(ctx context.Context, k Key, what string, c *Connection, start time.Time, err error) {
	ev := Event{Kind: EventExchange, Key: k, Duration: e.opts.Now().Sub(start), Reason: what + " was exchanged for a token", Err: err}
	if err != nil {
		ev.Reason = what + " was not exchanged"
	} else {
		ev.Reason += refresh.DescribeToken(&c.Credentials.Token, e.opts.Now())
	}
	e.emit(ctx, ev)
	if err == nil {
		e.changed(ctx, EventExchange, k, c)
	}
}

func (e *Engine) exchange(ctx context.Context, op string, p *Pending, callback url.Values) (*Connection, error) {
	in, err := e.integration(p.Key.Integration)
	if err != nil {
		return nil, err
	}
	c := pendingConnection(in, p.Key, p.Fields, p.SecretFields)
	c.Metadata, c.Credentials.Registration = p.Metadata, p.Registration
	if err := in.needsConsentClient(op, c); err != nil {
		return nil, err
	}
	if err := e.checkCallback(op, in, p, callback); err != nil {
		return nil, err
	}
	if err := in.TakeFields(op, c, schema.FromCallback, func(path string) (string, bool) {
		return callback.Get(path), callback.Get(path) != ""
	}); err != nil {
		return nil, err
	}
	if in.Auth.AuthMode == schema.OAuth1 {
		if err := e.exchangeOAuth1(ctx, op, in, p, c, callback); err != nil {
			return nil, err
		}
		return c, e.admit(ctx, op, in, c)
	}
	codeName, _ := in.Auth.CallbackNames()
	params := map[string]string{"grant_type": "authorization_code", "code": callback.Get(codeName), "redirect_uri": p.RedirectURL}
	if p.Verifier.IsSet() {
		params["code_verifier"] = p.Verifier.Reveal()
	}
	o := in.token.For(op, c)
	answer, err := o.Redeem(ctx, in.TokenEndpoint(c), in.ForResource(c, params), in.Parsed.TokenParams)
	if err != nil {
		return nil, e.blameRegistration(in, c, o.Blame(err))
	}
	if err := e.settle(ctx, in, o, answer, p.Scopes); err != nil {
		return nil, err
	}
	return c, nil
}

// settle makes the steps after the first token answer, moves what they say into the
// connection and stores it.
func (e *Engine) settle(ctx context.Context, in *integration, o *token.Operation, answer *oauthwire.Answer, asked []string) error {
	answer, err := o.Follow(ctx, answer, false)
	if err != nil {
		return err
	}
	if err := o.Take(answer, in.Auth.TokenResponse, asked); err != nil {
		return err
	}
	if err := in.TakeFields(o.Name, o.Conn, schema.FromTokenResponse, o.Conn.Credentials.Token.RawValue); err != nil {
		return err
	}
	if err := o.LearnEnd(ctx); err != nil {
		return err
	}
	return e.admit(ctx, o.Name, in, o.Conn)
}

// CallbackState returns the state that a callback carries, by which a host that has
// one redirect URL for several flows finds the [Pending]: the parameter state, or what
// an integration calls it (auth.callback). It is "" if there is none.
func (e *Engine) CallbackState(callback url.Values) string {
	if state := callback.Get("state"); state != "" {
		return state
	}
	for _, in := range *e.current.Load() {
		if _, name := in.Auth.CallbackNames(); callback.Get(name) != "" {
			return callback.Get(name)
		}
	}
	return ""
}

// checkCallback accepts a callback that belongs to p, once, and carries a code.
func (e *Engine) checkCallback(op string, in *integration, p *Pending, callback url.Values) error {
	fail := func(kind Kind, detail string) error {
		return &Error{Op: op, Key: p.Key, Kind: kind, Detail: detail}
	}
	now := e.opts.Now()
	codeName, stateName := in.Auth.CallbackNames()
	state := callback.Get(stateName)
	switch {
	case state == "":
		return fail(KindState, "the callback has no state")
	case !p.State.IsSet() || !p.State.Equal(schema.NewSecret(state)):
		return fail(KindState, "the callback's state is not the one that was sent")
	case now.After(p.ExpiresAt):
		return fail(KindState, "the authorization was started too long ago")
	case !e.used.claim(p.State, p.ExpiresAt, now):
		return fail(KindState, "the callback has been used before")
	}
	if in.Auth.AuthMode == schema.OAuth1 {
		return checkVerifier(op, p, callback)
	}
	if detail := in.wrongIssuer(p, callback); detail != "" {
		return fail(KindState, detail)
	}
	if code := callback.Get("error"); code != "" {
		kind := KindClient // invalid_request, unauthorized_client, unsupported_response_type, invalid_scope
		switch code {
		case "access_denied":
			kind = KindDenied
		case "server_error", "temporarily_unavailable":
			kind = KindUnavailable
		}
		return &Error{Op: op, Key: p.Key, Kind: kind, Code: fault.WithoutEchoes(fault.ReadableCode(code), p.said(in, callback)), Detail: "the provider did not grant the authorization"}
	}
	if callback.Get(codeName) == "" {
		return fail(KindInvalidResponse, "the callback has neither code nor error")
	}
	return nil
}

// wrongIssuer says what is wrong with the issuer on a callback (RFC 9207 2.4), or "".
func (in *integration) wrongIssuer(p *Pending, callback url.Values) string {
	iss, want := callback.Get("iss"), in.Auth.Issuer
	if in.Auth.AuthMode == schema.MCPOAuth2 {
		if want = p.Registration.Issuer; want == "" {
			return "the authorization was started without discovery"
		}
	}
	switch {
	case iss == "" && p.Registration.IssuerExpected:
		return "the callback does not say which issuer it comes from, and the server promises to"
	case iss != "" && want != "" && iss != want:
		return "the callback comes from another issuer"
	}
	return ""
}

// said returns what a callback's error must not repeat: the secrets of the flow, and
// what the callback holds besides.
func (p *Pending) said(in *integration, callback url.Values) func() []string {
	return func() []string {
		list := []string{p.State.Reveal(), p.Verifier.Reveal(), in.OAuthClientSecret.Reveal()}
		for name, values := range callback {
			if name != "error" {
				list = append(list, values...)
			}
		}
		return list
	}
}
