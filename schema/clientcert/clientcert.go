// Package clientcert reads the certificates with which a client says at a TLS
// handshake who it is (RFC 8705), so that the loader can judge what stands in a
// file, and whoever shows or checks one reads the same. Start with [Pair]. No error
// quotes a key.
package clientcert

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// Chain returns the certificates in a PEM text, the client's own first. A text on one
// line, with \n for line breaks, is read as well. Keys beside them are passed over.
func Chain(text string) ([]*x509.Certificate, error) {
	if !strings.Contains(text, "-----BEGIN") {
		return nil, errors.New("this is not a certificate in PEM")
	}
	rest := []byte(strings.ReplaceAll(text, `\n`, "\n"))
	var chain []*x509.Certificate
	for {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			break
		}
		if b.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, errors.New("the certificate cannot be read: its PEM is damaged, or it is none")
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 && strings.Contains(text, "PRIVATE KEY-----") {
		return nil, errors.New("this is a private key; its certificate is wanted")
	}
	if len(chain) == 0 || bytes.Contains(rest, []byte("-----BEGIN CERTIFICATE")) {
		return nil, errors.New("there is no certificate in the text, or its PEM is damaged")
	}
	return chain, nil
}

// Key returns the private key in a PEM text: PKCS #8, PKCS #1 or SEC 1, not
// encrypted.
func Key(text string) (crypto.Signer, error) { return signingkey.Private(text) }

// ErrForeignKey means that a key belongs to another certificate.
var ErrForeignKey = errors.New("the key does not belong to the certificate")

// Pair returns what a client shows, and signs with.
func Pair(certificate, key string) (tls.Certificate, error) {
	chain, err := Chain(certificate)
	if err != nil {
		return tls.Certificate{}, err
	}
	signer, err := Key(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	public, comparable := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !comparable || !public.Equal(chain[0].PublicKey) {
		return tls.Certificate{}, ErrForeignKey
	}
	pair := tls.Certificate{PrivateKey: signer, Leaf: chain[0]}
	for _, c := range chain {
		pair.Certificate = append(pair.Certificate, c.Raw)
	}
	return pair, nil
}
