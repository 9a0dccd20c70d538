package seal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nango-lite/nango-lite/store/seal"
)

func newFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "keys")
	if _, err := seal.CreateFile(name); err != nil {
		t.Fatal(err)
	}
	return name
}

func openFile(t *testing.T, name string) *seal.KeyFile {
	t.Helper()
	f, err := seal.OpenKeyFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A key that another process adds seals from then on, and opens.
func TestKeyFileFollows(t *testing.T) {
	name := newFile(t)
	f, other := openFile(t, name), openFile(t, name)
	old := f.Active()
	before, err := f.Seal([]byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	id, err := seal.AddKey(name)
	if err != nil {
		t.Fatal(err)
	}
	after, err := other.Seal([]byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if used, _ := seal.KeyOf(after); used != id || f.Active() != id {
		t.Errorf("sealed with %s, active is %s; want %s", used, f.Active(), id)
	}
	for _, sealed := range [][]byte{before, after} {
		if got, err := f.Open(sealed, nil); err != nil || string(got) != "x" {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if err := seal.RemoveKeys(name, []string{old}); err != nil {
		t.Fatal(err)
	}
	f.Active()
	if _, err := f.Open(before, nil); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("the removed key: got %v, want %v", err, seal.ErrUnknownKey)
	}
}

// What cannot be read any more does not take the keys away that were.
func TestKeyFileSpoilt(t *testing.T) {
	for what, spoil := range map[string]func(name string) error{
		"removed":    os.Remove,
		"nonsense":   func(name string) error { return os.WriteFile(name, []byte("nonsense, not keys at all"), 0o600) },
		"for others": func(name string) error { return os.Chmod(name, 0o644) },
	} {
		name := newFile(t)
		f := openFile(t, name)
		id := f.Active()
		if err := spoil(name); err != nil {
			t.Fatal(err)
		}
		sealed, err := f.Seal([]byte("x"), nil)
		if err != nil || f.Active() != id {
			t.Errorf("%s: got %v, active %s", what, err, f.Active())
		}
		if _, err := f.Open(sealed, nil); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := seal.AddKey(name); err == nil && what != "for others" {
			t.Errorf("%s: a key was added", what)
		}
	}
	if _, err := seal.OpenKeyFile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

// Keys that are added at once are all there: none may get lost, or what it sealed
// is lost too.
func TestAddKeyAtOnce(t *testing.T) {
	name := newFile(t)
	first := openFile(t, name).Active()
	var mu sync.Mutex
	want := []string{first}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			id, err := seal.AddKey(name)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			want = append(want, id)
		})
	}
	wg.Wait()
	got := openFile(t, name).Keys().IDs()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got the keys %v, want %v", got, want)
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 1 {
		t.Errorf("files are left over: %v, %v", left, err)
	}
	if info, _ := os.Stat(name); info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("got mode %v", info.Mode())
	}
}

// Comments stay, and so do the other keys of a line.
func TestRemoveKeys(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	text := "# of March\none:" + key32 + "\n# two: of January\ntwo:" + key32 + ", three:" + key32 + "\n\nfour:" + key32 + "\r\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := seal.RemoveKeys(name, []string{"one", "two", "four", "absent"}); err != nil {
		t.Fatal(err)
	}
	want := "# of March\none:" + key32 + "\n# two: of January\n three:" + key32 + "\n\n"
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// A link is followed: what is replaced is the file.
func TestAddKeyThroughLink(t *testing.T) {
	name := newFile(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(name, link); err != nil {
		t.Skip("there are no symbolic links here; .ci/run has them: ", err)
	}
	id, err := seal.AddKey(link)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	if got := openFile(t, name).Active(); got != id {
		t.Errorf("got %s, want %s", got, id)
	}
}

func TestWith(t *testing.T) {
	a, b := parse(t, "one:"+key32), parse(t, "two:"+key32+",one:"+key32)
	if got := fmt.Sprint(a.With(b)); got != "keys one, two" {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(a); got != "keys one" {
		t.Errorf("the first set became %s", got)
	}
}

func TestKeyFileDoesNotPrint(t *testing.T) {
	f := openFile(t, newFile(t))
	if got := fmt.Sprintf("%#v %x", f, f); strings.Contains(got, "0x") || got != f.String()+" "+f.String() {
		t.Errorf("prints as %s", got)
	}
}
