package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/internal/benchtest"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
)

var _ connection.Sealer = (*seal.Keys)(nil)

var key32 = base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))

func parse(t testing.TB, text string) *seal.Keys {
	t.Helper()
	k, err := seal.ParseKeys(schema.NewSecret(text))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSeal(t *testing.T) {
	k := seal.NewKeys()
	for _, plaintext := range []string{"", "x", "a token", strings.Repeat("long ", 100_000)} {
		sealed, err := k.Seal([]byte(plaintext), []byte("row 1"))
		if err != nil {
			t.Fatal(err)
		}
		if len(plaintext) > 1 && bytes.Contains(sealed, []byte(plaintext)) {
			t.Error("sealed text is readable")
		}
		if id, err := seal.KeyOf(sealed); err != nil || id != k.Active() {
			t.Errorf("KeyOf: got %q, %v, want %q", id, err, k.Active())
		}
		got, err := k.Open(sealed, []byte("row 1"))
		if err != nil || string(got) != plaintext {
			t.Errorf("Open: got %.20q, %v", got, err)
		}
		again, _ := k.Seal([]byte(plaintext), []byte("row 1"))
		if bytes.Equal(sealed, again) {
			t.Error("the same text sealed twice looks the same")
		}
	}
}

func TestOpenErrors(t *testing.T) {
	k := parse(t, "one:"+key32)
	sealed, err := k.Seal([]byte("secret text"), []byte("row 1"))
	if err != nil {
		t.Fatal(err)
	}
	open := func(what string, k *seal.Keys, sealed []byte, aad string, want error) {
		t.Helper()
		got, err := k.Open(sealed, []byte(aad))
		if !errors.Is(err, want) || got != nil || strings.Contains(err.Error(), "secret text") {
			t.Errorf("%s: got %q, %v; want the error %v", what, got, err, want)
		}
	}
	open("another row", k, sealed, "row 2", seal.ErrSealed)
	open("no row", k, sealed, "", seal.ErrSealed)
	open("unknown key", seal.NewKeys(), sealed, "row 1", seal.ErrUnknownKey)
	open("another key of that id", parse(t, "one:"+base64.StdEncoding.EncodeToString(make([]byte, 32))), sealed, "row 1", seal.ErrSealed)
	for n := range sealed {
		open(fmt.Sprintf("cut after %d bytes", n), k, sealed[:n], "row 1", seal.ErrSealed)
	}
	open("longer", k, append(bytes.Clone(sealed), 0), "row 1", seal.ErrSealed)
	for i := range len(sealed) * 8 {
		flipped := bytes.Clone(sealed)
		flipped[i/8] ^= 1 << (i % 8)
		if got, err := k.Open(flipped, []byte("row 1")); got != nil || !errors.Is(err, seal.ErrSealed) && !errors.Is(err, seal.ErrUnknownKey) {
			t.Errorf("bit %d flipped: got %q, %v", i, got, err)
		}
	}
}

// Of two keys with the same bytes, one must not pass for the other.
func TestKeyIDIsBound(t *testing.T) {
	k := parse(t, "one:"+key32+"\ntwo:"+key32)
	sealed, _ := k.Seal([]byte("x"), nil)
	renamed := bytes.Replace(sealed, []byte("one"), []byte("two"), 1)
	if _, err := k.Open(renamed, nil); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("got %v, want %v", err, seal.ErrSealed)
	}
}

func TestRotated(t *testing.T) {
	old := seal.NewKeys()
	sealed, _ := old.Seal([]byte("x"), nil)
	k := old.Rotated().Rotated()
	if got, err := k.Open(sealed, nil); err != nil || string(got) != "x" {
		t.Errorf("old key: got %q, %v", got, err)
	}
	if len(k.IDs()) != 3 || k.IDs()[0] != k.Active() || k.IDs()[2] != old.Active() {
		t.Errorf("got the keys %v", k.IDs())
	}
	fresh, _ := k.Seal([]byte("x"), nil)
	if _, err := old.Open(fresh, nil); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("new key: got %v, want %v", err, seal.ErrUnknownKey)
	}
}

func TestParseKeys(t *testing.T) {
	k := parse(t, "# a comment, with a comma\n\r\n b.2:"+key32+" \r\n\ta_1:"+key32+", c-3:"+key32+",\n")
	if got := fmt.Sprint(k.IDs()); got != "[b.2 a_1 c-3]" || k.Active() != "b.2" {
		t.Errorf("got %v, active %s", got, k.Active())
	}
	for text, want := range map[string]string{
		"":                                    "it holds no key",
		"# one:" + key32:                      "it holds no key",
		key32:                                 "line 1: invalid key set: want id:base64",
		"\n:" + key32:                         "line 2: invalid key set: the id",
		"a b:" + key32:                        "the id before the colon",
		strings.Repeat("x", 33) + ":" + key32: "the id before the colon",
		"one:" + key32[1:]:                    "not base64",
		"one:MDEyMzQ1":                        "the key has 6 bytes, want 32",
		"one:" + key32 + "\none:" + key32:     "line 2: invalid key set: two keys have the id one",
	} {
		_, err := seal.ParseKeys(schema.NewSecret(text))
		if !errors.Is(err, seal.ErrKeys) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), key32[2:10]) {
			t.Errorf("%q: the error quotes a key: %v", text, err)
		}
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	k := parse(t, "one:"+key32)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "keys", k)
	held := struct{ K any }{k}
	for _, got := range []string{fmt.Sprint(k), fmt.Sprintf("%#v %+v %x %d", k, held, k, k), log.String()} {
		if strings.Contains(got, "0x") || strings.Contains(got, "gcm") || strings.Contains(got, key32) {
			t.Errorf("keys print as %s", got)
		}
	}
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	if _, err := seal.LoadFile(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LoadFile of none: got %v, want %v", err, fs.ErrNotExist)
	}
	made, err := seal.CreateFile(name)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v; want 0600", info.Mode(), err)
	}
	loaded, err := seal.LoadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	sealed, _ := made.Seal([]byte("x"), nil)
	if got, err := loaded.Open(sealed, nil); err != nil || string(got) != "x" {
		t.Errorf("opened by the loaded set: got %q, %v", got, err)
	}
	if _, err := seal.CreateFile(name); !errors.Is(err, fs.ErrExist) {
		t.Errorf("CreateFile again: got %v, want %v", err, fs.ErrExist)
	}
	if again, err := seal.LoadFile(name); err != nil || again.Active() != made.Active() {
		t.Errorf("the file was overwritten")
	}
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) != 1 {
		t.Errorf("files are left over: %v", left)
	}
	_, err = seal.CreateFile(filepath.Join(t.TempDir(), "none", "keys"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("CreateFile in no directory: got %v", err)
	}
}

func TestFileRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no file modes; .ci/run tests them on Linux")
	}
	name := filepath.Join(t.TempDir(), "keys")
	if _, err := seal.CreateFile(name); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o601, 0o644, 0o777} {
		os.Chmod(name, mode)
		if _, err := seal.LoadFile(name); err == nil || !strings.Contains(err.Error(), "chmod 600 "+name) {
			t.Errorf("mode %v: got %v, want advice", mode, err)
		}
	}
	os.Chmod(name, 0o400)
	if _, err := seal.LoadFile(name); err != nil {
		t.Errorf("mode 0400: %v", err)
	}
	if _, err := seal.LoadFile(t.TempDir()); err == nil {
		t.Error("loaded a directory")
	}
	os.Chmod(name, 0o600)
	os.WriteFile(name, bytes.Repeat([]byte("#"), 1<<20), 0o600)
	if _, err := seal.LoadFile(name); err == nil {
		t.Error("loaded a huge file")
	}
}

// Of programs that start at once, one makes the file, and all use it.
func TestCreateFileAtOnce(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	var made atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := seal.CreateFile(name); err == nil {
				made.Add(1)
			} else if !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
			if _, err := seal.LoadFile(name); err != nil {
				t.Errorf("after CreateFile: %v", err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Errorf("the file was made %d times", made.Load())
	}
}

// sealedOnce was made by the first version: what was sealed once must open for
// ever.
var sealedOnce, _ = hex.DecodeString("01036f6e6562e3ba8be63a0d9c862e196262ffef30b4f6d7dc815412358bdf96eb4a5e438d50344effc1f31e")

func TestOldFormat(t *testing.T) {
	got, err := parse(t, "one:"+key32).Open(sealedOnce, []byte("aad"))
	if err != nil || string(got) != "secret text" {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzOpen(f *testing.F) {
	k, sealed := parse(f, "one:"+key32), sealedOnce
	f.Add(sealed, []byte("aad"))
	f.Add([]byte{1, 3, 'o', 'n', 'e'}, []byte(nil))
	f.Add([]byte{1, 255}, []byte(nil))
	f.Fuzz(func(t *testing.T, b, aad []byte) {
		got, err := k.Open(b, aad)
		switch {
		case bytes.Equal(b, sealed) && string(aad) == "aad":
			if err != nil || string(got) != "secret text" {
				t.Errorf("got %q, %v", got, err)
			}
		case got != nil || !errors.Is(err, seal.ErrSealed) && !errors.Is(err, seal.ErrUnknownKey):
			t.Errorf("opened what was never sealed: %q, %v", got, err)
		}
	})
}

// BenchmarkSeal seals and opens a connection's secrets, beside GCM alone.
func BenchmarkSeal(b *testing.B) {
	plaintext, aad := bytes.Repeat([]byte("t"), 800), []byte("connection/1 6:notion/user-42")
	k := seal.NewKeys()
	block, _ := aes.NewCipher(make([]byte, 32))
	gcm, _ := cipher.NewGCMWithRandomNonce(block)
	benchtest.Turns(b, 1000, benchtest.Side{Name: "GCM", Do: func() {
		if _, err := gcm.Open(nil, nil, gcm.Seal(nil, nil, plaintext, aad), aad); err != nil {
			b.Fatal(err)
		}
	}}, benchtest.Side{Name: "keys", Do: func() {
		sealed, err := k.Seal(plaintext, aad)
		if err == nil {
			_, err = k.Open(sealed, aad)
		}
		if err != nil {
			b.Fatal(err)
		}
	}})
}
