package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Ten thousand callers who say nothing, and hundreds who never come to the end of their
// headers, cost nobody else: others are answered meanwhile, and the slow ones are hung up
// on after the ten seconds that headers have.
func TestIdleAndSlowCallers(t *testing.T) {
	t.Parallel()
	const slow = 300
	idle := 10_000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if most := int(limit.Cur) - 500; idle > most {
		t.Logf("%d idle callers, as many as this system has open files for", most)
		idle = most
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "integrations.yaml"), []byte("integrations:\n    open:\n        auth: {auth_mode: NONE}\n        requests: {base_url: https://api.open.example}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, dir, nil, "--sandbox", "serve", "--addr", "127.0.0.1:0", "--no-access-log")
	defer s.stop()
	at := strings.TrimPrefix(s.url, "http://")
	dial := func() net.Conn {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatalf("dial: %v", err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	for range idle - slow {
		dial()
	}
	var all sync.WaitGroup
	for range slow {
		c := dial()
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			_ = c.SetReadDeadline(time.Now().Add(2 * time.Minute)) // a loaded machine is slow, and never that slow
			if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("a caller whose headers do not end was not hung up on")
			}
		})
	}
	client := &http.Client{Timeout: time.Minute}
	for range 20 {
		resp, err := client.Get(s.url + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Error(resp.Status)
		}
	}
	all.Wait()
}
