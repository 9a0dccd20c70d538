// Package seal encrypts what stores keep: AES-256-GCM with a set of keys, of
// which one seals and all open. Start with [CreateFile] and [OpenKeyFile]; [AddKey]
// and [Rotate] replace a key while processes run.
//
// # The text format
//
// A key set is text, a key on each line, as an id, a colon and 32 bytes in
// base64. The first is the active one, with which is sealed; the others only
// open what was sealed before they were replaced. Empty lines and lines that
// begin with # do not count. Ids have up to 32 of the characters
// A-Z a-z 0-9 . _ and -.
//
//	# since March; the line below may go once everything is sealed anew
//	k-5f0c9a1e:q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=
//	k-2b7d4410:EjRWeJq83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vA=
//
// A comma may stand for a line's end, so that a set fits an environment variable.
//
// # The sealed format
//
// One byte of format version (1), one byte with the length of the key's id, the
// id, a random nonce of 12 bytes, the ciphertext, a tag of 16 bytes. What stands
// before the nonce is authenticated too. With random nonces a key is good for 2^32
// seals.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
)

// Errors of this package. None of them quotes a key or what is sealed.
var (
	// ErrUnknownKey means that the set lacks the key that sealed.
	ErrUnknownKey = connection.ErrUnknownKey
	// ErrSealed means that what was sealed does not open: it was damaged, or
	// belongs elsewhere, or the key of that id is another one now.
	ErrSealed = errors.New("sealed data does not open")
	// ErrKeys means that a text is not a key set.
	ErrKeys = errors.New("invalid key set")
)

// Keys is a set of keys. It is an connection.Sealer, does not change, is safe for
// concurrent use, and prints its keys' ids only.
type Keys struct {
	ids   []string // the active one first
	aeads map[string]cipher.AEAD
}

// ParseKeys reads a key set from text, such as an environment variable's.
func ParseKeys(text schema.Secret) (*Keys, error) {
	k := &Keys{aeads: make(map[string]cipher.AEAD)}
	for i, line := range strings.Split(text.Reveal(), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		for entry := range strings.SplitSeq(line, ",") {
			if entry = strings.TrimSpace(entry); entry == "" {
				continue
			}
			if err := k.parse(entry); err != nil {
				return nil, fmt.Errorf("line %d: %w: %w", i+1, ErrKeys, err)
			}
		}
	}
	if len(k.ids) == 0 {
		return nil, fmt.Errorf("%w: it holds no key", ErrKeys)
	}
	return k, nil
}

// parse adds one id:base64. Its errors must not quote entry: who forgets the id
// has only the key there.
func (k *Keys) parse(entry string) error {
	id, text, ok := strings.Cut(entry, ":")
	if !ok {
		return errors.New("want id:base64")
	}
	if !validID(id) {
		return errors.New("the id before the colon must be 1 to 32 of A-Z a-z 0-9 . _ -")
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return errors.New("what follows the colon is not base64")
	}
	if len(raw) != 32 {
		return fmt.Errorf("the key has %d bytes, want 32", len(raw))
	}
	return k.add(id, raw)
}

// add makes the first key that it is given the active one.
func (k *Keys) add(id string, raw []byte) error {
	if k.aeads[id] != nil {
		return fmt.Errorf("two keys have the id %s", id)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return err
	}
	k.ids = append(k.ids, id)
	k.aeads[id] = aead
	return nil
}

func validID(id string) bool {
	return id != "" && len(id) <= 32 && strings.Trim(id, idChars) == ""
}

const idChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

// GenerateKey returns a new random key with a random id, as a line of the text
// format without its end. Put before the lines of a set, it is the active one.
func GenerateKey() schema.Secret {
	var id [4]byte
	var key [32]byte
	rand.Read(id[:]) // never fails
	rand.Read(key[:])
	return schema.NewSecret("k-" + hex.EncodeToString(id[:]) + ":" + base64.StdEncoding.EncodeToString(key[:]))
}

// NewKeys returns a set of one new key, for tests and for what need not outlive
// the process.
func NewKeys() *Keys { return new(Keys).Rotated() }

// Rotated returns a set with a new active key, in which the keys of k still open.
// The new key is in memory only: [AddKey] rotates a file.
func (k *Keys) Rotated() *Keys {
	fresh, err := ParseKeys(GenerateKey())
	if err != nil {
		panic(err)
	}
	for _, id := range k.ids {
		if fresh.aeads[id] != nil { // one in four thousand million
			return k.Rotated()
		}
		fresh.ids = append(fresh.ids, id)
		fresh.aeads[id] = k.aeads[id]
	}
	return fresh
}

// With returns a set that seals as k does and opens what either does.
func (k *Keys) With(other *Keys) *Keys {
	out := &Keys{ids: slices.Clone(k.ids), aeads: maps.Clone(k.aeads)}
	for _, id := range other.ids {
		if out.aeads[id] == nil {
			out.ids = append(out.ids, id)
			out.aeads[id] = other.aeads[id]
		}
	}
	return out
}

// Active returns the id of the key that seals.
func (k *Keys) Active() string { return k.ids[0] }

// Has reports whether the set has the key with this id.
func (k *Keys) Has(id string) bool { return k.aeads[id] != nil }

// IDs returns the ids of all keys, the active one first.
func (k *Keys) IDs() []string { return append([]string(nil), k.ids...) }

// String names the keys.
func (k *Keys) String() string { return "keys " + strings.Join(k.ids, ", ") }

// Format writes String whatever the verb, so that no way of printing shows a
// cipher's inside.
func (k *Keys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }
