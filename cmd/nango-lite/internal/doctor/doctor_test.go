package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/doctor"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
)

// examine looks at an integration whose API is at url, with what else is said.
func examine(t *testing.T, api string, now time.Time, env map[string]string, around doctor.Surroundings) (lines string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "integrations.yaml")
	text := fmt.Sprintf("integrations:\n    fjord:\n        auth: {auth_mode: API_KEY}\n        requests: {base_url: %q, headers: {Authorization: 'Bearer ${api_key}'}}\n", api)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := session.New(console.IO{Out: io.Discard, Err: io.Discard}, session.Deps{
		Now:       func() time.Time { return now },
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	defer s.Close()
	s.Files, s.StoreAt = []string{file}, filepath.Join(dir, "none.db")
	around.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	for _, f := range doctor.Examine(t.Context(), s, around) {
		lines += fmt.Sprintf("%s %s %s (%s)\n", f.State, f.Check, f.What, f.Mend)
	}
	return lines
}

// A provider's certificate is looked at as a call would, by this machine's clock and trust.
func TestProvidersCertificate(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the provider was sent %s", r.URL)
	}))
	defer srv.Close()
	srv.Config.ErrorLog = nil
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	named := strings.Replace(srv.URL, "127.0.0.1", "example.com", 1)
	other := strings.Replace(srv.URL, "127.0.0.1", "fjord.test", 1)
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	for _, c := range []struct {
		name, url string
		now       time.Time
		roots     *x509.CertPool
		want      string
	}{
		{"good", named, time.Now(), roots, "ok provider fjord: reached example.com"},
		{"unknown authority", named, time.Now(), nil, "its certificate is signed by nobody that this machine trusts (SSL_CERT_FILE"},
		{"a clock that is wrong", named, time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), roots, "its certificate has ended, or does not hold yet (is this machine's clock right?)"},
		{"another name", other, time.Now(), roots, "its certificate is for another name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := examine(t, c.url, c.now, nil, doctor.Surroundings{Dial: dial, Roots: c.roots}); !strings.Contains(got, c.want) {
				t.Errorf("want %q in\n%s", c.want, got)
			}
		})
	}
}

// The server's own certificate: for whom it is, and until when.
func TestServersCertificate(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cert, key := certificate(t, "connect.fjord.test", begin, begin.AddDate(0, 3, 0))
	for _, c := range []struct {
		name, public string
		now          time.Time
		want         string
	}{
		{"holds", "https://connect.fjord.test", begin.AddDate(0, 1, 0), "holds until 2026-04-01"},
		{"ends soon", "https://connect.fjord.test", begin.AddDate(0, 2, 25), "warning tls " + cert + " ends on 2026-04-01 (renew it)"},
		{"has ended", "https://connect.fjord.test", begin.AddDate(1, 0, 0), "failed tls " + cert + " ended on 2026-04-01"},
		{"not yet", "", begin.AddDate(0, -1, 0), "(is this machine's clock right?)"},
		{"another name", "https://other.fjord.test", begin.AddDate(0, 1, 0), "is not for other.fjord.test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := map[string]string{"NANGO_LITE_TLS_CERT": cert, "NANGO_LITE_TLS_KEY": key, "NANGO_LITE_PUBLIC_URL": c.public}
			if got := examine(t, "http://127.0.0.1:1", c.now, env, doctor.Surroundings{}); !strings.Contains(got, c.want) {
				t.Errorf("want %q in\n%s", c.want, got)
			}
		})
	}
}

// A clock that says it is before the program was built is wrong.
func TestClock(t *testing.T) {
	built := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	if got := examine(t, "http://127.0.0.1:1", built.Add(-time.Hour), nil, doctor.Surroundings{Built: built}); !strings.Contains(got, "failed clock it is said to be 2026-10-31 23:00:00, before this program was built") {
		t.Error(got)
	}
}

func certificate(t *testing.T, host string, from, until time.Time) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, data []byte) string {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}
