//go:build unix

package postgres_test

// Servers of a test's own: a PostgreSQL that is stopped and started, a PgBouncer.

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

// daemon returns a command that runs as a user that servers accept: they refuse to
// be root.
func daemon(t *testing.T, dir, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if os.Getuid() != 0 {
		return cmd
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Skip("as root, this test needs the user postgres: apt-get install postgresql && go test ./store/postgres")
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// program finds one of PostgreSQL's, which Debian keeps out of PATH.
func program(t *testing.T, name string) string {
	t.Helper()
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		t.Skipf("there is no %s: apt-get install postgresql && go test ./store/postgres", name)
	}
	return found[len(found)-1]
}

// PostgreSQL is stopped in every way it knows, and started: what was confirmed is
// there, callers get an error of a type, and the same Store works on.
func TestStopped(t *testing.T) {
	server(t)
	t.Parallel()
	ctl, dir, port := program(t, "pg_ctl"), t.TempDir(), freePort(t)
	data := filepath.Join(dir, "data")
	run(t, daemon(t, dir, program(t, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"))
	start := func() {
		t.Helper()
		options := fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%s -c unix_socket_directories='' -c shared_buffers=8MB", port)
		run(t, daemon(t, dir, ctl, "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", options, "start"))
	}
	stop := func(mode string) {
		t.Helper()
		run(t, daemon(t, dir, ctl, "-D", data, "-w", "-m", mode, "stop"))
	}
	start()
	t.Cleanup(func() { _ = daemon(t, dir, ctl, "-D", data, "-m", "immediate", "stop").Run() })

	u := "postgres://postgres@127.0.0.1:" + port + "/postgres"
	s := openStore(t, u, seal.NewKeys(), &postgres.Options{Patience: 200 * time.Millisecond})
	c := storetest.Connection(testKey)
	if err := s.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"fast", "immediate"} {
		stop(mode)
		checkAll(t, s, postgres.ErrUnavailable)
		start()
		got, err := s.Get(t.Context(), testKey)
		if err != nil || storetest.Diff(c, got) != "" {
			t.Errorf("after a stop (%s): %v", mode, err)
		}
		c.Generation++
		if err := s.Replace(t.Context(), c, c.Generation-1); err != nil {
			t.Errorf("Replace after a stop (%s): %v", mode, err)
		}
	}

	// A patient one works right through a restart.
	patient := openStore(t, u, seal.NewKeys(), &postgres.Options{Patience: time.Minute})
	restarted := make(chan struct{})
	go func() {
		defer close(restarted)
		out, err := daemon(t, dir, ctl, "-D", data, "-w", "-m", "fast", "-l", filepath.Join(dir, "log"), "restart").CombinedOutput()
		if err != nil {
			t.Errorf("restart: %v\n%s", err, out)
		}
	}()
	k := connection.Key{Integration: "a", ConnectionID: "b"}
	for running := true; running; {
		select {
		case <-restarted:
			running = false
		default:
		}
		if err := patient.Put(t.Context(), &connection.Connection{Key: k}); err != nil {
			t.Errorf("Put during a restart: %v", err)
			<-restarted
			return
		}
	}
}

// The same promises hold behind a PgBouncer that gives each transaction another
// session.
func TestPgBouncer(t *testing.T) {
	u := parse(t, server(t))
	bouncer, err := exec.LookPath("pgbouncer")
	if err != nil {
		if _, err := os.Stat("/usr/sbin/pgbouncer"); err != nil {
			t.Skip("there is no pgbouncer: apt-get install pgbouncer && go test ./store/postgres")
		}
		bouncer = "/usr/sbin/pgbouncer"
	}
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = "5432"
	}
	password := ""
	if p, ok := u.User.Password(); ok {
		password = " password=" + p
	}
	database := parse(t, testDatabase(t)).Path[1:]
	dir, listen := t.TempDir(), freePort(t)
	ini := fmt.Sprintf(`[databases]
%s = host=%s port=%s user=%s%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 1000
server_round_robin = 1
`, database, host, port, u.User.Username(), password, listen)
	if err := os.WriteFile(filepath.Join(dir, "pgbouncer.ini"), []byte(ini), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := daemon(t, dir, bouncer, "pgbouncer.ini")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", "127.0.0.1:"+listen)
		if err == nil {
			c.Close()
			break
		}
		if time.Now().After(deadline) {
			b, _ := os.ReadFile(log.Name())
			t.Fatalf("pgbouncer does not answer: %v\n%s", err, b)
		}
	}
	pooled := func(t *testing.T) string {
		u := parse(t, newURL(t))
		u.Host = "127.0.0.1:" + listen
		return u.String()
	}
	two := func(t *testing.T) (a, b *postgres.Store) {
		u, keys := pooled(t), seal.NewKeys()
		return openStore(t, u, keys, nil), openStore(t, u, keys, nil)
	}
	t.Run("store", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) connection.Store { return openStore(t, pooled(t), seal.NewKeys(), nil) })
	})
	t.Run("shared", func(t *testing.T) {
		storetest.RunShared(t, func(t *testing.T) (a, b connection.Store) { return two(t) })
	})
	t.Run("changes", func(t *testing.T) {
		storetest.RunChanges(t, func(t *testing.T) (a, b storetest.Feed) { return two(t) })
	})
	t.Run("add", func(t *testing.T) {
		storetest.RunAdd(t, func(t *testing.T) storetest.Adder { return openStore(t, pooled(t), seal.NewKeys(), nil) })
	})
	t.Run("no such database", func(t *testing.T) {
		u := parse(t, pooled(t))
		u.Path = "/nango_lite_no_such_database"
		_, err := postgres.Open(t.Context(), u.String(), seal.NewKeys(), &postgres.Options{Patience: time.Second})
		if err == nil || errors.Is(err, connection.ErrNoConnection) {
			t.Errorf("got %v", err)
		}
	})
}
