package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

// A place is a store that processes share, by what they need to open it.
type place struct {
	Store string // path of a SQLite file, or URL of PostgreSQL with a schema
	Keys  string // file

	dir    string
	schema string
}

// newPlace makes a store: in a schema of its own of the PostgreSQL database at
// server, or if that is empty, in a SQLite file.
func newPlace(ctx context.Context, server string) (*place, error) {
	dir, err := os.MkdirTemp("", "nango-lite-soak-")
	if err != nil {
		return nil, err
	}
	p := &place{dir: dir, Keys: filepath.Join(dir, "keys"), Store: filepath.Join(dir, "db")}
	if _, err := seal.CreateFile(p.Keys); err != nil {
		return nil, errors.Join(err, p.close())
	}
	if server != "" {
		u, err := url.Parse(server)
		if err != nil {
			return nil, errors.Join(errors.New("the URL of the store cannot be read"), p.close())
		}
		p.schema = "soak_" + strings.ToLower(rand.Text()[:10])
		q := u.Query()
		q.Set("schema", p.schema)
		u.RawQuery = q.Encode()
		p.Store = u.String()
	}
	return p, nil
}

// open opens the store as one more process does.
func (p *place) open(ctx context.Context) (connection.Store, func(), error) {
	keys, err := seal.LoadFile(p.Keys)
	if err != nil {
		return nil, nil, err
	}
	if p.postgres() {
		s, err := postgres.Open(ctx, p.Store, keys, nil)
		if err != nil {
			return nil, nil, err
		}
		return s, func() { _ = s.Close() }, nil
	}
	s, err := sqlite.Open(ctx, p.Store, keys, &sqlite.Options{BusyTimeout: timeoutOfStore})
	if err != nil {
		return nil, nil, err
	}
	return s, func() { _ = s.Close() }, nil
}

func (p *place) postgres() bool { return strings.Contains(p.Store, "://") }

func (p *place) String() string {
	if p.postgres() {
		return "PostgreSQL"
	}
	return "SQLite"
}

// close removes the store.
func (p *place) close() error {
	err := os.RemoveAll(p.dir)
	if p.schema != "" {
		err = errors.Join(err, p.dropSchema())
	}
	return err
}

func (p *place) dropSchema() error {
	u, err := url.Parse(p.Store)
	if err != nil {
		return err
	}
	q := u.Query()
	q.Del("schema")
	u.RawQuery = q.Encode()
	conn, err := pgx.Connect(context.Background(), u.String())
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(context.Background(), fmt.Sprintf("DROP SCHEMA IF EXISTS %s CASCADE", p.schema))
	return err
}
