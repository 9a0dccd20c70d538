// Package storage finds the place where connections live and the keys that seal
// them, and opens both. Start with [Storage].
package storage

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/store/postgres"
)

// A Storage knows what the user said about the place of connections.
type Storage struct {
	*console.Console

	At      string // --store; empty: a file in the user's data directory
	KeyFile string // --keys; empty: [KeysEnv], or a file beside the connections
	Sandbox bool   // connections of the sandbox lie apart

	LookupEnv   func(name string) (string, bool)
	CommandLine func(args ...string) string // a command as it is to be typed in this situation
	OnClose     func(io.Closer)             // has something closed at the end of the run
}

// A Place is where connections live: a SQLite file, or a schema of a PostgreSQL
// database.
type Place struct {
	Path string // of the file; empty: PostgreSQL

	url    string
	schema string
}

// Place returns where the connections of this run live.
func (s *Storage) Place() (Place, error) {
	if s.At != "" {
		return s.PlaceOf(s.At)
	}
	dir, err := s.dataDir()
	if err != nil {
		return Place{}, err
	}
	return s.PlaceOf(filepath.Join(dir, "connections.db"))
}

// PlaceOf reads what --store says. Connections of the sandbox lie apart, so that
// neither kind is ever used for the other.
func (s *Storage) PlaceOf(text string) (Place, error) {
	path := text
	switch scheme, rest, found := strings.Cut(text, ":"); {
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return s.database(text)
	case found && scheme == "sqlite":
		if path = strings.TrimPrefix(rest, "//"); path == "" {
			return Place{}, console.Usagef("--store sqlite: names no file")
		}
	case found && strings.HasPrefix(rest, "//"):
		return Place{}, console.Usagef("--store %s://… is not a store that nango-lite knows; use a path, sqlite:PATH or postgres://…", scheme)
	}
	if s.Sandbox {
		ext := filepath.Ext(path)
		path = strings.TrimSuffix(path, ext) + ".sandbox" + ext
	}
	return Place{Path: path}, nil
}

func (s *Storage) database(text string) (Place, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" { // the error quotes the URL, and so its password
		return Place{}, console.Usagef("--store postgres:… is not a URL such as postgres://user@host/database")
	}
	schema := u.Query().Get("schema")
	if schema == "" {
		schema = postgres.DefaultSchema
	}
	if s.Sandbox {
		schema += "_sandbox"
	}
	return Place{url: text, schema: schema}, nil
}

// String names the place without its password.
func (p Place) String() string {
	if p.Path != "" {
		return p.Path
	}
	return WithoutPassword(p.url)
}

// WithoutPassword returns the URL of a database without what may be secret. What
// is no such URL it leaves alone.
func WithoutPassword(text string) string {
	if !strings.HasPrefix(text, "postgres:") && !strings.HasPrefix(text, "postgresql:") {
		return text
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return "postgres://…"
	}
	q := u.Query()
	for name := range q {
		if name != "schema" {
			q.Del(name)
		}
	}
	u.RawQuery = q.Encode()
	if _, has := u.User.Password(); has {
		u.User = url.User(u.User.Username())
	}
	return u.String()
}

// keyFile is where the keys of a place lie unless they are elsewhere by name:
// beside the file, or in dir under the database's name.
func (p Place) keyFile(dir string) string {
	if p.Path != "" {
		return strings.TrimSuffix(p.Path, filepath.Ext(p.Path)) + ".key"
	}
	u, err := url.Parse(p.url)
	if err != nil {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	parts := []string{"postgres", u.Hostname(), port, strings.Trim(u.Path, "/"), p.schema}
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return filepath.Join(dir, strings.Join(parts, "_")+".key")
}

// dataDir returns where this user's data lives.
func (s *Storage) dataDir() (string, error) {
	if dir, ok := s.LookupEnv("XDG_DATA_HOME"); ok && filepath.IsAbs(dir) {
		return filepath.Join(dir, "nango-lite"), nil
	}
	home, of := "HOME", []string{".local", "share"}
	switch runtime.GOOS {
	case "darwin":
		of = []string{"Library", "Application Support"}
	case "windows":
		home, of = "LocalAppData", nil
	}
	dir, ok := s.LookupEnv(home)
	if !ok || dir == "" {
		return "", fmt.Errorf("there is no data directory: %s is not set; name a file with --store PATH", home)
	}
	return filepath.Join(append(append([]string{dir}, of...), "nango-lite")...), nil
}
