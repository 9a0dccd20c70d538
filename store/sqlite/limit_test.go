//go:build unix

package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
	"github.com/nango-lite/nango-lite/store/storetest"
)

const limitedEnv = "NANGO_LITE_SQLITE_TEST_LIMITED"

// limited is a process that may not write files beyond a size, as a quota or a full
// disk has it. It fills the store until it cannot, is given room, and goes on.
func limited(dir string) error {
	ctx := context.Background()
	keys, err := seal.LoadFile(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	s, err := sqlite.Open(ctx, filepath.Join(dir, "db"), keys, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	var whole syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &whole); err != nil {
		return err
	}
	small := syscall.Rlimit{Cur: 300_000, Max: whole.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		return err
	}
	put := func(i int) error {
		c := storetest.Connection(connection.Key{Integration: "a", ConnectionID: fmt.Sprint(i)})
		c.Reason = strings.Repeat("x", 20_000)
		return s.Put(ctx, c)
	}
	kept := 0
	for err = put(0); err == nil && kept < 100; err = put(kept) {
		kept++
	}
	if !errors.Is(err, sqlite.ErrFull) && !errors.Is(err, sqlite.ErrIO) {
		return fmt.Errorf("after %d connections: got %v, want an error of a type", kept, err)
	}
	if strings.Contains(err.Error(), storetest.Marker) {
		return fmt.Errorf("a secret is in the error %w", err)
	}
	all := func() error {
		p, err := s.List(ctx, connection.Query{Limit: 1000})
		if err != nil || len(p.Connections) != kept {
			return fmt.Errorf("got %d connections, %w; want the %d that were confirmed", len(p.Connections), err, kept)
		}
		return nil
	}
	if kept == 0 {
		return errors.New("nothing could be written")
	}
	if err := all(); err != nil {
		return fmt.Errorf("without room: %w", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &whole); err != nil {
		return err
	}
	for range 20 {
		if err := put(kept); err != nil {
			return fmt.Errorf("once there is room: %w", err)
		}
		kept++
	}
	return all()
}

func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys, err := seal.CreateFile(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], dir)
	cmd.Env = append(os.Environ(), limitedEnv+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	openStore(t, filepath.Join(dir, "db"), keys, nil)
	var result string
	if err := raw(t, filepath.Join(dir, "db")).QueryRow("PRAGMA integrity_check").Scan(&result); err != nil || result != "ok" {
		t.Errorf("integrity: %s, %v", result, err)
	}
}

func init() {
	if os.Getenv(limitedEnv) == "" {
		return
	}
	if err := limited(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
