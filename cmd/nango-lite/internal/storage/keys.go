package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
)

// KeysEnv is the variable that holds a key set. The keys of the sandbox are never read from it.
const KeysEnv = "NANGO_LITE_KEYS"

// A KeySet is what seals the connections of a place.
type KeySet struct {
	Sealer seal.ActiveSealer
	File   string // empty: from the environment
}

// IDs returns the ids of the keys, the active one first.
func (k KeySet) IDs() []string { return k.now().IDs() }

func (k KeySet) now() *seal.Keys {
	if f, ok := k.Sealer.(*seal.KeyFile); ok {
		return f.Keys()
	}
	return k.Sealer.(*seal.Keys)
}

// Source names where the keys are.
func (k KeySet) Source() string {
	if k.File == "" {
		return KeysEnv
	}
	return k.File
}

// KeysOf returns the keys of a place: those of --keys, those of the environment, or
// those of the place's own file, which is made if nothing is kept there yet. A new
// key opens no old connections.
func (s *Storage) KeysOf(ctx context.Context, p Place) (KeySet, error) {
	if k, found, err := s.namedKeys(); found || err != nil {
		return k, err
	}
	name, err := s.keyFileOf(p)
	if err != nil {
		return KeySet{}, err
	}
	k, err := fileKeys(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	empty, err := IsEmpty(ctx, p)
	if err != nil {
		return KeySet{}, err
	}
	if !empty {
		// Another process may have made both since we looked.
		if k, err := fileKeys(name); !errors.Is(err, fs.ErrNotExist) {
			return k, err
		}
		if p.Path == "" {
			return KeySet{}, fmt.Errorf("%s holds connections or a server's records, and this machine has no key that opens them: copy the key file of a machine that uses them to %s, or name it with --keys or %s; if no machine has it, '%s' makes a new one, and every user has to connect again",
				p, name, KeysEnv, s.CommandLine("keys", "create", name))
		}
		return KeySet{}, fmt.Errorf("the key of %s is gone: there is no %s; put it back; if it is lost, '%s' makes a new one, and every user has to connect again", p, name, s.CommandLine("keys", "create", name))
	}
	if err := s.makeKeys(p, name); err != nil {
		return KeySet{}, err
	}
	return fileKeys(name)
}

// namedKeys returns the keys that the user names, if any.
func (s *Storage) namedKeys() (k KeySet, found bool, err error) {
	if s.KeyFile != "" {
		k, err := fileKeys(s.KeyFile)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no key file %s; '%s' makes one", s.KeyFile, s.CommandLine("keys", "create", s.KeyFile))
		}
		return k, true, err
	}
	text, found := s.LookupEnv(KeysEnv)
	if !found || text == "" || s.Sandbox {
		return KeySet{}, false, nil
	}
	keys, err := seal.ParseKeys(schema.NewSecret(text))
	if err != nil {
		return KeySet{}, true, fmt.Errorf("%s: %w", KeysEnv, err)
	}
	return KeySet{Sealer: keys}, true, nil
}

func fileKeys(name string) (KeySet, error) {
	f, err := seal.OpenKeyFile(name)
	return KeySet{Sealer: f, File: name}, err
}

// keyFileOf returns the place's own key file.
func (s *Storage) keyFileOf(p Place) (string, error) {
	if p.Path != "" {
		return p.keyFile(""), nil
	}
	dir, err := s.dataDir()
	if err != nil {
		return "", fmt.Errorf("%w, and the keys with --keys FILE or %s", err, KeysEnv)
	}
	return p.keyFile(dir), nil
}

func (s *Storage) makeKeys(p Place, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("make the directory of keys: %w", err)
	}
	_, err := seal.CreateFile(name)
	switch {
	case errors.Is(err, fs.ErrExist): // another process was first
		return nil
	case err != nil || s.Sandbox:
		return err
	case p.Path != "":
		s.Notef("made the key %s, which opens the connections beside it; keep a copy", name)
	default:
		s.Notef("made the key %s, which opens the connections in %s; keep a copy, and give it to all who share them", name, p)
	}
	return nil
}

// SealedOtherwise returns the place whose own key file name is, and how many connections
// there were sealed with keys that are not in it.
func (s *Storage) SealedOtherwise(ctx context.Context, name string) (Place, int, error) {
	p, found := s.placeBeside(name)
	if !found {
		return p, 0, nil
	}
	if empty, err := IsEmpty(ctx, p); empty || err != nil {
		return p, 0, err
	}
	keys, err := fileKeys(name)
	if err != nil {
		return p, 0, err
	}
	store, err := s.OpenPlace(ctx, p, keys.Sealer)
	if err != nil {
		return p, 0, err
	}
	count, err := seal.CountRows(ctx, store, nil)
	n := 0
	for id, rows := range count.ByKey {
		if !slices.Contains(keys.IDs(), id) {
			n += rows
		}
	}
	return p, n, err
}

// placeBeside returns the place whose own key file name is: that of this run, or the
// SQLite file that lies beside it.
func (s *Storage) placeBeside(name string) (Place, bool) {
	if p, err := s.Place(); err == nil {
		if own, err := s.keyFileOf(p); err == nil && sameFile(own, name) {
			return p, true
		}
	}
	beside := Place{Path: strings.TrimSuffix(name, ".key") + ".db"}
	info, err := os.Stat(beside.Path)
	return beside, err == nil && strings.HasSuffix(name, ".key") && info.Mode().IsRegular()
}

func sameFile(a, b string) bool {
	left, errLeft := os.Stat(a)
	right, errRight := os.Stat(b)
	return errLeft == nil && errRight == nil && os.SameFile(left, right)
}

// AllKeys returns whatever keys may open a place, for moving away from it: its own
// file's, and those that the user names.
func (s *Storage) AllKeys(p Place) (engine.Sealer, error) {
	named, found, err := s.namedKeys()
	if err != nil {
		return nil, err
	}
	name, err := s.keyFileOf(p)
	if err != nil {
		return nil, err
	}
	own, err := seal.LoadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && found:
		return named.Sealer, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no key of %s: no %s, no --keys and no %s", p, name, KeysEnv)
	case err != nil:
		return nil, err
	case found:
		return own.With(named.now()), nil
	}
	return own, nil
}
