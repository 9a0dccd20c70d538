package signingkey_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/schema/signingkey"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func pkcs8(key crypto.PrivateKey) string {
	return armour("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
}

func armour(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestParse(t *testing.T) {
	t.Parallel()
	rsaKey, small := must(rsa.GenerateKey(rand.Reader, 2048)), must(rsa.GenerateKey(rand.Reader, 1024))
	p256, p384 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	public := armour("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&p256.PublicKey)))
	exchange := pkcs8(must(p256.ECDH()))
	sec1 := armour("EC PARAMETERS", []byte{6, 8}) + armour("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(p256)))
	all := pkcs8(rsaKey) + pkcs8(p384) + pkcs8(p256) + pkcs8(ed)
	for name, tt := range map[string]struct{ algorithm, encoding, text, want string }{
		"RSA":                   {"RS256", "", pkcs8(rsaKey), ""},
		"RSA of PKCS 1":         {"PS512", "", armour("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), ""},
		"EC of SEC 1":           {"ES256", "", sec1, ""},
		"Ed25519":               {"EdDSA", "", pkcs8(ed), ""},
		"on one line":           {"ES384", "", strings.ReplaceAll(pkcs8(p384), "\n", `\n`), ""},
		"DER in Base64":         {"ES256", "base64", base64.StdEncoding.EncodeToString(must(x509.MarshalPKCS8PrivateKey(p256))), ""},
		"PEM in Base64":         {"ES256", "base64", base64.RawURLEncoding.EncodeToString([]byte(pkcs8(p256))), ""},
		"the first that fits":   {"ES256", "", all, ""},
		"the last that fits":    {"EdDSA", "", all, ""},
		"secret":                {"HS256", "", "open sesame", ""},
		"secret in hexadecimal": {"HS512", "hex", "00ff", ""},

		"nothing":               {"RS256", "", "", "is empty"},
		"blanks":                {"RS256", "", " \n", "is empty"},
		"no secret":             {"HS256", "hex", "", "is empty"},
		"no PEM":                {"RS256", "", "LEAK", "not a private key in PEM"},
		"no hexadecimal":        {"HS256", "hex", "LEAK", "not hexadecimal"},
		"no Base64":             {"HS256", "base64", "LEAK!", "not Base64"},
		"damaged":               {"RS256", "", armour("PRIVATE KEY", []byte("LEAK")), "cannot be read"},
		"public":                {"ES256", "", public, "is a public key; the private one is wanted"},
		"certificate":           {"ES256", "", armour("CERTIFICATE", []byte("x")), "this is a certificate"},
		"encrypted":             {"RS256", "", armour("ENCRYPTED PRIVATE KEY", []byte("x")), "encrypted with a passphrase"},
		"RSA that is too small": {"RS256", "", pkcs8(small), "the RSA key has 1024 bits; RS256 takes 2048 at least"},
		"RSA for EC":            {"ES256", "", pkcs8(rsaKey), "the key is an RSA key; ES256 wants an EC key on P-256"},
		"EC for RSA":            {"PS256", "", pkcs8(p256), "the key is an EC key on P-256; PS256 wants an RSA key"},
		"another curve":         {"ES512", "", pkcs8(p256), "the key is an EC key on P-256; ES512 wants an EC key on P-521"},
		"EC for Ed25519":        {"EdDSA", "", pkcs8(p256), "EdDSA wants an Ed25519 key"},
		"a key that agrees":     {"EdDSA", "", exchange, "EdDSA wants an Ed25519 key"},
	} {
		key, err := signingkey.Parse(tt.algorithm, tt.encoding, tt.text)
		if tt.want == "" {
			if err != nil || key == nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "LEAK") {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

// The key pair is RFC 8037 A.1's; the fingerprint is what `openssl pkey -pubout
// -outform DER | openssl dgst -sha256 -binary | base64` gives for it.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	key := must(signingkey.Parse("EdDSA", "", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----"))
	if got, ok := signingkey.Fingerprint(key); !ok || got != "SHA256:BuP9j9opu2CrWVV95h7bCuzbIxE0vjDnW0Vfjht5L6k=" {
		t.Errorf("got %s", got)
	}
	if _, ok := signingkey.Fingerprint([]byte("secret")); ok {
		t.Error("a secret has a fingerprint")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----", "00ff", `-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----`, "0", "-----BEGIN"} {
		for _, algorithm := range []string{"HS256", "RS256", "ES512", "EdDSA", "none"} {
			f.Add(algorithm, "", seed)
			f.Add(algorithm, "base64", seed)
		}
	}
	f.Fuzz(func(t *testing.T, algorithm, encoding, text string) {
		key, err := signingkey.Parse(algorithm, encoding, text)
		if (err == nil) == (key == nil) {
			t.Errorf("key %T with error %v", key, err)
		}
		if err != nil && len(text) > 40 && strings.Contains(err.Error(), text) {
			t.Error("the error quotes the key")
		}
		signingkey.Fingerprint(key)
		_ = signingkey.Readable(text)
	})
}
