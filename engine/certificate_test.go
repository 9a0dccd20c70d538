package engine_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// authority issues client certificates.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	return &authority{key, cert}
}

// issue returns a certificate and its key in PEM, in the given form of keys.
func (a *authority) issue(t *testing.T, name, form string) (certificate string, key schema.Secret) {
	t.Helper()
	var public any
	var block *pem.Block
	switch form {
	case "PKCS #1":
		k, _ := rsa.GenerateKey(rand.Reader, 2048)
		public, block = k.Public(), &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}
	default:
		k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		public = k.Public()
		der, _ := x509.MarshalECPrivateKey(k)
		block = &pem.Block{Type: "EC PRIVATE KEY", Bytes: der}
		if form == "PKCS #8" {
			der, _ = x509.MarshalPKCS8PrivateKey(k)
			block = &pem.Block{Type: "PRIVATE KEY", Bytes: der}
		}
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), schema.NewSecret(string(pem.EncodeToMemory(block)))
}

// A gate is a server that notes whose certificate each request came with.
type gate struct {
	*httptest.Server
	mu    sync.Mutex
	seen  []string // path, name in the certificate, the client's port
	route func(w http.ResponseWriter, r *http.Request) bool
}

// newGate starts a server that wants a client certificate of a, or takes one if asks is
// tls.RequestClientCert.
func newGate(t *testing.T, a *authority, asks tls.ClientAuthType) *gate {
	t.Helper()
	g := &gate{}
	g.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			who = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		g.mu.Lock()
		g.seen = append(g.seen, r.URL.Path+" "+who)
		g.mu.Unlock()
		if g.route != nil && g.route(w, r) {
			return
		}
		if strings.HasSuffix(r.URL.Path, "/token") {
			w.Header().Set("Content-Type", "application/json")
			_ = r.ParseForm()
			fmt.Fprintf(w, `{"access_token":"t-%s","token_type":"bearer","expires_in":3600,"secret":%q}`, r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"))
			return
		}
		fmt.Fprintf(w, `{"who":%q,"port":%q}`, who, r.RemoteAddr)
	}))
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	g.TLS = &tls.Config{ClientAuth: asks, ClientCAs: pool}
	g.Config.ErrorLog = nil
	g.StartTLS()
	t.Cleanup(g.Close)
	return g
}

func (g *gate) log() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.seen...)
}

// trusting is a transport that takes the servers for who they are.
func trusting(t *testing.T, gates ...*gate) *http.Transport {
	t.Helper()
	tr := http.DefaultTransport.(*http.Transport).Clone()
	pool := x509.NewCertPool()
	for _, g := range gates {
		pool.AddCert(g.Certificate())
	}
	tr.TLSClientConfig = &tls.Config{RootCAs: pool}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// behind is an integration whose client is known by its certificate.
func behind(g *gate, name, certificate string, key schema.Secret) *schema.Integration {
	return &schema.Integration{
		Name: name, OAuthClientID: "client-" + name, ClientCertificate: certificate, ClientCertificateKey: key,
		Auth:     schema.Auth{AuthMode: schema.OAuth2CC, TokenURL: g.URL + "/token", AuthorizationMethod: schema.ClientAuthTLS, Scopes: "none"},
		Requests: schema.Requests{BaseURL: g.URL + "/api", Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
	}
}

func gated(list ...*schema.Integration) *schema.Config {
	cfg := &schema.Config{Integrations: map[string]*schema.Integration{}}
	for _, in := range list {
		cfg.Integrations[in.Name] = in
	}
	return cfg
}

func connectTo(t *testing.T, e *engine.Engine, name string) *http.Client {
	t.Helper()
	k := engine.Key{Integration: name, ConnectionID: "u"}
	if _, err := e.Connect(t.Context(), k, engine.Credentials{}, nil); err != nil {
		t.Fatal(err)
	}
	client, err := e.Client(k)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func fetch(t *testing.T, client *http.Client, target string) string {
	t.Helper()
	resp, err := client.Get(target)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

// TestS27_CertificateAtTokenEndpointAndAPI: a server that lets nobody in without a
// certificate answers both, for keys in each form; the client's id is in the body, and
// no secret (RFC 8705 2).
func TestS27_CertificateAtTokenEndpointAndAPI(t *testing.T) {
	a := newAuthority(t)
	g := newGate(t, a, tls.RequireAndVerifyClientCert)
	for _, form := range []string{"PKCS #8", "PKCS #1", "SEC 1"} {
		certificate, key := a.issue(t, form, form)
		e, err := engine.New(gated(behind(g, "harbour", certificate, key)), &engine.Options{Transport: trusting(t, g)})
		if err != nil {
			t.Fatal(err)
		}
		client := connectTo(t, e, "harbour")
		c, _ := e.Connection(t.Context(), engine.Key{Integration: "harbour", ConnectionID: "u"})
		if secret, _ := c.Credentials.Token.RawValue("secret"); c.Credentials.Token.AccessToken.Reveal() != "t-client-harbour" || secret != "" {
			t.Errorf("%s: the token endpoint saw another client, or a secret", form)
		}
		if got := fetch(t, client, "/x"); !strings.Contains(got, form) {
			t.Errorf("%s: got %s", form, got)
		}
	}
}

// TestS27_OneCertificateForEachIntegration: no other integration shows it, nor shares
// a connection that does.
func TestS27_OneCertificateForEachIntegration(t *testing.T) {
	a := newAuthority(t)
	g := newGate(t, a, tls.VerifyClientCertIfGiven)
	one, oneKey := a.issue(t, "one", "")
	two, twoKey := a.issue(t, "two", "")
	plain := behind(g, "plain", "", schema.Secret{})
	plain.Auth.AuthorizationMethod = schema.ClientAuthNone
	tr := trusting(t, g)
	tr.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	e, err := engine.New(gated(behind(g, "one", one, oneKey), behind(g, "two", two, twoKey), plain), &engine.Options{Transport: tr})
	if err != nil {
		t.Fatal(err)
	}
	ports := map[string]string{}
	for range 2 {
		for _, name := range []string{"one", "plain", "two", "plain"} {
			want := name
			if name == "plain" {
				want = "nobody"
			}
			got := fetch(t, connectTo(t, e, name), "/x")
			if !strings.Contains(got, `"who":"`+want+`"`) {
				t.Errorf("%s: got %s", name, got)
			}
			_, port, _ := strings.Cut(got, `"port":`)
			if other, known := ports[port]; known && other != name {
				t.Errorf("%s and %s share a connection", name, other)
			}
			ports[port] = name
			tr.CloseIdleConnections() // so that sessions are resumed
		}
	}
	for _, line := range g.log() {
		if strings.HasPrefix(line, "/token") && !strings.HasSuffix(line, "one") && !strings.HasSuffix(line, "two") && !strings.HasSuffix(line, "nobody") {
			t.Error(line)
		}
	}
}

// TestS27_RedirectElsewhereShowsNoCertificate: it is for home alone, and that one who
// asks for a certificate is elsewhere does not help him.
func TestS27_RedirectElsewhereShowsNoCertificate(t *testing.T) {
	a := newAuthority(t)
	g, elsewhere := newGate(t, a, tls.RequireAndVerifyClientCert), newGate(t, a, tls.RequestClientCert)
	g.route = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case "/api/away":
			http.Redirect(w, r, elsewhere.URL+"/stolen", http.StatusFound)
		case "/api/home":
			http.Redirect(w, r, "/api/x", http.StatusFound)
		default:
			return false
		}
		return true
	}
	certificate, key := a.issue(t, "mine", "")
	in := behind(g, "harbour", certificate, key)
	in.Requests.AllowPrivateHosts = true
	e, err := engine.New(gated(in), &engine.Options{Transport: trusting(t, g, elsewhere)})
	if err != nil {
		t.Fatal(err)
	}
	client := connectTo(t, e, "harbour")
	fetch(t, client, "/away")
	if got := elsewhere.log(); len(got) != 1 || got[0] != "/stolen nobody" {
		t.Errorf("elsewhere: %q", got)
	}
	if got := fetch(t, client, "/home"); !strings.Contains(got, `"who":"mine"`) {
		t.Errorf("at home: %s", got)
	}
}

// TestS27_ReloadReplacesTheCertificate: the next call shows the new one, over a new
// connection; what has not changed keeps its connections.
func TestS27_ReloadReplacesTheCertificate(t *testing.T) {
	a := newAuthority(t)
	g := newGate(t, a, tls.RequireAndVerifyClientCert)
	old, oldKey := a.issue(t, "old", "")
	e, err := engine.New(gated(behind(g, "harbour", old, oldKey)), &engine.Options{Transport: trusting(t, g)})
	if err != nil {
		t.Fatal(err)
	}
	client := connectTo(t, e, "harbour")
	first := fetch(t, client, "/x")
	if err := e.Reload(gated(behind(g, "harbour", old, oldKey))); err != nil {
		t.Fatal(err)
	}
	if again := fetch(t, client, "/x"); again != first {
		t.Errorf("the same certificate: got %s, was %s", again, first)
	}
	next, nextKey := a.issue(t, "new", "")
	if err := e.Reload(gated(behind(g, "harbour", next, nextKey))); err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, client, "/x"); !strings.Contains(got, `"who":"new"`) {
		t.Errorf("got %s", got)
	}
	if err := e.Reload(gated(behind(g, "harbour", next, oldKey))); err == nil || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("a key of another certificate: %v", err)
	}
	if got := fetch(t, client, "/x"); !strings.Contains(got, `"who":"new"`) {
		t.Errorf("after a configuration that was refused: %s", got)
	}
}

// TestS27_TransportMustShowCertificates: of any other transport one would not know.
func TestS27_TransportMustShowCertificates(t *testing.T) {
	a := newAuthority(t)
	g := newGate(t, a, tls.RequireAndVerifyClientCert)
	certificate, key := a.issue(t, "mine", "")
	cfg := gated(behind(g, "harbour", certificate, key))
	if _, err := engine.New(cfg, &engine.Options{Transport: roundTripFunc(nil)}); err == nil || !strings.Contains(err.Error(), `"harbour"`) || !strings.Contains(err.Error(), "CertificateTransport") {
		t.Errorf("got %v", err)
	}
	e, err := engine.New(cfg, &engine.Options{Transport: trusting(t, g)})
	if err != nil {
		t.Fatal(err)
	}
	connectTo(t, e, "harbour")
	k := engine.Key{Integration: "harbour", ConnectionID: "u"}
	rt, err := e.RoundTripper(k, roundTripFunc(func(*http.Request) (*http.Response, error) {
		t.Error("it was sent without a certificate")
		return nil, io.EOF
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&http.Client{Transport: rt}).Get("/x"); !errors.Is(err, engine.ErrUnsupported) {
		t.Errorf("a base that shows none: %v", err)
	}
	if rt, err = e.RoundTripper(k, trusting(t, g)); err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, &http.Client{Transport: rt}, "/x"); !strings.Contains(got, `"who":"mine"`) {
		t.Errorf("a base of the host's: %s", got)
	}
}

// TestS27_NoCertificateNoRequest: without one, nothing is sent that could only fail.
func TestS27_NoCertificateNoRequest(t *testing.T) {
	a := newAuthority(t)
	g := newGate(t, a, tls.RequireAndVerifyClientCert)
	e, err := engine.New(gated(behind(g, "harbour", "", schema.Secret{})), &engine.Options{Transport: trusting(t, g)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Connect(t.Context(), engine.Key{Integration: "harbour", ConnectionID: "u"}, engine.Credentials{}, nil); !errors.Is(err, engine.ErrClient) || !strings.Contains(err.Error(), "client_certificate") || len(g.log()) > 0 {
		t.Errorf("got %v, %q", err, g.log())
	}
	in := behind(g, "harbour", "", schema.Secret{})
	in.Auth.ClientCertificate = "required"
	if _, err := engine.New(gated(in), nil); err == nil {
		t.Error("an API that wants a certificate was built without")
	}
}
