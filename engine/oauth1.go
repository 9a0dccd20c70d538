package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/oauth1"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

// authorizeOAuth1 gets temporary credentials (RFC 5849 2.1) and says where they are
// authorized (2.2).
func (e *Engine) authorizeOAuth1(ctx context.Context, op string, in *integration, p *Pending) error {
	callback, err := withState(p.RedirectURL, p.State)
	if err != nil {
		return &Error{Op: op, Key: p.Key, Kind: KindClient, Detail: "the redirect URL cannot be read"}
	}
	c := &Connection{Key: p.Key, Fields: p.Fields, Credentials: Credentials{Type: schema.OAuth1, Fields: p.SecretFields}}
	answer, err := e.callOAuth1(ctx, op, in, c, oauth1Call{
		to: in.Parsed.RequestURL, method: in.Auth.RequestHTTPMethod, params: in.Parsed.RequestParams,
		protocol: oauth1.Param{Name: "oauth_callback", Value: callback},
	})
	if err != nil {
		return err
	}
	doc := map[string]any(answer.Doc)
	// Without it the server is one of OAuth 1.0, which lets anyone finish another's flow.
	if confirmed, _ := schema.TextAt(doc, "oauth_callback_confirmed"); !strings.EqualFold(confirmed, "true") {
		return &Error{Op: op, Key: p.Key, Kind: KindInvalidResponse, Status: answer.Status, Detail: "the answer lacks oauth_callback_confirmed=true (RFC 5849 2.1)"}
	}
	if p.Token, p.TokenSecret, err = readOAuth1(op, p.Key, answer); err != nil {
		return err
	}
	values := in.pendingValues(p, e.opts.Now())
	u, err := render.URL(in.Parsed.AuthorizationURL, values, in.FormatOf)
	if err != nil {
		return &Error{Op: op, Key: p.Key, Kind: KindClient, Detail: "authorization_url", Err: err}
	}
	q := u.Query()
	if err := in.Parsed.AuthorizationParams.Fill(q, values); err != nil {
		return &Error{Op: op, Key: p.Key, Kind: KindClient, Detail: "authorization_params", Err: err}
	}
	q.Set("oauth_token", p.Token.Reveal())
	if scope := in.JoinScopes(p.Scopes); scope != "" { // of no RFC, but where there are scopes, they go here
		q.Set("scope", scope)
	}
	u.RawQuery = q.Encode()
	p.URL = u.String()
	e.emit(ctx, Event{Kind: EventAuthorize, Key: p.Key, URL: withoutQuery(p.URL), Reason: authorizeReason(in, p)})
	return nil
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

// checkVerifier accepts a callback whose state is good already, and that brings the
// verifier for p's temporary credentials. How a refusal looks is in no RFC: X sends
// denied, others what the OAuth Problem Reporting extension says.
func checkVerifier(op string, p *Pending, callback url.Values) error {
	if callback.Has("denied") {
		return &Error{Op: op, Key: p.Key, Kind: KindDenied, Detail: "the provider did not grant the authorization"}
	}
	problem := callback.Get("oauth_problem")
	if problem == "" {
		problem = callback.Get("error")
	}
	if problem != "" {
		kind := KindClient
		switch problem {
		case "user_refused", "permission_denied", "access_denied":
			kind = KindDenied
		}
		return &Error{Op: op, Key: p.Key, Kind: kind, Code: fault.ReadableCode(problem), Detail: "the provider did not grant the authorization"}
	}
	switch {
	case !p.Token.IsSet() || !p.Token.Equal(schema.NewSecret(callback.Get("oauth_token"))):
		return &Error{Op: op, Key: p.Key, Kind: KindState, Detail: "the callback's oauth_token is not the one that was authorized"}
	case callback.Get("oauth_verifier") == "":
		return &Error{Op: op, Key: p.Key, Kind: KindInvalidResponse, Detail: "the callback has no oauth_verifier (RFC 5849 2.2)"}
	}
	return nil
}

// exchangeOAuth1 turns p's temporary credentials into token credentials (RFC 5849
// 2.3), which it puts into c.
func (e *Engine) exchangeOAuth1(ctx context.Context, op string, in *integration, p *Pending, c *Connection, callback url.Values) error {
	c.Credentials.Token = Token{AccessToken: p.Token, TokenSecret: p.TokenSecret}
	answer, err := e.callOAuth1(ctx, op, in, c, oauth1Call{
		to: in.Parsed.TokenURL, method: in.Auth.TokenHTTPMethod, params: in.Parsed.TokenParams,
		protocol: oauth1.Param{Name: "oauth_verifier", Value: callback.Get("oauth_verifier")},
	})
	if err != nil {
		return err
	}
	t := Token{ObtainedAt: e.opts.Now(), Scopes: p.Scopes, Raw: token.Overlay(schema.Secret{}, answer.Doc)}
	if t.AccessToken, t.TokenSecret, err = readOAuth1(op, c.Key, answer); err != nil {
		return err
	}
	c.Credentials.Token = t
	return in.TakeFields(op, c, schema.FromTokenResponse, t.RawValue)
}

// readOAuth1 reads a token and its secret, which may be empty.
func readOAuth1(op string, k Key, a *oauthwire.Answer) (token, secret schema.Secret, err error) {
	text, _ := schema.TextAt(map[string]any(a.Doc), "oauth_token")
	shared, ok := schema.TextAt(map[string]any(a.Doc), "oauth_token_secret")
	if text == "" || !ok {
		return token, secret, &Error{Op: op, Key: k, Kind: KindInvalidResponse, Status: a.Status, Detail: "the answer has no oauth_token with its oauth_token_secret"}
	}
	return schema.NewSecret(text), schema.NewSecret(shared), nil
}

// An oauth1Call is one of the two requests to the provider's own endpoints.
type oauth1Call struct {
	to       schema.Template
	method   string // empty: POST
	params   plan.TemplateMap
	protocol oauth1.Param
}

func (e *Engine) callOAuth1(ctx context.Context, op string, in *integration, c *Connection, call oauth1Call) (*oauthwire.Answer, error) {
	fail := func(err error) error {
		return &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "the request cannot be built", Err: err}
	}
	values := in.ValuesAt(c, e.opts.Now())
	u, err := render.URL(call.to, values, in.FormatOf)
	if err != nil {
		return nil, fail(err)
	}
	params, err := call.params.Render(values)
	if err != nil {
		return nil, fail(err)
	}
	signer := &oauth1Signer{in: in, now: e.opts.Now}
	r := &oauthwire.Request{URL: u, Method: call.method, Params: params, Headers: map[string]string{"Accept": "*/*"}}
	if r.Method == "" {
		r.Method = http.MethodPost
	}
	r.Sign = func(req *http.Request, body []byte) error {
		err := signer.sign(req, bytes.NewReader(body), values, call.protocol)
		r.Headers["Authorization"] = req.Header.Get("Authorization") // to be taken out of errors
		return err
	}
	o := in.token.For(op, c)
	answer, err := o.Do(ctx, call.to, r)
	if cannotSign(err) {
		return nil, fail(err)
	}
	if err != nil {
		return nil, token.Scrub(o.Unanswered(answer, err), r)
	}
	shape := &schema.TokenResponse{ErrorCode: "oauth_problem"}
	if code, failed := oauthwire.ErrorCode(answer, shape, nil); failed {
		return nil, token.Scrub(o.TellClock(o.Refused(answer, code), answer), r)
	}
	return answer, nil
}

func cannotSign(err error) bool {
	var missing *render.MissingError
	return errors.Is(err, oauth1.ErrKey) || errors.Is(err, oauth1.ErrForm) || errors.Is(err, oauth1.ErrMethod) || errors.As(err, &missing)
}

// signsOAuth1 reports whether requests are signed as RFC 5849 3 says.
func (in *integration) signsOAuth1() bool {
	return in.Auth.AuthMode == schema.OAuth1 || in.Auth.AuthMode == schema.TBA
}

// signer returns what signs the calls of in, or nil if nothing does. A blueprint
// that gives Authorization itself sends the token unsigned.
func (in *integration) signer(now func() time.Time) layer.Signer {
	if in.Auth.AuthMode == schema.AWSSigV4 {
		return &awsSigner{in.Parsed.AWS, now}
	}
	if in.Parsed.Signature != nil {
		return in.Parsed.Signature
	}
	if !in.signsOAuth1() {
		return nil
	}
	for name := range maps.Keys(in.Requests.Headers) {
		if strings.EqualFold(name, "Authorization") {
			return nil
		}
	}
	return &oauth1Signer{in: in, now: now}
}

// An oauth1Signer signs as RFC 5849 3 says, for the client of an integration and
// the token of whatever connection is in use.
type oauth1Signer struct {
	in  *integration
	now func() time.Time
}

var _ layer.Signer = (*oauth1Signer)(nil)

// Covers reports whether r's body is a form (RFC 5849 3.4.1.3.1).
func (s *oauth1Signer) Covers(r *http.Request) bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return media == "application/x-www-form-urlencoded" && len(r.Header.Values("Content-Type")) == 1
}

// Sign implements [layer.Signer].
func (s *oauth1Signer) Sign(r *http.Request, body io.Reader, values render.Values) error {
	for _, name := range []string{"oauth_client_id", "oauth_client_secret", "oauth_token", "oauth_token_secret"} {
		if _, ok := values(name); !ok {
			return &render.MissingError{Name: name}
		}
	}
	return s.sign(r, body, values)
}

func (s *oauth1Signer) sign(r *http.Request, body io.Reader, values render.Values, extra ...oauth1.Param) error {
	if s.in.Auth.Signature() == oauth1.Plaintext && r.URL.Scheme != "https" && !schema.IsLoopback(r.URL.Hostname()) {
		return &layer.RefusedError{Reason: "PLAINTEXT would show the secret to whoever listens; it needs https (RFC 5849 3.4.4)"}
	}
	realm, err := render.Header(s.in.Parsed.SignatureRealm, values)
	if err != nil {
		return err
	}
	c := oauth1.Client{Method: s.in.Auth.Signature(), Realm: realm, Time: s.now(), Nonce: randomText(16)}
	for name, to := range map[string]*string{"oauth_client_id": &c.Key, "oauth_client_secret": &c.Secret, "oauth_token": &c.Token, "oauth_token_secret": &c.TokenSecret} {
		*to, _ = values(name)
	}
	form := ""
	if s.Covers(r) {
		b, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		form = string(b)
	}
	header, err := c.Authorization(r.Method, r.URL, form, extra...)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", header)
	return nil
}
