// Package sqlite keeps connections in one SQLite file, which many processes on
// one machine may have open: a server, and the command line beside it. Start
// with [Open].
//
// What it has confirmed is on disk: a rotated refresh token that a crash takes
// back would lock its user out. So each write waits for the disk. Credentials are
// sealed before they reach the file; keys of connections, fields and metadata
// are readable in it.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/nango-lite/nango-lite/connection"
)

// Options adjust a Store. The zero Options are ready for use.
//
// There is no clock among them: leases are judged by SQLite's.
type Options struct {
	// BusyTimeout is how long a write waits while other processes write, before
	// it gives up with [ErrBusy]. 0 means 5 seconds.
	BusyTimeout time.Duration
}

// A Store is an [connection.Store] in a SQLite file. It is safe for
// concurrent use, by other Stores on the same file too.
//
// A call whose context ends while it waits for its turn returns the context's
// error and has changed nothing. What has begun to be written is not interrupted.
type Store struct {
	path  string
	keys  connection.Sealer
	busy  time.Duration
	read  *sql.DB
	write *sql.DB // one connection: our own writers queue here, where waiting heeds their contexts

	get, leased *sql.Stmt

	closing sync.Once
	closed  error
}

var (
	_ connection.Store      = (*Store)(nil)
	_ connection.ChangeFeed = (*Store)(nil)
)

// Open opens the database in the file called path, whose credentials are sealed
// with keys. It makes the file, with mode 0600, if there is none, and brings an
// older schema up to date; several processes may do so at once. It refuses a file
// that others than its owner may read or write, one that is something else, and
// one that a newer version has changed. The directory must exist.
//
// The keys are not tried: with wrong ones, reading connections fails.
func Open(ctx context.Context, path string, keys connection.Sealer, opts *Options) (*Store, error) {
	if opts == nil {
		opts = &Options{}
	}
	s := &Store{path: path, keys: keys, busy: opts.BusyTimeout}
	if s.busy <= 0 {
		s.busy = 5 * time.Second
	}
	if err := s.open(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("open SQLite store %s: %w", path, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if s.keys == nil {
		return errors.New("no keys: credentials are not kept unsealed")
	}
	abs, err := filepath.Abs(s.path)
	if err != nil {
		return err
	}
	if err := prepareFile(abs); err != nil {
		return err
	}
	if s.write, err = openDB(abs, 1); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if s.read, err = openDB(abs, max(4, runtime.GOMAXPROCS(0)), "query_only(1)"); err != nil {
		return err
	}
	return s.retry(ctx, func() error {
		if s.get, err = s.read.PrepareContext(ctx, getSQL); err != nil {
			return err
		}
		s.leased, err = s.read.PrepareContext(ctx, leasedSQL)
		return err
	})
}

// openDB returns a pool of up to conns connections, which stay open.
func openDB(path string, conns int, pragmas ...string) (*sql.DB, error) {
	pragmas = append(pragmas,
		"busy_timeout(100)", // retry goes on from there, and looks at the context
		"synchronous(FULL)", // in WAL, a commit is on disk with FULL only
		"secure_delete(1)",  // what is replaced or deleted does not stay in free space
		"trusted_schema(0)",
	)
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{
		"_pragma": pragmas,
		"_txlock": {"immediate"}, // a transaction that turns from reading to writing could not wait
	}.Encode()}
	if u.Path[0] != '/' {
		u.Path = "/" + u.Path // C:/ and the like
	}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// Close moves what was written from the log to the file, unless another process
// is reading, and closes it. Only the first call does something.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closed = s.close() })
	return s.closed
}

func (s *Store) close() error {
	var errs []error
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		_, err := s.write.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		if isBusy(err) {
			err = nil // whoever is at it will do it
		}
		errs = append(errs, explain(err), s.write.Close())
	}
	return errors.Join(errs...)
}

// update runs fn in a transaction, or not at all if ctx ends first.
func (s *Store) update(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return s.withConn(ctx, func(ctx context.Context, conn *sql.Conn) error {
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// exec runs a statement that is a transaction of its own, or not at all if ctx
// ends first. It returns the number of rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.withConn(ctx, func(ctx context.Context, conn *sql.Conn) error {
		r, err := conn.ExecContext(ctx, query, args...)
		if err == nil {
			n, err = r.RowsAffected()
		}
		return err
	})
	return n, err
}

// withConn calls fn with the connection that writes, when it is free. The context
// that it gives does not end: an interrupted write is neither done nor undone to
// its caller, and costs the connection.
func (s *Store) withConn(ctx context.Context, fn func(context.Context, *sql.Conn) error) error {
	return s.retry(ctx, func() error {
		conn, err := s.write.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		return fn(context.WithoutCancel(ctx), conn)
	})
}
