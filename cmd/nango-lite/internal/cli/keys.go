package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
)

// keysEnv holds a key set. Those of the sandbox lie apart, and are not there.
const keysEnv = "NANGO_LITE_KEYS"

// A keySet is what seals the connections of a place.
type keySet struct {
	sealer seal.ActiveSealer
	file   string // empty: from the environment
}

// ids returns the ids of the keys, the active one first.
func (k keySet) ids() []string { return k.now().IDs() }

func (k keySet) now() *seal.Keys {
	if f, ok := k.sealer.(*seal.KeyFile); ok {
		return f.Keys()
	}
	return k.sealer.(*seal.Keys)
}

// source names where the keys are.
func (k keySet) source() string {
	if k.file == "" {
		return keysEnv
	}
	return k.file
}

// keysOf returns the keys of a place: those of --keys, those of the environment, or
// those of the place's own file, which is made if nothing is kept there yet. A new
// key opens no old connections.
func (a *app) keysOf(ctx context.Context, p place) (keySet, error) {
	if k, found, err := a.namedKeys(); found || err != nil {
		return k, err
	}
	name, err := a.keyFileOf(p)
	if err != nil {
		return keySet{}, err
	}
	k, err := fileKeys(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	empty, err := isEmpty(ctx, p)
	if err != nil {
		return keySet{}, err
	}
	if !empty {
		// Another process may have made both since we looked.
		if k, err := fileKeys(name); !errors.Is(err, fs.ErrNotExist) {
			return k, err
		}
		return keySet{}, fmt.Errorf("the key of %s is gone: there is no %s; put it back, or remove both and connect again", p, name)
	}
	if err := a.makeKeys(p, name); err != nil {
		return keySet{}, err
	}
	return fileKeys(name)
}

// namedKeys returns the keys that the user names, if any.
func (a *app) namedKeys() (k keySet, found bool, err error) {
	if a.keys != "" {
		k, err := fileKeys(a.keys)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no key file %s; '%s' makes one", a.keys, a.commandLine("keys", "create", a.keys))
		}
		return k, true, err
	}
	text, found := a.deps.lookupEnv(keysEnv)
	if !found || text == "" || a.sandbox != "" {
		return keySet{}, false, nil
	}
	keys, err := seal.ParseKeys(schema.NewSecret(text))
	if err != nil {
		return keySet{}, true, fmt.Errorf("%s: %w", keysEnv, err)
	}
	return keySet{sealer: keys}, true, nil
}

func fileKeys(name string) (keySet, error) {
	f, err := seal.OpenKeyFile(name)
	return keySet{sealer: f, file: name}, err
}

// keyFileOf returns the place's own key file.
func (a *app) keyFileOf(p place) (string, error) {
	if p.path != "" {
		return p.keyFile(""), nil
	}
	dir, err := a.dataDir()
	if err != nil {
		return "", fmt.Errorf("%w, and the keys with --keys FILE or %s", err, keysEnv)
	}
	return p.keyFile(dir), nil
}

func (a *app) makeKeys(p place, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("make the directory of keys: %w", err)
	}
	_, err := seal.CreateFile(name)
	switch {
	case errors.Is(err, fs.ErrExist): // another process was first
		return nil
	case err != nil || a.sandbox != "":
		return err
	case p.path != "":
		a.notef("made the key %s, which opens the connections beside it; keep a copy", name)
	default:
		a.notef("made the key %s, which opens the connections in %s; keep a copy, and give it to all who share them", name, p)
	}
	return nil
}

// allKeys returns whatever keys may open a place, for moving away from it: its own
// file's, and those that the user names.
func (a *app) allKeys(p place) (engine.Sealer, error) {
	named, found, err := a.namedKeys()
	if err != nil {
		return nil, err
	}
	name, err := a.keyFileOf(p)
	if err != nil {
		return nil, err
	}
	own, err := seal.LoadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && found:
		return named.sealer, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no key of %s: no %s, no --keys and no %s", p, name, keysEnv)
	case err != nil:
		return nil, err
	case found:
		return own.With(named.now()), nil
	}
	return own, nil
}
