package postgres_test

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

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

// The tests here run this test binary again as other processes.
const childEnv = "NANGO_LITE_POSTGRES_TEST_CHILD"

// child is a process of its own: NAME DIR ROUNDS.
func child(args []string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rounds, _ := strconv.Atoi(args[2])
	if err := contend(ctx, args[0], args[1], rounds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// contend opens the store, which need not exist yet, and writes once per
// round while it has the lease.
func contend(ctx context.Context, holder, dir string, rounds int) error {
	keys, err := seal.LoadFile(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	s, err := postgres.Open(ctx, os.Getenv(childEnv), keys, nil)
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

func turn(ctx context.Context, s *postgres.Store, holder, dir string) error {
	for {
		err := s.Acquire(ctx, testKey, holder, time.Hour)
		if err == nil {
			break
		}
		if !errors.Is(err, engine.ErrLeased) {
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
	c, err := s.Get(ctx, testKey)
	if errors.Is(err, engine.ErrNoConnection) {
		c = &engine.Connection{Key: testKey, Metadata: map[string]any{"turns": 0.0}}
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
	return s.Release(ctx, testKey, holder)
}

// Four processes that start at once, on a schema that none has made, make it and
// take turns: never two have the lease, and no write is lost.
func TestProcesses(t *testing.T) {
	t.Parallel()
	const processes, rounds = 4, 25
	dir, u := t.TempDir(), newURL(t)
	keys, err := seal.CreateFile(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	var running []*exec.Cmd
	for i := range processes {
		cmd := exec.CommandContext(t.Context(), os.Args[0], fmt.Sprint("process ", i), dir, strconv.Itoa(rounds))
		cmd.Env = append(os.Environ(), childEnv+"="+u)
		cmd.Stderr = new(strings.Builder)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", err, cmd.Stderr)
		}
	}
	c, err := openStore(t, u, keys, nil).Get(t.Context(), testKey)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Metadata["turns"]; got != float64(processes*rounds) {
		t.Errorf("got %v turns, want %d", got, processes*rounds)
	}
}

// A process that is killed in the middle of a write loses nothing that was
// confirmed, and blocks nobody.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	dir, u := t.TempDir(), newURL(t)
	keys, err := seal.CreateFile(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "victim", dir, "1000000")
	cmd.Env = append(os.Environ(), childEnv+"="+u)
	cmd.Stderr = new(strings.Builder)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dead := make(chan error, 1)
	go func() { dead <- cmd.Wait() }()
	s := openStore(t, u, keys, nil)
	var seen float64
	for seen < 20 {
		select {
		case err := <-dead:
			t.Fatalf("%v: %v", err, cmd.Stderr)
		default:
		}
		if c, err := s.Get(t.Context(), testKey); err == nil {
			seen = c.Metadata["turns"].(float64)
		}
	}
	cmd.Process.Kill()
	<-dead
	c, err := s.Get(t.Context(), testKey)
	if err != nil || c.Metadata["turns"].(float64) < seen {
		t.Fatalf("saw %v turns, then %v, %v", seen, c, err)
	}
	if err := s.Replace(t.Context(), c, c.Generation); err != nil {
		t.Errorf("Replace after the kill: %v", err)
	}
	if err := s.Put(t.Context(), storetest.Connection(testKey)); err != nil {
		t.Errorf("Put after the kill: %v", err)
	}
}
