package token

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" // RFC 7523 2.2

// Build builds a call of the token endpoint, or of one that is called like it, with
// extra over params except for what is fixed.
func (o *Operation) Build(to schema.Template, params map[string]string, extra plan.Params) (*oauthwire.Request, error) {
	values := o.Values()
	assertion, err := o.assert(values)
	if err != nil {
		return nil, err
	}
	if assertion != "" {
		values = with(values, "jwt", assertion)
	}
	u, err := render.URL(to, values, o.In.FormatOf)
	if err != nil {
		return nil, err
	}
	more := map[string]any{}
	if extra != nil {
		if more, err = extra.Members(values, o.Typed()); err != nil {
			return nil, err
		}
	}
	for name, v := range params {
		if _, ok := more[name]; !ok || name != "grant_type" {
			more[name] = v
		}
	}
	auth := &o.In.Auth
	r := &oauthwire.Request{
		URL: u, Method: cmp.Or(auth.TokenRequestMethod, http.MethodPost), Params: more, JSON: auth.BodyFormat == "json", InQuery: auth.BodyFormat == "query",
	}
	o.readsTokenIn(r)
	o.authenticate(r, assertion)
	if err = setHeaders(r, o.In.Parsed.TokenHeaders, values); err != nil {
		return nil, err
	}
	if r.Query, err = o.In.Parsed.TokenQuery.Render(values); err != nil {
		return nil, err
	}
	if t := auth.TokenRequest; t != nil {
		r.Rename, r.BasicUnescaped = t.Rename, t.BasicUnescaped
	}
	return r, nil
}

// readsTokenIn says where the answer to r may have its token but in a member.
func (o *Operation) readsTokenIn(r *oauthwire.Request) {
	t := o.In.Auth.TokenResponse
	if t != nil {
		r.Header, r.Cookie = t.AccessTokenHeader, t.AccessTokenCookie
	}
	r.Text = o.In.Auth.AuthMode == schema.TwoStep && (t == nil || t.AccessToken == "" || t.AccessToken == "access_token")
}

// BuildBeside builds a request of an endpoint beside that of tokens, whose client
// authenticates there as it does here: a form, by POST.
func (o *Operation) BuildBeside(to schema.Template, params map[string]string, extra plan.Params) (*oauthwire.Request, error) {
	r, err := o.Build(to, params, extra)
	if err != nil {
		return nil, err
	}
	r.Method, r.JSON, r.InQuery, r.Query, r.Text, r.Header, r.Cookie = http.MethodPost, false, false, nil, false, "", ""
	return r, nil
}

// buildRefresh builds the request that redeems a refresh token.
func (o *Operation) buildRefresh() (*oauthwire.Request, error) {
	params := map[string]string{"grant_type": "refresh_token", "refresh_token": o.Conn.Credentials.Token.RefreshToken.Reveal()}
	if o.In.Auth.RefreshesAccessToken() {
		params = nil // refresh_params say it all
	}
	r, err := o.Build(o.In.RefreshEndpoint(o.Conn), o.In.ForResource(o.Conn, params), o.In.Parsed.RefreshParams)
	if err != nil {
		return nil, err
	}
	if how := o.In.Auth.RefreshRequest; how != nil {
		r.Method = cmp.Or(how.Method, r.Method)
		r.ClientAuth = cmp.Or(how.AuthorizationMethod, r.ClientAuth)
		if o.In.Auth.RefreshesAccessToken() && how.AuthorizationMethod == "" {
			r.ClientAuth = ""
		}
	}
	return r, nil
}

// authenticate puts the client into a request; assertion is what private_key_jwt
// signs.
func (o *Operation) authenticate(r *oauthwire.Request, assertion string) {
	how := o.In.ClientAuth(o.Conn)
	if how == "" {
		return
	}
	id, secret := o.In.Client(o.Conn)
	r.ClientAuth, r.ClientID, r.ClientSecret = how, id.Reveal(), secret.Reveal()
	switch {
	case r.ClientAuth == schema.ClientAuthJWT:
		r.ClientAuth = schema.ClientAuthNone
		r.Params["client_assertion_type"], r.Params["client_assertion"] = assertionType, assertion
	case r.ClientAuth == schema.ClientAuthTLS:
		r.ClientAuth = schema.ClientAuthNone // the id alone (RFC 8705 2)
	case r.ClientAuth == schema.ClientAuthNone && r.ClientID == "":
		r.ClientAuth = "" // an assertion may say it
	}
}

// assert signs the token that goes into the request, or returns "" where there is
// none. The assertion of a client speaks of the client, to the token endpoint (RFC
// 7523 3).
func (o *Operation) assert(values render.Values) (string, error) {
	signed := o.In.Parsed.JWT
	if signed == nil {
		return "", nil
	}
	claims := map[string]string{}
	if o.In.Auth.ClientAuth() == schema.ClientAuthJWT {
		id, _ := o.In.Client(o.Conn)
		endpoint, err := render.URL(o.In.Parsed.TokenURL, values, o.In.FormatOf)
		if err != nil {
			return "", err
		}
		claims["iss"], claims["sub"], claims["aud"] = id.Reveal(), id.Reveal(), endpoint.String()
	}
	token, _, err := signed.Sign(values, o.Typed(), claims, o.Now())
	return token, err
}

// setHeaders gives r the headers of m. Those that name the request are filled when it
// is complete.
func setHeaders(r *oauthwire.Request, m plan.TemplateMap, values render.Values) (err error) {
	plain, signed := plan.TemplateMap{}, plan.TemplateMap{}
	for name, t := range m {
		if render.NamesRequest(t) {
			signed[name] = t
		} else {
			plain[name] = t
		}
	}
	if r.Headers, err = plain.Render(values); err != nil || len(signed) == 0 {
		return err
	}
	r.Sign = func(req *http.Request, body []byte) error {
		for name, t := range signed {
			v, err := render.Header(t, render.Request(req.Method, req.URL, body, values))
			if err != nil {
				return fmt.Errorf("header %s: %w", name, err)
			}
			req.Header.Set(name, v)
			r.Headers[name] = v // for whoever takes out of errors what was sent
		}
		return nil
	}
	return nil
}

// with returns values that have one more.
func with(values render.Values, name, value string) render.Values {
	return func(asked string) (string, bool) {
		if asked == name {
			return value, true
		}
		return values(asked)
	}
}
