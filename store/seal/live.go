package seal

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/nango-lite/nango-lite/connection"
)

// A KeyFile is the key set of a file as it is now: what another process puts into
// the file by [AddKey] counts here as well, so keys are rotated while servers run.
// It is safe for concurrent use.
type KeyFile struct {
	name string

	mu   sync.Mutex
	keys *Keys
	info os.FileInfo // of the file when keys were read
}

var _ connection.Sealer = (*KeyFile)(nil)

// OpenKeyFile reads the file called name, as [LoadFile] does.
func OpenKeyFile(name string) (*KeyFile, error) {
	f := &KeyFile{name: name}
	if err := f.load(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *KeyFile) load() error {
	info, err := os.Stat(f.name) // before it is read: what changes meanwhile is read again
	if err != nil {
		return err
	}
	keys, err := LoadFile(f.name)
	if err != nil {
		return err
	}
	f.keys, f.info = keys, info
	return nil
}

// Keys returns the set. If the file has changed and cannot be read, it is the set
// that was read last: a token that was just rotated must find a key.
func (f *KeyFile) Keys() *Keys {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.name)
	if err == nil && !(os.SameFile(info, f.info) && info.ModTime().Equal(f.info.ModTime()) && info.Size() == f.info.Size()) {
		_ = f.load()
	}
	return f.keys
}

// Seal seals with the key that is active now.
func (f *KeyFile) Seal(plaintext, aad []byte) ([]byte, error) { return f.Keys().Seal(plaintext, aad) }

// Open opens with the keys at hand, and looks into the file only if they lack one.
func (f *KeyFile) Open(sealed, aad []byte) ([]byte, error) {
	f.mu.Lock()
	keys := f.keys
	f.mu.Unlock()
	plaintext, err := keys.Open(sealed, aad)
	if errors.Is(err, ErrUnknownKey) {
		return f.Keys().Open(sealed, aad)
	}
	return plaintext, err
}

// Has reports whether the set has the key with this id now.
func (f *KeyFile) Has(id string) bool { return f.Keys().Has(id) }

// Active returns the id of the key that seals now.
func (f *KeyFile) Active() string { return f.Keys().Active() }

// String names the keys, and nothing else of them.
func (f *KeyFile) String() string { return f.Keys().String() }

// Format writes String whatever the verb.
func (f *KeyFile) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(f.String())) }
