// Package ident makes names that nobody can guess, and the names under which secrets are
// kept without being kept themselves.
package ident

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// UUID returns a new random UUID (RFC 9562, 5.4): the id of a connection for which nobody
// has chosen one.
func UUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Hash returns the SHA-256 of text, in hex. It stands for a random text that must not be
// kept.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// ShortHash returns the first half of [Hash]: the name of what is kept under a random text.
func ShortHash(text string) string { return Hash(text)[:32] }
