package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// AddKey puts a new key into the file called name and makes it the active one; the
// keys that were there go on to open. It is on disk when AddKey returns its id.
func AddKey(name string) (id string, err error) {
	err = edit(name, func(text string, _ *Keys) string {
		line := GenerateKey().Reveal()
		id, _, _ = strings.Cut(line, ":")
		return line + "\n" + text
	})
	if err != nil {
		return "", fmt.Errorf("add a key: %w", err)
	}
	return id, nil
}

// RemoveKeys takes the keys with these ids out of the file called name. The active
// one stays, whatever ids say. What they sealed, backups included, opens no more.
func RemoveKeys(name string, ids []string) error {
	err := edit(name, func(text string, keys *Keys) string {
		var b strings.Builder
		for line := range strings.Lines(text) {
			b.WriteString(without(line, func(id string) bool { return id != keys.Active() && slices.Contains(ids, id) }))
		}
		return b.String()
	})
	if err != nil {
		return fmt.Errorf("remove keys: %w", err)
	}
	return nil
}

// without returns a line of the text format without the keys that drop names.
func without(line string, drop func(id string) bool) string {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return line
	}
	dropped := false
	entries := strings.Split(strings.TrimRight(line, "\r\n"), ",")
	entries = slices.DeleteFunc(entries, func(entry string) bool {
		id, _, _ := strings.Cut(strings.TrimSpace(entry), ":")
		hit := drop(id)
		dropped = dropped || hit
		return hit
	})
	switch {
	case !dropped:
		return line
	case strings.TrimSpace(strings.Join(entries, "")) == "":
		return ""
	}
	return strings.Join(entries, ",") + "\n"
}

// edit puts another text into the file, which is seen as it was or as it will be,
// and never half. Of two that edit at once one waits: a key that got lost between
// them would be lost with all that it sealed.
func edit(name string, fn func(text string, keys *Keys) string) error {
	name, err := filepath.EvalSymlinks(name) // what is replaced is the file, not the link
	if err != nil {
		return err
	}
	unlock, err := lock(name)
	if err != nil {
		return err
	}
	defer unlock()
	keys, err := LoadFile(name)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text := fn(string(old), keys)
	if _, err := ParseKeys(schema.NewSecret(text)); err != nil {
		return err
	}
	return replace(name, text)
}

func replace(name, text string) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, "."+filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(sameOwner(f, name), writeSync(f, text)); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(dir)
}

// lock makes a file beside name that is there while someone edits.
func lock(name string) (unlock func(), err error) {
	name += ".lock"
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			return func() { os.Remove(name) }, f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("another process is changing the keys; if none is, remove %s", name)
		}
	}
}
