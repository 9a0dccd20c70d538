package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/nango-lite/nango-lite/schema"
)

const maxFile = 64 << 10

// LoadFile reads the key set in the file called name. It refuses a file that
// others than its owner may read or write (not on Windows, whose modes do not
// say). The error is fs.ErrNotExist if there is no such file.
func LoadFile(name string) (*Keys, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("load keys: %w", err)
	}
	defer f.Close()
	info, err := f.Stat() // of what was opened, not of what is there by now
	if err != nil {
		return nil, fmt.Errorf("load keys: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("load keys: %s is not a file", name)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("load keys: %s can be read by others than its owner (mode %04o): run chmod 600 %[1]s, "+
			"and consider a new key", name, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("load keys: %w", err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("load keys: %s is too large to be a key set", name)
	}
	k, err := ParseKeys(schema.NewSecret(string(text)))
	if err != nil {
		return nil, fmt.Errorf("load keys: %s: %w", name, err)
	}
	return k, nil
}

// CreateFile makes a file called name with one new key, mode 0600, and returns
// the set. The key is on disk when it returns. It never overwrites: if name is
// there the error is fs.ErrExist, and of two that try at once one gets it. The
// directory must exist.
func CreateFile(name string) (*Keys, error) {
	line := GenerateKey()
	k, err := ParseKeys(line)
	if err != nil {
		return nil, err
	}
	if err := create(name, line.Reveal()+"\n"); err != nil {
		return nil, fmt.Errorf("create keys: %w", err)
	}
	return k, nil
}

// create writes text beside name and links it there: name is never seen half
// written, and an existing one never replaced.
func create(name, text string) error {
	if _, err := os.Lstat(name); err == nil {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, "."+filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := writeSync(f, text); err != nil {
		return err
	}
	if err := os.Link(f.Name(), name); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return err
		}
		return createPlain(name, text) // some file systems have no links
	}
	return syncDir(dir)
}

func createPlain(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := writeSync(f, text); err != nil {
		os.Remove(name) // it is ours, and of no use
		return err
	}
	return syncDir(filepath.Dir(name))
}

func writeSync(f *os.File, text string) error {
	_, err := f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes a new name in dir survive a crash. Not every system can.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
