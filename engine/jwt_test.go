package engine_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// edKey is the private key of RFC 8037 A.1.
const edKey = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n"

func signs(in *schema.Integration) {
	in.OAuthPrivateKey = schema.NewSecret(edKey)
	in.Auth = schema.Auth{AuthMode: schema.SignedJWT, JWT: &schema.JWT{
		Algorithm: "EdDSA",
		Header:    schema.Tree{"kid": "${credentials.kid}", "alg": "none"},
		Payload:   schema.Tree{"iss": "${oauth_client_id}", "aud": "fjord", "jti": "", "fp": "${key_fingerprint}"},
	}}
	in.Credentials = map[string]schema.Field{"kid": {Default: "k-1"}}
}

// decoded returns header and payload of a JWT.
func decoded(t *testing.T, token string) (header, payload map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %s", token)
	}
	for i, to := range []*map[string]any{&header, &payload} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(b, to) != nil {
			t.Fatalf("part %d is not JSON in base64url: %v", i, err)
		}
	}
	return header, payload
}

// A token is signed once and used until it is about to end; no one is asked.
func TestSignedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		p := &provider{api: func(r *http.Request) (int, string) {
			sent = append(sent, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
			return 200, `{}`
		}}
		e := newEngine(t, p, nil, signs)
		if _, err := e.Connect(t.Context(), alice, engine.Credentials{}, nil); err != nil {
			t.Fatal(err)
		}
		client, err := e.Client(alice)
		if err != nil {
			t.Fatal(err)
		}
		for _, wait := range []time.Duration{0, 3 * time.Minute, time.Minute + 30*time.Second, time.Minute} {
			time.Sleep(wait)
			resp, err := client.Get("/x")
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
		if sent[0] != sent[1] || sent[1] == sent[2] || sent[2] != sent[3] {
			t.Error("the token is not used for as long as it is good")
		}
		header, payload := decoded(t, sent[0])
		if fmt.Sprint(header) != "map[alg:EdDSA kid:k-1 typ:JWT]" {
			t.Errorf("header %v", header)
		}
		if len(payload) != 5 || payload["iss"] != "client-id" || payload["aud"] != "fjord" || !strings.HasPrefix(payload["fp"].(string), "SHA256:") {
			t.Errorf("payload %v", payload)
		}
		if payload["exp"].(float64)-payload["iat"].(float64) != 300 {
			t.Errorf("it lives from %v to %v", payload["iat"], payload["exp"])
		}
		if len(p.calls) != 0 {
			t.Error("a token endpoint was called")
		}
	})
}

// S23: the assertion of a client names client and endpoint, is short, and never the
// same twice.
func TestS23_PrivateKeyJWT(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"one","refresh_token":"r1"}`)}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.OAuthClientSecret, in.OAuthPrivateKey = schema.Secret{}, schema.NewSecret(edKey)
		in.Auth.AuthorizationMethod, in.Auth.JWT = schema.ClientAuthJWT, &schema.JWT{Algorithm: "EdDSA", Header: schema.Tree{"kid": "k-1"}}
	})
	connect(t, e)
	if _, err := e.Refresh(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	seen := map[any]bool{}
	for _, r := range p.calls {
		if r.Header.Get("Authorization") != "" || r.params.Get("client_secret") != "" || r.params.Get("client_id") != "client-id" ||
			r.params.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			t.Errorf("the request is %v", r.params)
		}
		header, payload := decoded(t, r.params.Get("client_assertion"))
		if payload["iss"] != "client-id" || payload["sub"] != "client-id" || payload["aud"] != "https://fjord.test/token" || header["kid"] != "k-1" {
			t.Errorf("the assertion is %v, %v", header, payload)
		}
		iat, exp := payload["iat"].(float64), payload["exp"].(float64)
		if now := float64(time.Now().Unix()); iat > now-20 || exp < now+60 || exp-iat > 300 {
			t.Errorf("it lives from %v to %v", iat, exp)
		}
		if jti := payload["jti"]; jti == nil || seen[jti] {
			t.Errorf("jti %v", jti)
		}
		seen[payload["jti"]] = true
	}
	if len(p.calls) != 2 {
		t.Errorf("%d token requests", len(p.calls))
	}
}

func app(in *schema.Integration) {
	in.OAuthPrivateKey = schema.NewSecret(edKey)
	in.Auth = schema.Auth{
		AuthMode: schema.App, TokenURL: "https://fjord.test/token?installation=${connection.installation}", BodyFormat: "json",
		TokenHeaders:  map[string]string{"Authorization": "Bearer ${jwt}"},
		TokenResponse: &schema.TokenResponse{AccessToken: "token", Expires: &schema.Expires{Path: "expires_at", Kind: "at"}},
		JWT:           &schema.JWT{Algorithm: "EdDSA", Payload: schema.Tree{"iss": "${oauth_client_id}"}},
	}
	in.Connection = map[string]schema.ConnectionField{"installation": {From: schema.FromUser, Field: schema.Field{Format: "integer"}}}
}

func TestAppInstallation(t *testing.T) {
	p := &provider{token: func(r *tokenCall) (int, string) {
		return 201, `{"token":"` + r.URL.Query().Get("installation") + `","expires_at":"2030-01-01T00:00:00Z"}`
	}}
	e := newEngine(t, p, nil, app)
	c, err := e.Connect(t.Context(), alice, engine.Credentials{}, &engine.ConnectOptions{Fields: map[string]string{"installation": "42"}})
	if err != nil {
		t.Fatal(err)
	}
	if tok := c.Credentials.Token; tok.AccessToken.Reveal() != "42" || tok.ExpiresAt.Year() != 2030 {
		t.Errorf("got %s until %v", tok.AccessToken.Reveal(), tok.ExpiresAt)
	}
	if p.calls[0].body != "{}" {
		t.Errorf("the body is %s", p.calls[0].body)
	}
	_, payload := decoded(t, strings.TrimPrefix(p.calls[0].Header.Get("Authorization"), "Bearer "))
	if payload["iss"] != "client-id" {
		t.Errorf("the app says it is %v", payload)
	}
}

// The JWT bearer grant (RFC 7523 2.1) needs no client.
func TestJWTBearer(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"one"}`)}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		clientCredentials(in)
		in.OAuthClientID, in.OAuthClientSecret, in.OAuthScopes = "", schema.Secret{}, nil
		in.Auth.AuthorizationMethod = schema.ClientAuthNone
		in.Auth.TokenParams = schema.Tree{"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "${jwt}"}
		in.Auth.JWT = &schema.JWT{Algorithm: "EdDSA", Key: "${credentials.key}", Payload: schema.Tree{"sub": "${credentials.mail}"}}
		in.Credentials = map[string]schema.Field{"key": {Format: "private_key", Secret: true}, "mail": {}}
	})
	given := engine.Credentials{Fields: map[string]schema.Secret{"key": secret(edKey), "mail": secret("robot@fjord.test")}}
	if _, err := e.Connect(t.Context(), alice, given, nil); err != nil {
		t.Fatal(err)
	}
	r := p.calls[0]
	_, payload := decoded(t, r.params.Get("assertion"))
	if payload["sub"] != "robot@fjord.test" || len(r.params) != 2 || r.Header.Get("Authorization") != "" {
		t.Errorf("the request is %v with %v", r.params, payload)
	}
}

// Nothing is sent if there is nothing to sign with.
func TestJWTRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*schema.Integration)
		want   string
	}{
		"no key":       {func(in *schema.Integration) { app(in); in.OAuthPrivateKey = schema.Secret{} }, "auth.jwt.key: no value for ${oauth_private_key}"},
		"no PEM":       {func(in *schema.Integration) { app(in); in.OAuthPrivateKey = schema.NewSecret("LEAK") }, "auth.jwt.key: the key is not a private key in PEM"},
		"another kind": {func(in *schema.Integration) { app(in); in.Auth.JWT.Algorithm = "RS256" }, "the key is an Ed25519 key; RS256 wants an RSA key"},
		"no claim":     {func(in *schema.Integration) { app(in); in.OAuthClientID = "" }, "auth.jwt.payload.iss: no value for ${oauth_client_id}"},
	} {
		p := &provider{}
		e := newEngine(t, p, nil, tt.change)
		_, err := e.Connect(t.Context(), alice, engine.Credentials{}, &engine.ConnectOptions{Fields: map[string]string{"installation": "42"}})
		if !errors.Is(err, engine.ErrClient) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "LEAK") || len(p.hosts) != 0 {
			t.Errorf("%s: got %v, want %q; asked %v", name, err, tt.want, p.hosts)
		}
	}
	in := fjord()
	app(in)
	in.Auth.JWT.Algorithm = "none"
	if _, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, nil); err == nil || !strings.Contains(err.Error(), `"none" signs nothing`) {
		t.Errorf("alg none: %v", err)
	}
}
