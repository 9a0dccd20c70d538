package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
)

// A Closer is a store as one process has it.
type Closer interface {
	connection.Store
	Close() error
}

// An Opener opens the store in a medium, such as a file or a database's URL, and
// makes it if it is not there yet.
type Opener func(ctx context.Context, medium string, keys connection.Sealer) (Closer, error)

// childEnv holds the medium of a process that [RunProcesses] has started.
const childEnv = "NANGO_LITE_STORETEST_CHILD"

// Child does the work of a process that [RunProcesses] has started, and ends it; in
// others it does nothing. TestMain calls it first, with the same open.
func Child(open Opener) {
	medium := os.Getenv(childEnv)
	if medium == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	holder, dir := os.Args[1], os.Args[2]
	rounds, _ := strconv.Atoi(os.Args[3])
	if err := contend(ctx, open, medium, holder, dir, rounds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// contend writes once per round while it has the lease.
func contend(ctx context.Context, open Opener, medium, holder, dir string, rounds int) error {
	keys, err := seal.LoadFile(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	s, err := open(ctx, medium, keys)
	if err != nil {
		return err
	}
	defer s.Close()
	for range rounds {
		if err := turn(ctx, s, holder, dir); err != nil {
			return err
		}
	}
	return nil
}

func turn(ctx context.Context, s connection.Store, holder, dir string) error {
	for ; ; time.Sleep(time.Millisecond) { // processes have no clock to move
		err := s.Acquire(ctx, key, holder, time.Hour)
		if err == nil {
			break
		}
		if !errors.Is(err, connection.ErrLeased) {
			return err
		}
	}
	// A file of this name is there exactly while someone has the lease.
	held := filepath.Join(dir, "held")
	f, err := os.OpenFile(held, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("another has the lease too: %w", err)
	}
	f.Close()
	c, err := s.Get(ctx, key)
	if errors.Is(err, connection.ErrNoConnection) {
		c = &connection.Connection{Key: key, Metadata: map[string]any{"turns": 0.0}}
		err = s.Put(ctx, c)
	}
	if err != nil {
		return err
	}
	was := c.Generation
	c.Generation++
	c.Metadata["turns"] = c.Metadata["turns"].(float64) + 1
	if err := s.Replace(ctx, c, was); err != nil {
		return fmt.Errorf("replace while having the lease: %w", err)
	}
	if err := os.Remove(held); err != nil {
		return err
	}
	return s.Release(ctx, key, holder)
}

// RunProcesses checks what a store promises to processes, with some that are real:
// this test binary, run again. medium returns one that nobody has made yet.
func RunProcesses(t *testing.T, open Opener, medium func(t *testing.T) string) {
	for name, test := range map[string]func(*testing.T, Opener, string){
		"start at once and take turns":      testTurns,
		"one is killed in the middle of it": testKilled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open, medium(t))
		})
	}
}

func startChild(t *testing.T, medium, holder, dir string, rounds int) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], holder, dir, strconv.Itoa(rounds))
	cmd.Env = append(os.Environ(), childEnv+"="+medium)
	cmd.Stderr = new(strings.Builder)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func keysIn(t *testing.T, dir string) connection.Sealer {
	t.Helper()
	keys, err := seal.CreateFile(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func mustOpen(t *testing.T, open Opener, medium string, keys connection.Sealer) connection.Store {
	t.Helper()
	s, err := open(t.Context(), medium, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Four processes that start at once, on a medium that none has made, make it and
// take turns: never two have the lease, and no write is lost.
func testTurns(t *testing.T, open Opener, medium string) {
	const processes, rounds = 4, 25
	dir := t.TempDir()
	keys := keysIn(t, dir)
	var running []*exec.Cmd
	for i := range processes {
		running = append(running, startChild(t, medium, fmt.Sprint("process ", i), dir, rounds))
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", err, cmd.Stderr)
		}
	}
	c := mustGet(t, mustOpen(t, open, medium, keys), key)
	if got := c.Metadata["turns"]; got != float64(processes*rounds) {
		t.Errorf("got %v turns, want %d", got, processes*rounds)
	}
}

// A process that is killed in the middle of a write loses nothing that was
// confirmed, and blocks nobody.
func testKilled(t *testing.T, open Opener, medium string) {
	dir := t.TempDir()
	keys := keysIn(t, dir)
	cmd := startChild(t, medium, "victim", dir, 1_000_000)
	dead := make(chan error, 1)
	go func() { dead <- cmd.Wait() }()
	s := mustOpen(t, open, medium, keys)
	var seen float64
	for seen < 20 {
		select {
		case err := <-dead:
			t.Fatalf("%v: %v", err, cmd.Stderr)
		default:
		}
		if c, err := s.Get(t.Context(), key); err == nil {
			seen = c.Metadata["turns"].(float64)
		}
	}
	cmd.Process.Kill()
	<-dead
	c := mustGet(t, s, key)
	if got := c.Metadata["turns"].(float64); got < seen {
		t.Fatalf("saw %v turns, then %v", seen, got)
	}
	checkError(t, "Replace after the kill", s.Replace(t.Context(), c, c.Generation), nil)
	checkError(t, "Put after the kill", s.Put(t.Context(), Connection(key)), nil)
}
