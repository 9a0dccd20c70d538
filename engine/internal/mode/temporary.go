package mode

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauth1"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

// temporary is OAUTH1: users authorize temporary credentials (RFC 5849 2).
type temporary struct {
	base
	oauth1Signing
}

var _ interface {
	Mode
	Consenter
	Signer
} = (*temporary)(nil)

// Accept implements [Mode].
func (m *temporary) Accept(op string, k connection.Key, given connection.Credentials) (connection.Credentials, error) {
	cr := m.empty()
	if given.Token.AccessToken.Empty() || given.Token.TokenSecret.Empty() {
		return cr, missing(op, k, "oauth_token or oauth_token_secret")
	}
	cr.Token = given.Token.Clone()
	return cr, nil
}

// Ready implements [Consenter].
func (m *temporary) Ready(op string, c *connection.Connection) error {
	return m.base.env.In.NeedsConsentClient(op, c)
}

// Begin implements [Consenter]: it gets temporary credentials (RFC 5849 2.1) and says
// where they are authorized (2.2).
func (m *temporary) Begin(ctx context.Context, op string, p *consent.Pending, _ []string) (reason string, err error) {
	in := m.base.env.In
	callback, err := withState(p.RedirectURL, p.State)
	if err != nil {
		return "", &fault.Error{Op: op, Key: p.Key, Kind: fault.KindClient, Detail: "the redirect URL cannot be read"}
	}
	c := &connection.Connection{Key: p.Key, Fields: p.Fields, Credentials: connection.Credentials{Type: schema.OAuth1, Fields: p.SecretFields}}
	o := m.base.env.Token.For(op, c).At("the temporary-credential endpoint")
	answer, err := m.call(ctx, o, oauth1Call{
		what: "the temporary-credential request", to: in.Parsed.RequestURL, method: in.Auth.RequestHTTPMethod, params: in.Parsed.RequestParams,
		protocol: oauth1.Param{Name: "oauth_callback", Value: callback},
	})
	if err != nil {
		return "", err
	}
	doc := map[string]any(answer.Doc)
	// Without it the server is one of OAuth 1.0, which lets anyone finish another's flow.
	if confirmed, _ := schema.TextAt(doc, "oauth_callback_confirmed"); !strings.EqualFold(confirmed, "true") {
		return "", &fault.Error{Op: op, Key: p.Key, Kind: fault.KindInvalidResponse, Status: answer.Status, Detail: "the answer lacks oauth_callback_confirmed=true (RFC 5849 2.1)"}
	}
	if p.Token, p.TokenSecret, err = readOAuth1(op, p.Key, answer); err != nil {
		return "", err
	}
	values := in.ValuesAt(p.Connection(in.Auth.AuthMode), m.base.env.Now())
	u, err := render.URL(in.Parsed.AuthorizationURL, values, in.FormatOf)
	if err != nil {
		return "", &fault.Error{Op: op, Key: p.Key, Kind: fault.KindClient, Detail: "authorization_url", Err: err}
	}
	q := u.Query()
	if err := in.Parsed.AuthorizationParams.Fill(q, values); err != nil {
		return "", &fault.Error{Op: op, Key: p.Key, Kind: fault.KindClient, Detail: "authorization_params", Err: err}
	}
	q.Set("oauth_token", p.Token.Reveal())
	if scope := in.JoinScopes(p.Scopes); scope != "" { // of no RFC, but where there are scopes, they go here
		q.Set("scope", scope)
	}
	u.RawQuery = q.Encode()
	p.URL = schema.NewSecret(u.String())
	return consentReason(in, p), nil
}

// withState returns the callback with the state that OAuth 1.0a knows nothing of.
func withState(redirectURL string, state schema.Secret) (string, error) {
	u, err := url.Parse(redirectURL)
	if err != nil || !u.IsAbs() {
		return "", errors.New("not an absolute URL")
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "state=" + url.QueryEscape(state.Reveal())
	return u.String(), nil
}

// Answered implements [Consenter]: the callback has to bring the verifier for p's
// temporary credentials. How a refusal looks is in no RFC: X sends denied, others what
// the OAuth Problem Reporting extension says.
func (m *temporary) Answered(op string, p *consent.Pending, callback url.Values) error {
	if callback.Has("denied") {
		return &fault.Error{Op: op, Key: p.Key, Kind: fault.KindDenied, Detail: "the provider did not grant the authorization"}
	}
	problem := callback.Get("oauth_problem")
	if problem == "" {
		problem = callback.Get("error")
	}
	if problem != "" {
		kind := fault.KindClient
		if fault.Declined(problem) {
			kind = fault.KindDenied
		}
		return notGranted(op, p, m.base.env.In, callback, kind, problem)
	}
	switch {
	case !p.Token.IsSet() || !p.Token.Equal(schema.NewSecret(callback.Get("oauth_token"))):
		return &fault.Error{Op: op, Key: p.Key, Kind: fault.KindState, Detail: "the callback's oauth_token is not the one that was authorized"}
	case callback.Get("oauth_verifier") == "":
		return &fault.Error{Op: op, Key: p.Key, Kind: fault.KindInvalidResponse, Detail: "the callback has no oauth_verifier (RFC 5849 2.2)"}
	}
	return nil
}

// Exchange implements [Consenter]: it turns p's temporary credentials into token
// credentials (RFC 5849 2.3).
func (m *temporary) Exchange(ctx context.Context, o *token.Operation, p *consent.Pending, callback url.Values) error {
	o.Conn.Credentials.Token = connection.Token{AccessToken: p.Token, TokenSecret: p.TokenSecret}
	answer, err := m.call(ctx, o.At("the token-credential endpoint"), oauth1Call{
		what: "the token-credential request", to: o.In.Parsed.TokenURL, method: o.In.Auth.TokenHTTPMethod, params: o.In.Parsed.TokenParams,
		protocol: oauth1.Param{Name: "oauth_verifier", Value: callback.Get("oauth_verifier")},
	})
	if err != nil {
		return err
	}
	t := connection.Token{ObtainedAt: o.Now(), Scopes: p.Scopes, Raw: token.Overlay(schema.Secret{}, answer.Doc)}
	if t.AccessToken, t.TokenSecret, err = readOAuth1(o.Name, o.Conn.Key, answer); err != nil {
		return err
	}
	o.Conn.Credentials.Token = t
	return o.In.TakeFields(o.Name, o.Conn, schema.FromTokenResponse, t.RawValue)
}

// readOAuth1 reads a token and its secret, which may be empty.
func readOAuth1(op string, k connection.Key, a *oauthwire.Answer) (token, secret schema.Secret, err error) {
	text, _ := schema.TextAt(map[string]any(a.Doc), "oauth_token")
	shared, ok := schema.TextAt(map[string]any(a.Doc), "oauth_token_secret")
	if text == "" || !ok {
		return token, secret, &fault.Error{Op: op, Key: k, Kind: fault.KindInvalidResponse, Status: a.Status, Detail: "the answer has no oauth_token with its oauth_token_secret"}
	}
	return schema.NewSecret(text), schema.NewSecret(shared), nil
}

// An oauth1Call is one of the two requests to the provider's own endpoints.
type oauth1Call struct {
	what     string // for errors, by the names of RFC 5849 2
	to       schema.Template
	method   string // empty: POST
	params   plan.Params
	protocol oauth1.Param
}

func (m *temporary) call(ctx context.Context, o *token.Operation, call oauth1Call) (*oauthwire.Answer, error) {
	fail := func(err error) error { return o.Fail(fault.KindClient, call.what+" cannot be built", err) }
	values := o.Values()
	u, err := render.URL(call.to, values, o.In.FormatOf)
	if err != nil {
		return nil, fail(err)
	}
	params, err := call.params.Members(values, o.Typed())
	if err != nil {
		return nil, fail(err)
	}
	signer := &oauth1Signer{in: o.In, now: o.Now}
	r := &oauthwire.Request{URL: u, Method: call.method, Params: params, Headers: map[string]string{"Accept": "*/*"}}
	if r.Method == "" {
		r.Method = http.MethodPost
	}
	r.Sign = func(req *http.Request, body []byte) error {
		err := signer.sign(req, bytes.NewReader(body), values, call.protocol)
		r.Headers["Authorization"] = req.Header.Get("Authorization") // to be taken out of errors
		return err
	}
	answer, err := o.Do(ctx, call.to, r)
	if cannotSign(err) {
		return nil, fail(err)
	}
	if err != nil {
		return nil, o.Scrub(o.Unanswered(answer, err), r)
	}
	shape := &schema.TokenResponse{ErrorCode: "oauth_problem"}
	if code, failed := oauthwire.ErrorCode(answer, shape, nil); failed {
		return nil, o.Scrub(o.TellClock(o.Refused(answer, code), answer), r)
	}
	return answer, nil
}

func cannotSign(err error) bool {
	var missing *render.MissingError
	return errors.Is(err, oauth1.ErrKey) || errors.Is(err, oauth1.ErrForm) || errors.Is(err, oauth1.ErrMethod) || errors.As(err, &missing)
}
