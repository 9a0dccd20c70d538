package mode

import (
	"context"
	"net/url"
	"slices"

	"golang.org/x/oauth2"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

// A code is what the modes have in common whose connections are made with an
// authorization code (RFC 6749 4.1) and refreshed with a refresh token (6).
type code struct {
	base

	// blame says whose fault a refusal is, where there is more to be said; may be nil.
	blame func(*connection.Registration, error) error
}

// whose says whose fault a refused token request is.
func (m *code) whose(o *token.Operation, err error) error {
	err = o.Blame(err)
	if m.blame != nil {
		err = m.blame(&o.Conn.Credentials.Registration, err)
	}
	return err
}

// Accept implements [Mode].
func (m *code) Accept(op string, k connection.Key, given connection.Credentials) (connection.Credentials, error) {
	cr := m.empty()
	if given.Token.AccessToken.Empty() && given.Token.RefreshToken.Empty() {
		return cr, missing(op, k, "access_token")
	}
	cr.Token, cr.Registration = given.Token.Clone(), given.Registration
	if cr.Token.ObtainedAt.IsZero() {
		cr.Token.ObtainedAt = m.env.Now()
	}
	if cr.Token.RefreshObtainedAt.IsZero() && !cr.Token.RefreshToken.Empty() {
		cr.Token.RefreshObtainedAt = cr.Token.ObtainedAt
	}
	token.SetEnd(m.env.In, &cr.Token, cr.Token.ObtainedAt)
	return cr, nil
}

// begin gives p the URL to send the user to.
func (m *code) begin(op string, p *consent.Pending, endpoint schema.Template) error {
	if m.env.In.Auth.Challenge() != schema.PKCEOff {
		p.Verifier = schema.NewSecret(oauth2.GenerateVerifier())
	}
	page, err := m.authorizationURL(p, endpoint)
	if err != nil {
		return &fault.Error{Op: op, Key: p.Key, Kind: fault.KindClient, Detail: "authorization_url", Err: err}
	}
	p.URL = schema.NewSecret(page)
	return nil
}

// authorizationURL builds the URL of RFC 6749 4.1.1. A query that the blueprint
// gives is kept, and so are authorization_params, but the standard parameters
// cannot be replaced.
func (m *code) authorizationURL(p *consent.Pending, endpoint schema.Template) (string, error) {
	in := m.env.In
	values := in.ValuesAt(p.Connection(in.Auth.AuthMode), m.env.Now())
	u, err := render.URL(endpoint, values, in.FormatOf)
	if err != nil {
		return "", err
	}
	q := u.Query()
	if err := in.Parsed.AuthorizationParams.Fill(q, values); err != nil {
		return "", err
	}
	q.Set("response_type", "code")
	id, _ := values("oauth_client_id")
	q.Set("client_id", id)
	q.Set("redirect_uri", p.RedirectURL)
	q.Set("state", p.State.Reveal())
	if scope := in.JoinScopes(p.Scopes); scope != "" {
		q.Set("scope", scope)
	}
	if r := p.Registration.Resource; r != "" {
		q.Set("resource", r) // RFC 8707 2.1
		if slices.Contains(p.Scopes, "offline_access") && !q.Has("prompt") {
			q.Set("prompt", "consent") // OpenID Connect Core 11: else it is not granted
		}
	}
	switch in.Auth.Challenge() {
	case schema.PKCES256:
		q.Set("code_challenge", oauth2.S256ChallengeFromVerifier(p.Verifier.Reveal()))
		q.Set("code_challenge_method", "S256")
	case schema.PKCEPlain:
		q.Set("code_challenge", p.Verifier.Reveal())
		q.Set("code_challenge_method", "plain")
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// answered accepts a callback that comes from the issuer and has a code.
func (m *code) answered(op string, p *consent.Pending, callback url.Values, issuer string) error {
	in := m.env.In
	fail := func(kind fault.Kind, detail string) error {
		return &fault.Error{Op: op, Key: p.Key, Kind: kind, Detail: detail}
	}
	if detail := wrongIssuer(p, callback, issuer); detail != "" {
		return fail(fault.KindState, detail)
	}
	if code := callback.Get("error"); code != "" {
		kind := fault.KindClient // invalid_request, unauthorized_client, unsupported_response_type, invalid_scope
		switch {
		case fault.Declined(code):
			kind = fault.KindDenied
		case code == "server_error", code == "temporarily_unavailable":
			kind = fault.KindUnavailable
		}
		return notGranted(op, p, in, callback, kind, code)
	}
	if callback.Get(in.Auth.CodeName()) == "" {
		return fail(fault.KindInvalidResponse, "the callback has neither code nor error")
	}
	return nil
}

// wrongIssuer says what is wrong with the issuer on a callback (RFC 9207 2.4), or "".
func wrongIssuer(p *consent.Pending, callback url.Values, want string) string {
	iss := callback.Get("iss")
	switch {
	case iss == "" && p.Registration.IssuerExpected:
		return "the callback does not say which issuer it comes from, and the server promises to"
	case iss != "" && want != "" && iss != want:
		return "the callback comes from another issuer"
	}
	return ""
}

// notGranted is the error of a callback that brings one. Whoever wrote the callback has
// chosen its words, which came through the user's browser with a state that counted: they
// are shown without the secrets of the flow, whatever these are encoded in, and without
// what the callback holds besides.
func notGranted(op string, p *consent.Pending, in *plan.Integration, callback url.Values, kind fault.Kind, code string) error {
	secrets := flowSecrets(p, in, callback)
	said := func() []string { return slices.Concat(secrets, besides(callback)) }
	shown := func(text string) string { return fault.WithoutEchoes(fault.WithoutSecrets(text, secrets), said) }
	return &fault.Error{
		Op: op, Key: p.Key, Kind: kind, Code: shown(fault.ReadableCode(code)), Detail: "the provider did not grant the authorization",
		Message: fault.Words(callback.Get(description), shown),
	}
}

const description = "error_description" // RFC 6749 4.1.2.1

// besides returns what a callback holds beside its error.
func besides(callback url.Values) (list []string) {
	for name, values := range callback {
		switch name {
		case "error", "oauth_problem", description, "error_uri", "iss":
		default:
			list = append(list, values...)
		}
	}
	return list
}

// flowSecrets returns the secrets of a flow and of its integration.
func flowSecrets(p *consent.Pending, in *plan.Integration, callback url.Values) []string {
	secrets := append(in.Secrets(nil), p.State.Reveal(), p.Verifier.Reveal(), p.Token.Reveal(), p.TokenSecret.Reveal(), callback.Get("oauth_verifier"))
	for _, s := range p.SecretFields {
		secrets = append(secrets, s.Reveal())
	}
	return append(secrets, callback.Get(in.Auth.CodeName()))
}

// Exchange implements [Consenter].
func (m *code) Exchange(ctx context.Context, o *token.Operation, p *consent.Pending, callback url.Values) error {
	params := map[string]string{"grant_type": "authorization_code", "code": callback.Get(m.env.In.Auth.CodeName()), "redirect_uri": p.RedirectURL}
	if p.Verifier.IsSet() {
		params["code_verifier"] = p.Verifier.Reveal()
	}
	answer, err := o.Redeem(ctx, o.In.TokenEndpoint(o.Conn), o.In.ForResource(o.Conn, params), o.In.Parsed.TokenParams)
	if err != nil {
		return m.whose(o, token.RefusedCode(err))
	}
	return settle(ctx, o, answer, p.Scopes)
}

// settle makes the steps after the first token answer, and moves what they say into the
// connection.
func settle(ctx context.Context, o *token.Operation, answer *oauthwire.Answer, asked []string) error {
	answer, err := o.Follow(ctx, answer, false)
	if err != nil {
		return err
	}
	if err := o.Take(ctx, answer, o.In.Auth.TokenResponse, asked); err != nil {
		return err
	}
	if err := o.In.TakeFields(o.Name, o.Conn, schema.FromTokenResponse, o.Conn.Credentials.Token.RawValue); err != nil {
		return err
	}
	return o.LearnEnd(ctx)
}

// consentReason says for a trace why a user is sent to a page.
func consentReason(in *plan.Integration, p *consent.Pending) string {
	reason := "sending the user to consent"
	if scope := in.JoinScopes(p.Scopes); scope != "" {
		reason += ", asking for " + scope
	}
	return reason
}
