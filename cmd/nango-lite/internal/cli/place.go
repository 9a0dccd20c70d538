package cli

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/nango-lite/nango-lite/store/postgres"
)

// A place is where connections live: a SQLite file, or a schema of a PostgreSQL
// database.
type place struct {
	path string // of the file; empty: PostgreSQL

	url    string
	schema string
}

// storePlace returns where the connections of this run live.
func (a *app) storePlace() (place, error) {
	if a.store != "" {
		return a.placeOf(a.store)
	}
	dir, err := a.dataDir()
	if err != nil {
		return place{}, err
	}
	return a.placeOf(filepath.Join(dir, "connections.db"))
}

// placeOf reads what --store says. Connections of the sandbox lie apart, so that
// neither kind is ever used for the other.
func (a *app) placeOf(text string) (place, error) {
	path := text
	switch scheme, rest, found := strings.Cut(text, ":"); {
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return a.database(text)
	case found && scheme == "sqlite":
		if path = strings.TrimPrefix(rest, "//"); path == "" {
			return place{}, usagef("--store sqlite: names no file")
		}
	case found && strings.HasPrefix(rest, "//"):
		return place{}, usagef("--store %s://… is not a store that nango-lite knows; use a path, sqlite:PATH or postgres://…", scheme)
	}
	if a.sandbox != "" {
		ext := filepath.Ext(path)
		path = strings.TrimSuffix(path, ext) + ".sandbox" + ext
	}
	return place{path: path}, nil
}

func (a *app) database(text string) (place, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" { // the error quotes the URL, and so its password
		return place{}, usagef("--store postgres:… is not a URL such as postgres://user@host/database")
	}
	schema := u.Query().Get("schema")
	if schema == "" {
		schema = postgres.DefaultSchema
	}
	if a.sandbox != "" {
		schema += "_sandbox"
	}
	return place{url: text, schema: schema}, nil
}

// String names the place without its password.
func (p place) String() string {
	if p.path != "" {
		return p.path
	}
	return withoutPassword(p.url)
}

// withoutPassword returns the URL of a database without what may be secret. What
// is no such URL it leaves alone.
func withoutPassword(text string) string {
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
func (p place) keyFile(dir string) string {
	if p.path != "" {
		return strings.TrimSuffix(p.path, filepath.Ext(p.path)) + ".key"
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
