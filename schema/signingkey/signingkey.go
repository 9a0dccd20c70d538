// Package signingkey reads the keys that JSON Web Tokens are signed with
// (RFC 7518 3.1), so that the loader can judge a key that stands in a file, and
// whoever signs or checks reads the same one. Start with [Parse]. No error quotes
// a key.
package signingkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Encodings of a key's text.
const (
	Text   = "text" // the default: PEM, or the bytes of the text for HMAC
	Base64 = "base64"
	Hex    = "hex"
)

// curves are the bit sizes of the curves that ECDSA algorithms want.
var curves = map[string]int{"ES256": 256, "ES384": 384, "ES512": 521}

// RSASHA1 is the signature method of OAuth 1.0a (RFC 5849 3.4.3), which takes RSA keys
// of any size: what a provider was given long ago still signs.
const RSASHA1 = "RSA-SHA1"

// minRSA is the smallest RSA key that may sign (RFC 7518 3.3).
const minRSA = 2048

// Parse returns the key in text for an algorithm: []byte for HMAC, else a
// *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey. A PEM text may hold
// several keys; the first that fits counts. A PEM text on one line, with \n for line
// breaks, is read as well: environments like it so.
func Parse(algorithm, encoding, text string) (any, error) {
	data, err := decode(encoding, text)
	if err != nil {
		return nil, err
	}
	switch {
	case len(strings.TrimSpace(string(data))) == 0:
		return nil, errors.New("the key is empty")
	case strings.HasPrefix(algorithm, "HS"):
		return data, nil
	}
	var misfit error
	for _, b := range blocks(data) {
		key, err := private(b)
		if err == nil {
			err = fits(algorithm, key)
		}
		if err == nil {
			return key, nil
		}
		if misfit == nil {
			misfit = err
		}
	}
	if misfit == nil {
		misfit = errors.New("the key is not a private key in PEM")
	}
	return nil, misfit
}

// Private returns the first private key in a PEM text, whatever it may sign.
func Private(text string) (crypto.Signer, error) {
	if err := Readable(text); err != nil {
		return nil, err
	}
	return private(blocks([]byte(text))[0])
}

// Readable says why text is no private key in PEM, whatever it may sign.
func Readable(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("the key is empty")
	}
	found := blocks([]byte(text))
	if len(found) == 0 {
		return errors.New("the key is not a private key in PEM")
	}
	_, err := private(found[0])
	return err
}

func decode(encoding, text string) ([]byte, error) {
	switch encoding {
	case Hex:
		b, err := hex.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return nil, errors.New("the key is not hexadecimal")
		}
		return b, nil
	case Base64:
		plain := strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if b, err := e.DecodeString(plain); err == nil {
				return b, nil
			}
		}
		return nil, errors.New("the key is not Base64")
	}
	return []byte(text), nil
}

// A block is one key of a text, and what the text calls it.
type block struct {
	der  []byte
	kind string
}

func blocks(data []byte) []block {
	text := string(data)
	if strings.Contains(text, "-----BEGIN") {
		text = strings.ReplaceAll(text, `\n`, "\n")
	} else if data[0] == 0x30 { // DER, from Base64
		return []block{{data, "PRIVATE KEY"}}
	}
	var out []block
	rest := []byte(text)
	for {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return out
		}
		kind := b.Type
		if b.Headers["DEK-Info"] != "" {
			kind = "ENCRYPTED PRIVATE KEY"
		}
		if kind != "EC PARAMETERS" { // openssl writes them in front of the key
			out = append(out, block{b.Bytes, kind})
		}
	}
}

func private(b block) (crypto.Signer, error) {
	switch {
	case b.kind == "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("the key is encrypted with a passphrase; decrypt it first, for example with openssl pkcs8 -in key.pem -out plain.pem")
	case strings.HasSuffix(b.kind, "PUBLIC KEY"):
		return nil, errors.New("the key is a public key; the private one is wanted")
	case b.kind == "CERTIFICATE":
		return nil, errors.New("this is a certificate; its private key is wanted")
	}
	if key, err := x509.ParsePKCS8PrivateKey(b.der); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
		return nil, errors.New("the key is of a kind that does not sign")
	}
	if key, err := x509.ParsePKCS1PrivateKey(b.der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(b.der); err == nil {
		return key, nil
	}
	return nil, errors.New("the key cannot be read: its PEM is damaged, or not of a private key")
}

func fits(algorithm string, key crypto.Signer) error {
	kind := ""
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS") {
			if bits := key.N.BitLen(); bits < minRSA && algorithm != RSASHA1 {
				return fmt.Errorf("the RSA key has %d bits; %s takes %d at least", bits, algorithm, minRSA)
			}
			return nil
		}
		kind = "an RSA key"
	case *ecdsa.PrivateKey:
		if curves[algorithm] == key.Curve.Params().BitSize {
			return nil
		}
		kind = "an EC key on " + key.Curve.Params().Name
	case ed25519.PrivateKey:
		if algorithm == "EdDSA" {
			return nil
		}
		kind = "an Ed25519 key"
	default:
		kind = "of another kind"
	}
	return fmt.Errorf("the key is %s; %s wants %s", kind, algorithm, wanted(algorithm))
}

func wanted(algorithm string) string {
	switch {
	case algorithm == "EdDSA":
		return "an Ed25519 key"
	case curves[algorithm] != 0:
		return fmt.Sprintf("an EC key on P-%d", curves[algorithm])
	}
	return "an RSA key"
}

// Fingerprint returns "SHA256:" and the Base64 of the SHA-256 of the public key
// (its SubjectPublicKeyInfo), by which some services name keys. HMAC keys have none.
func Fingerprint(key any) (string, bool) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return "", false
	}
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return "", false
	}
	sum := sha256.Sum256(der)
	return "SHA256:" + base64.StdEncoding.EncodeToString(sum[:]), true
}
