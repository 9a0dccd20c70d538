package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificates are an authority and what it has issued, as files.
type certificates struct {
	t    *testing.T
	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newCertificates(t *testing.T) *certificates {
	t.Helper()
	c := &certificates{t: t, dir: t.TempDir()}
	c.key, c.cert = c.issue("ca", &x509.Certificate{Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return c
}

func (c *certificates) path(name string) string { return filepath.Join(c.dir, name) }

// issue writes name.pem and name-key.pem.
func (c *certificates) issue(name string, template *x509.Certificate) (*ecdsa.PrivateKey, *x509.Certificate) {
	c.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(-time.Hour), time.Now().Add(90*24*time.Hour)
	parent, by := c.cert, c.key
	if parent == nil {
		parent, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		c.t.Fatal(err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		c.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + "-key.pem": {Type: "PRIVATE KEY", Bytes: plain}} {
		if err := os.WriteFile(c.path(file), pem.EncodeToMemory(block), 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		c.t.Fatal(err)
	}
	return key, cert
}

// oidc-provider behind TLS that lets nobody in without a certificate: tls_client_auth
// in place of a secret, and access tokens that are good over connections with that
// certificate alone (RFC 8705 2.1, 3).
func TestS27_ClientCertificateAtAServerWeDidNotWrite(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	c := newCertificates(t)
	c.issue("server", &x509.Certificate{Subject: pkix.Name{CommonName: "gate"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	for _, name := range []string{"mira", "other"} {
		c.issue(name, &x509.Certificate{Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	}
	p := startNode(t, []string{"CERT=" + c.path("server.pem"), "KEY=" + c.path("server-key.pem"), "CA=" + c.path("ca.pem"), "SUBJECT=CN=mira"}, "mtls-provider.mjs")
	var ready struct{ Issuer string }
	if err := json.Unmarshal([]byte(p.line()), &ready); err != nil {
		t.Fatal(err)
	}
	integration := func(name, certificate string) string {
		return strings.NewReplacer("NAME", name, "ISSUER", ready.Issuer, "CERT", certificate).Replace(`
    NAME:
        oauth_client_id: gate
        client_certificate: ${file:CERT.pem}
        client_certificate_key: ${file:CERT-key.pem}
        auth: {auth_mode: OAUTH2_CC, token_url: ISSUER/token, authorization_method: tls_client_auth, scopes: none}
        requests:
            base_url: ISSUER
            headers: {Authorization: "Bearer ${access_token}"}
            verify: {path: /_api}`)
	}
	plain := strings.ReplaceAll(`
    plain:
        auth: {auth_mode: NONE}
        requests: {base_url: ISSUER}
`, "ISSUER", ready.Issuer)
	n := install(t, "integrations:"+integration("mira", c.path("mira"))+integration("other", c.path("other"))+plain, "SSL_CERT_FILE="+c.path("ca.pem"))
	n.must("validate")
	n.must("connect", "mira")
	if out := n.must("call", "mira", "/_api"); !strings.Contains(out, `"client": "gate"`) && !strings.Contains(out, `"client":"gate"`) {
		t.Errorf("got %s", out)
	}
	if out := n.run("connect", "other"); out.code == 0 || !strings.Contains(out.stderr, "invalid_client") {
		t.Errorf("another certificate: exit %d\n%s", out.code, out.stderr)
	}
	if out := n.run("call", "plain", "/_api"); out.code == 0 {
		t.Errorf("no certificate: exit %d\n%s", out.code, out.stderr)
	}
	c.wantSubjects(ready.Issuer)
}

// wantSubjects holds that the server has seen the certificates of the two integrations
// that have one.
func (c *certificates) wantSubjects(issuer string) {
	c.t.Helper()
	pair, err := tls.LoadX509KeyPair(c.path("mira.pem"), c.path("mira-key.pem"))
	if err != nil {
		c.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(c.cert)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(issuer + "/_stats")
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var stats struct {
		Subjects, Refused []string
		Issued            int
	}
	if err := json.NewDecoder(resp.Body).Decode(&stats); err != nil {
		c.t.Fatal(err)
	}
	got := strings.Join(stats.Subjects, " ")
	if stats.Issued != 1 || len(stats.Refused) != 1 || got != "CN=mira CN=mira CN=mira CN=other CN=mira" {
		c.t.Errorf("the server has seen %+v", stats)
	}
}
