package message

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
)

// ShortHash tells values apart without showing them.
func ShortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// Same compares in constant time.
func Same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
