package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The grants beside that of a code, at oidc-provider: the config of each is what the
// operator writes, knowing the provider's documentation.

// api is the same for all: a route that knows any access token.
const api = `
        requests:
            base_url: ISSUER
            headers:
                Authorization: Bearer ${access_token}
`

func (op *provider) configOf(text string) string {
	return "integrations:\n" + strings.ReplaceAll(text+api, "ISSUER", op.issuer)
}

// whose calls the API and returns what it knows of the token.
func whose(t *testing.T, n *installation, integration string) (who struct{ Client, Account, Scope string }) {
	t.Helper()
	out := n.run("call", integration, "/_api")
	if out.code != 0 || json.Unmarshal([]byte(out.stdout), &who) != nil {
		t.Errorf("call %s: exit %d\n%s%s", integration, out.code, out.stdout, out.stderr)
	}
	return who
}

func TestDeviceFlow(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	op := startProvider(t, time.Hour)
	n := install(t, op.configOf(`
    harbour:
        oauth_client_id: harbour app
        oauth_client_secret: ${HARBOUR_SECRET}
        oauth_scopes: [openid, email, offline_access]
        auth:
            auth_mode: OAUTH2
            device_authorization_url: ISSUER/device/auth
            device_authorization_params: {prompt: consent}
            token_url: ISSUER/token`), "HARBOUR_SECRET="+op.secret)
	n.must("validate")
	connect := n.start("connect", "harbour", "--no-browser")
	page, code := connect.line(), connect.line()
	b := newBrowser(t)
	b.types = map[string]string{"login": "mira", "password": "anything", "user_code": strings.ToLower(code)}
	if done := b.submit(b.open(page)); done.status != 200 {
		t.Fatalf("the browser ended at %s:\n%s", done.url.Redacted(), done.html)
	}
	out := connect.end()
	if out.code != 0 || out.stdout != "" {
		t.Fatalf("connect: exit %d\n%s%s", out.code, out.stdout, out.stderr)
	}
	if who := whose(t, n, "harbour"); who.Account != "mira" || who.Client != "harbour app" {
		t.Errorf("the token is of %+v", who)
	}
	n.must("connections", "refresh", "harbour")
	if got := op.stats(); got.Devices != 1 || got.Refreshes != 1 || len(got.Refused) > 0 {
		t.Errorf("the provider has seen %+v", got)
	}
	op.wantNoSecretIn(t, out.stderr)
}

// A user who says no at the other device.
func TestDeviceFlowRefused(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	op := startProvider(t, time.Hour)
	n := install(t, op.configOf(`
    harbour:
        oauth_client_id: harbour app
        oauth_client_secret: ${HARBOUR_SECRET}
        oauth_scopes: [openid]
        auth:
            auth_mode: OAUTH2
            device_authorization_url: ISSUER/device/auth
            token_url: ISSUER/token`), "HARBOUR_SECRET="+op.secret)
	connect := n.start("connect", "harbour", "--no-browser")
	page, code := connect.line(), connect.line()
	b := newBrowser(t)
	b.types = map[string]string{"user_code": code}
	at := b.open(page)
	action, fields, _ := at.form()
	fields.Set("user_code", code)
	at = b.post(at, action, fields) // the code is confirmed on a page of its own
	action, fields, ok := at.form()
	if !ok {
		t.Fatalf("no page that confirms the code:\n%s", at.html)
	}
	fields.Set("abort", "yes")
	b.post(at, action, fields)
	out := connect.end()
	if out.code != 1 || !strings.Contains(out.stderr, "denied") {
		t.Errorf("exit %d, want 1 and the user's no:\n%s", out.code, out.stderr)
	}
}

func TestClientCredentialsGrant(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	op := startProvider(t, time.Hour)
	n := install(t, op.configOf(`
    machine:
        oauth_client_id: machine
        oauth_client_secret: ${HARBOUR_SECRET}
        oauth_scopes: [berths]
        auth:
            auth_mode: OAUTH2_CC
            token_url: ISSUER/token`), "HARBOUR_SECRET="+op.secret)
	n.must("connect", "machine")
	if who := whose(t, n, "machine"); who.Client != "machine" || who.Scope != "berths" {
		t.Errorf("the token is of %+v", who)
	}
	n.must("connections", "refresh", "machine")
	whose(t, n, "machine")
	if got := op.stats(); got.Issued != 2 || len(got.Refused) > 0 {
		t.Errorf("the provider has seen %+v", got)
	}
}

// The client proves who it is by a signature (RFC 7523 2.2).
func TestSignedClientAssertion(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	op := startProvider(t, time.Hour)
	key := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(key, op.signer, 0o600); err != nil {
		t.Fatal(err)
	}
	n := install(t, op.configOf(`
    signer:
        oauth_client_id: signer
        oauth_private_key: ${file:`+key+`}
        oauth_scopes: [berths]
        auth:
            auth_mode: OAUTH2_CC
            token_url: ISSUER/token
            authorization_method: private_key_jwt
            jwt: {algorithm: ES256}`))
	n.must("validate")
	n.must("connect", "signer")
	if who := whose(t, n, "signer"); who.Client != "signer" {
		t.Errorf("the token is of %+v", who)
	}
	n.must("connections", "refresh", "signer")
	if got := op.stats(); got.Issued != 2 || len(got.Refused) > 0 {
		t.Errorf("the provider has seen %+v", got)
	}
}

// Who removes a connection takes the grant back (RFC 7009).
func TestRevocationAtTheProvider(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	op := startProvider(t, time.Hour)
	n := install(t, strings.Replace(op.config(), "            issuer:", "            revocation_url: "+op.issuer+"/token/revocation\n            issuer:", 1), "HARBOUR_SECRET="+op.secret)
	op.connect(n, "mira")
	out := n.run("connections", "rm", "harbour")
	if out.code != 0 || strings.Contains(out.stderr, "not told") {
		t.Errorf("exit %d\n%s%s", out.code, out.stdout, out.stderr)
	}
	if got := op.stats(); got.Revocations != 1 || got.Revoked != 1 || len(got.Refused) > 0 {
		t.Errorf("the provider has seen %+v, want one revocation and a grant that has ended", got)
	}
}

// newSigner makes a key, and its public half as a JWK (RFC 7517).
func newSigner(t *testing.T) (private []byte, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	jwk, _ := json.Marshal(map[string]string{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
		"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
	})
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), string(jwk)
}

// A token answer that does not say when the token ends: the provider is asked
// (RFC 7662), once for each token.
func TestIntrospectionAtTheProvider(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	op := startProvider(t, time.Hour)
	op.post("/_silent")
	n := install(t, strings.Replace(op.config(), "            issuer:", "            introspection_url: "+op.issuer+"/token/introspection\n            issuer:", 1), "HARBOUR_SECRET="+op.secret)
	op.connect(n, "mira")
	for want := 1; want <= 2; want++ {
		var shown struct {
			ExpiresAt time.Time `json:"expires_at"`
		}
		out := n.run("connections", "show", "harbour", "--format", "json")
		if json.Unmarshal([]byte(out.stdout), &shown) != nil || time.Until(shown.ExpiresAt) < 50*time.Minute {
			t.Errorf("the token's end is not known:\n%s%s", out.stdout, out.stderr)
		}
		if got := op.stats(); got.Introspections != want || len(got.Refused) > 0 {
			t.Errorf("the provider has seen %+v", got)
		}
		n.must("connections", "refresh", "harbour")
	}
}
