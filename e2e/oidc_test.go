package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// An operator writes an integration for a provider that no blueprint knows. The
// provider is strict: code flow, PKCE, client secret in the header (encoded, as
// RFC 6749 2.3.1 says), refresh tokens that are good once.
func TestIntegrationWithoutABlueprint(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	const life = 2 * time.Second // of the first access token
	op := startProvider(t, life)
	n := install(t, op.config(), "HARBOUR_SECRET="+op.secret)

	n.must("validate")
	op.connect(n, "mira")
	connected := time.Now()
	if got := op.stats(); got.Exchanges != 1 || len(got.Refused) > 0 {
		t.Fatalf("after connecting, the provider has seen %+v; want one exchange and no refusal", got)
	}
	wantAccount(t, n.run("call", "harbour", "/me"), "mira")

	// The program's clock is the real one: the token has to live out its life.
	time.Sleep(time.Until(connected.Add(life)))
	op.post("/_token?seconds=3600") // what comes now stays, however slow the machine
	op.post("/_slow?ms=300")        // so that all four are there before the first has its answer
	op.wantOneRefresh(t, func() { callAtOnce(t, n, 4, "mira") })

	// The new tokens were kept: nobody asks for more.
	before := op.stats().Refreshes
	wantAccount(t, n.run("call", "harbour", "/me"), "mira")
	if got := op.stats().Refreshes; got != before {
		t.Errorf("a call with a token that is good for an hour refreshed it")
	}

	// Taken back early, a token is found out by its 401.
	op.post("/_expire")
	op.wantOneRefresh(t, func() { callAtOnce(t, n, 4, "mira") })
	if got := op.stats(); len(got.Refused) > 0 || got.Revoked > 0 {
		t.Errorf("the provider refused %q and revoked %d grants", got.Refused, got.Revoked)
	}

	// When the user has taken everything back, only the user can help.
	op.post("/_revoke")
	out := n.run("call", "harbour", "/me")
	if out.code != 1 || !strings.Contains(out.stderr, "nango-lite connect harbour") {
		t.Errorf("after the grant was revoked: exit %d, want 1 and advice to connect again\n%s", out.code, out.stderr)
	}
	op.connect(n, "mira")
	wantAccount(t, n.run("call", "harbour", "/me"), "mira")
	if out := n.run("connections", "list"); strings.Count(out.stdout, "harbour") != 1 {
		t.Errorf("want the one connection, made anew:\n%s", out.stdout)
	}
	op.wantNoSecretIn(t, out.stderr, out.stdout)
}

// A user who says no leaves nothing behind, and the page says so as the terminal does.
func TestConsentRefused(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	op := startProvider(t, time.Hour)
	n := install(t, op.config(), "HARBOUR_SECRET="+op.secret)
	connect := n.start("connect", "harbour", "--no-browser", "--redirect-url", op.redirect)
	b := newBrowser(t)
	page := b.click(b.open(connect.line()), "/abort")
	out := connect.end()
	if out.code != 1 || !strings.Contains(out.stderr, "denied") || !strings.Contains(out.stderr, "access_denied") {
		t.Errorf("exit %d, want 1 and what the provider said:\n%s", out.code, out.stderr)
	}
	if !strings.Contains(page.html, "Not connected") {
		t.Errorf("the browser ended at %s:\n%s", page.url.Redacted(), page.html)
	}
	if out := n.run("connections", "list"); strings.Contains(out.stdout, "harbour") {
		t.Errorf("something was stored:\n%s", out.stdout)
	}
}

// A provider is the running oidc-provider.
type provider struct {
	t                        *testing.T
	issuer, secret, redirect string
	signer                   []byte // private key of the client that signs
}

func startProvider(t *testing.T, life time.Duration) *provider {
	t.Helper()
	op := &provider{
		t:        t,
		secret:   "s:cret+with%41 and&more=", // each of these is altered if sent as it is
		redirect: "http://127.0.0.1:0/oauth/callback",
	}
	var public string
	op.signer, public = newSigner(t)
	p := startNode(t, []string{
		"SIGNER_KEY=" + public,
		"CLIENT_ID=harbour app", "CLIENT_SECRET=" + op.secret, "TOKEN_SECONDS=" + seconds(life),
		"REDIRECT_URI=" + strings.Replace(op.redirect, ":0", "", 1), // any port: RFC 8252 7.3
	}, "oidc-provider.mjs")
	var ready struct{ Issuer string }
	if err := json.Unmarshal([]byte(p.line()), &ready); err != nil {
		t.Fatal(err)
	}
	op.issuer = ready.Issuer
	return op
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// config is what the operator writes, knowing the provider's documentation.
func (op *provider) config() string {
	return strings.ReplaceAll(`integrations:
    harbour:
        oauth_client_id: harbour app
        oauth_client_secret: ${HARBOUR_SECRET}
        oauth_scopes: [openid, email, offline_access]
        auth:
            auth_mode: OAUTH2
            authorization_url: ISSUER/auth
            authorization_params: {prompt: consent}
            token_url: ISSUER/token
            issuer: ISSUER # it names itself in the answer: RFC 9207
        requests:
            base_url: ISSUER
            headers:
                Authorization: Bearer ${access_token}
            verify: {method: GET, path: /me}
`, "ISSUER", op.issuer)
}

// connect takes the user of that name through consent.
func (op *provider) connect(n *installation, name string) {
	op.t.Helper()
	connect := n.start("connect", "harbour", "--no-browser", "--redirect-url", op.redirect)
	b := newBrowser(op.t)
	b.types = map[string]string{"login": name, "password": "anything"}
	page := b.submit(b.open(connect.line()))
	out := connect.end()
	if out.code != 0 || page.status != http.StatusOK {
		op.t.Fatalf("connect: exit %d; the browser sees %d at %s\n%s%s", out.code, page.status, page.url.Redacted(), out.stderr, page.html)
	}
	if out.stdout != "" {
		op.t.Errorf("connect --no-browser prints the URL alone on stdout; then came:\n%s", out.stdout)
	}
	op.wantNoSecretIn(op.t, out.stderr, page.html)
}

// callAtOnce starts n processes together; each has to get its answer.
func callAtOnce(t *testing.T, n *installation, count int, name string) {
	t.Helper()
	var calls []*process
	for range count {
		calls = append(calls, n.start("call", "harbour", "/me"))
	}
	for _, call := range calls {
		wantAccount(t, call.end(), name)
	}
}

func wantAccount(t *testing.T, out outcome, name string) {
	t.Helper()
	var account struct{ Sub, Email string }
	if err := json.Unmarshal([]byte(out.stdout), &account); err != nil || out.code != 0 || account.Sub != name || account.Email == "" {
		t.Errorf("call /me: exit %d, want the account of %s\n%s%s", out.code, name, out.stdout, out.stderr)
	}
}

// seen is what the provider counted.
type seen struct {
	Exchanges, Refreshes, Revoked, Issued, Devices, Polls, Introspections, Revocations int

	Refused []string
}

func (op *provider) stats() (s seen) {
	op.t.Helper()
	resp, err := http.Get(op.issuer + "/_stats")
	if err != nil {
		op.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		op.t.Fatal(err)
	}
	return s
}

func (op *provider) post(path string) {
	op.t.Helper()
	resp, err := http.Post(op.issuer+path, "", nil)
	if err != nil {
		op.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		op.t.Fatalf("POST %s: %s", path, resp.Status)
	}
}

// wantOneRefresh asks the provider, which knows best.
func (op *provider) wantOneRefresh(t *testing.T, during func()) {
	t.Helper()
	before := op.stats()
	during()
	if after := op.stats(); after.Refreshes-before.Refreshes != 1 || !slices.Equal(after.Refused, before.Refused) {
		t.Errorf("the provider granted %d refreshes and refused %q; want 1 and none",
			after.Refreshes-before.Refreshes, after.Refused[len(before.Refused):])
	}
}

func (op *provider) wantNoSecretIn(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(text, op.secret) {
			t.Errorf("the client secret is in:\n%s", text)
		}
	}
}
