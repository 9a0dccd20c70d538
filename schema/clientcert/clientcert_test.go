package clientcert_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/schema/clientcert"
)

func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := x509.MarshalPKCS8PrivateKey(k)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: plain}))
}

func TestPair(t *testing.T) {
	certificate, key := pair(t)
	issuer, foreign := pair(t)
	for _, text := range []string{certificate + issuer, key + certificate + issuer, strings.ReplaceAll(certificate+issuer, "\n", `\n`)} {
		got, err := clientcert.Pair(text, key)
		if err != nil || len(got.Certificate) != 2 || got.Leaf == nil {
			t.Errorf("%d certificates, %v", len(got.Certificate), err)
		}
	}
	if _, err := clientcert.Pair(certificate, foreign); !errors.Is(err, clientcert.ErrForeignKey) {
		t.Errorf("a key of another: %v", err)
	}
}

func TestPairRefuses(t *testing.T) {
	certificate, key := pair(t)
	for _, c := range []struct{ certificate, key, want string }{
		{"", key, "not a certificate"}, {"seeded", key, "not a certificate"}, {key, key, "this is a private key"},
		{certificate[:200], key, "no certificate"}, {certificate + certificate[:100], key, "damaged"},
		{"-----BEGIN CERTIFICATE-----\nc2VlZGVk\n-----END CERTIFICATE-----\n", key, "damaged"},
		{certificate, "", "empty"}, {certificate, "seeded", "not a private key"}, {certificate, certificate, "this is a certificate"},
	} {
		if _, err := clientcert.Pair(c.certificate, c.key); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "seeded") {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
