package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A file that changes, and a signal that comes, while the server is still starting are not
// lost. A store that another program holds keeps it from starting, once it has read the files.
func TestServeSeesWhatChangesWhileItStarts(t *testing.T) {
	for name, change := range map[string]func(s *served, file, text string) error{
		"a change": func(_ *served, file, text string) error { return os.WriteFile(file, []byte(text), 0o600) },
		"a signal": func(s *served, _, _ string) error { return s.cmd.Process.Signal(syscall.SIGHUP) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file, store, keys := filepath.Join(dir, "integrations.yaml"), filepath.Join(dir, "mine.db"), filepath.Join(dir, "my.keys")
			// It warns of a version that goes away when it has read the file.
			text := "integrations:\n    old: {extends_blueprint: hubspot:v0, oauth_client_id: a, oauth_client_secret: b, oauth_scopes: crm.objects.contacts.read}\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := command(t, dir, nil, "keys", "create", keys).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			release := hold(t, store)
			s := startServing(t, dir, nil, "--store", store, "--keys", keys, "serve", "--addr", "127.0.0.1:0")
			s.until(`hubspot`)
			if err := change(s, file, text+"    # a longer file\n"); err != nil {
				t.Fatal(err)
			}
			release()
			s.until(`^read the configuration again$`)
			s.url = s.line(s.stdout)
			s.stop()
		})
	}
}

// hold keeps all others out of a SQLite file until what it returns is called.
func hold(t *testing.T, file string) (release func()) {
	t.Helper()
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := db.Exec("ROLLBACK"); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	}
}
