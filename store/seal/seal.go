package seal

import "fmt"

const (
	version   = 1
	nonceSize = 12
	tagSize   = 16
)

// Seal encrypts plaintext with the active key and binds it to aad, which is not
// kept: Open must be given the same.
func (k *Keys) Seal(plaintext, aad []byte) ([]byte, error) {
	id := k.Active()
	out := make([]byte, 0, 2+len(id)+nonceSize+len(plaintext)+tagSize)
	out = append(out, version, byte(len(id)))
	out = append(out, id...)
	return k.aeads[id].Seal(out, nil, plaintext, bound(out, aad)), nil
}

// Open returns what Seal was given, if it was sealed with a key of the set and
// the same aad. Otherwise the error is [ErrUnknownKey] or [ErrSealed].
func (k *Keys) Open(sealed, aad []byte) ([]byte, error) {
	id, err := KeyOf(sealed)
	if err != nil {
		return nil, err
	}
	aead := k.aeads[id]
	if aead == nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknownKey, id)
	}
	head, body := sealed[:2+len(id)], sealed[2+len(id):]
	plaintext, err := aead.Open(nil, nil, body, bound(head, aad))
	if err != nil {
		return nil, fmt.Errorf("%w: key %s", ErrSealed, id)
	}
	return plaintext, nil
}

// KeyOf returns the id of the key that sealed, which need not be at hand, or
// [ErrSealed] if this is nothing that Seal returns.
func KeyOf(sealed []byte) (string, error) {
	if len(sealed) < 2 {
		return "", fmt.Errorf("%w: too short", ErrSealed)
	}
	if sealed[0] != version {
		return "", fmt.Errorf("%w: format %d is not known", ErrSealed, sealed[0])
	}
	n := int(sealed[1])
	if len(sealed) < 2+n+nonceSize+tagSize {
		return "", fmt.Errorf("%w: too short", ErrSealed)
	}
	id := string(sealed[2 : 2+n])
	if !validID(id) {
		return "", fmt.Errorf("%w: no key id", ErrSealed)
	}
	return id, nil
}

// bound is what GCM authenticates besides the ciphertext. The head carries its
// own length, so no two pairs give the same bytes.
func bound(head, aad []byte) []byte {
	b := make([]byte, 0, len(head)+len(aad))
	return append(append(b, head...), aad...)
}
