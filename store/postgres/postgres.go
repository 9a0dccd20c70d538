// Package postgres keeps connections in a PostgreSQL database, which many
// processes on many machines share. Start with [Open].
//
// Every call is one statement or a few, each a transaction of its own. Nothing is
// kept in a session from one call to the next, and no connection to the database
// is held while somebody talks to a provider; so it works through a pooler such as
// PgBouncer, in transaction mode too. Credentials are sealed before they leave the
// process; keys of connections, fields and metadata are readable in the database.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nango-lite/nango-lite/connection"
)

// DefaultSchema is the schema of a Store where Options name none.
const DefaultSchema = "nango_lite"

// Options adjust a Store. The zero Options are ready for use.
//
// There is no clock among them: leases are judged by the database's.
type Options struct {
	// Schema is where the tables are. Open makes it if it is not there and the user
	// may. If empty, it is that of the URL's parameter "schema", and without one
	// [DefaultSchema].
	Schema string

	// Patience is how long a call goes on while the database cannot be reached or
	// breaks off, before it gives up with [ErrUnavailable]. 0 means 5 seconds.
	Patience time.Duration
}

// A Store is an [connection.Store] in PostgreSQL. It is safe for concurrent
// use, by Stores of other processes on the same schema too.
//
// A call that the database breaks off is made again, in such a way that what was
// done already is not done twice. A call whose context ends returns the context's
// error; whether a write that had been sent was done is not known then.
type Store struct {
	pool     *pgxpool.Pool
	keys     connection.Sealer
	schema   string
	sql      queries
	patience time.Duration
}

var (
	_ connection.Store      = (*Store)(nil)
	_ connection.ChangeFeed = (*Store)(nil)
)

// Open connects to the database at a URL like postgres://user@host/database, whose
// parameters are those of libpq, of pgxpool (pool_max_conns) and "schema". It makes
// the tables if there are none and brings older ones up to date; several processes
// may do so at once. Credentials are sealed with keys.
//
// The keys are not tried: with wrong ones, reading connections fails.
func Open(ctx context.Context, databaseURL string, keys connection.Sealer, opts *Options) (*Store, error) {
	if opts == nil {
		opts = &Options{}
	}
	s := &Store{keys: keys, schema: opts.Schema, patience: opts.Patience}
	if s.patience <= 0 {
		s.patience = 5 * time.Second
	}
	if err := s.open(ctx, databaseURL); err != nil {
		s.Close()
		return nil, fmt.Errorf("open PostgreSQL store: %w", err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, databaseURL string) error {
	if s.keys == nil {
		return errors.New("no keys: credentials are not kept unsealed")
	}
	config, err := s.config(databaseURL)
	if err != nil {
		return err
	}
	s.sql = newQueries(s.schema)
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil { // it does not connect yet
		return err
	}
	return s.migrate(ctx)
}

// config reads the URL, and sets s.schema if it is not.
func (s *Store) config(databaseURL string) (*pgxpool.Config, error) {
	databaseURL, schema, err := cutSchema(databaseURL)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{schema, DefaultSchema} {
		if s.schema == "" {
			s.schema = name
		}
	}
	if len(s.schema) > 63 || strings.ContainsRune(s.schema, 0) || strings.HasPrefix(s.schema, "pg_") {
		return nil, fmt.Errorf("%.80q is no name of a schema", s.schema)
	}
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, err // it quotes no password
	}
	conn := config.ConnConfig
	if !strings.Contains(databaseURL, "default_query_exec_mode=") {
		// Prepared statements belong to a session, and so may be gone or another's.
		conn.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	if conn.RuntimeParams["application_name"] == "" {
		conn.RuntimeParams["application_name"] = "nango-lite"
	}
	if conn.ConnectTimeout == 0 || conn.ConnectTimeout > attemptTimeout {
		conn.ConnectTimeout = attemptTimeout
	}
	// When a context ends, what has been sent gets a moment to be done: then its
	// outcome is known, and the connection goes on to be of use.
	conn.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: c.Conn(), DeadlineDelay: 500 * time.Millisecond}
	}
	return config, nil
}

// cutSchema takes the parameter "schema", which PostgreSQL does not know, from a
// URL. Errors do not quote the URL, as there may be a password in it.
func cutSchema(databaseURL string) (rest, schema string, err error) {
	if !strings.HasPrefix(databaseURL, "postgres://") && !strings.HasPrefix(databaseURL, "postgresql://") {
		return "", "", errors.New("want a URL such as postgres://user@host/database")
	}
	head, query, found := strings.Cut(databaseURL, "?")
	if !found {
		return databaseURL, "", nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", "", errors.New("the URL's parameters cannot be read")
	}
	if !values.Has("schema") {
		return databaseURL, "", nil
	}
	schema = values.Get("schema")
	values.Del("schema")
	return head + "?" + values.Encode(), schema, nil
}

// Schema returns the name of the schema that holds the tables.
func (s *Store) Schema() string { return s.schema }

// Close ends the connections to the database, once the calls under way are done.
func (s *Store) Close() error {
	if s.pool != nil {
		s.pool.Close()
	}
	return nil
}
