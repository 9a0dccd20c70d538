package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Errors of a Store, besides those of [connection.Store].
var (
	// ErrUnavailable means that the database could not be reached, or broke off,
	// for longer than Options.Patience. A write may have been done or not: ask again.
	ErrUnavailable = errors.New("database is not available")
	// ErrBusy means that others kept the tables, or the server, busy for longer than
	// Options.Patience: statements ran into statement_timeout or lock_timeout, or were
	// cancelled, time and again. Nothing was changed.
	ErrBusy = errors.New("database is busy")
	// ErrFull means that there is no room, on the disk or within a limit. Nothing
	// was changed, and the store works again once there is.
	ErrFull = errors.New("no room to write")
	// ErrCorrupt means that the database says that it is damaged.
	ErrCorrupt = errors.New("database is damaged")
)

// attemptTimeout is how long one connection is waited for, and one call's
// statements on it: a network that swallows packets says nothing by itself.
const attemptTimeout = 10 * time.Second

// do calls fn with a connection to the database, again with another one while the
// database is not available. fn must bear to be called again after a call of which
// nobody knows what it did.
func (s *Store) do(ctx context.Context, fn func(ctx context.Context, conn *pgxpool.Conn) error) error {
	var failing time.Time
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.attempt(ctx, fn)
		if ended := ctx.Err(); err != nil && ended != nil && (isNetwork(err) || errors.Is(err, ended)) {
			return ended
		}
		if !isTransient(err) {
			return explain(err)
		}
		if failing.IsZero() {
			failing = time.Now()
		}
		if time.Since(failing)+wait > s.patience {
			if isBusy(err) {
				return fmt.Errorf("%w: %w", ErrBusy, err)
			}
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// attempt waits for a connection as long as ctx allows, for many may wait in line,
// and uses it for as long as an attempt may take.
func (s *Store) attempt(ctx context.Context, fn func(context.Context, *pgxpool.Conn) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return fn(ctx, conn)
}

// isTransient reports whether err may go away by itself on another connection.
func isTransient(err error) bool {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return isNetwork(err)
	}
	switch server.Code {
	case "57P01", "57P02", "57P03", // shutting down, crashed, starting
		"57P05", // idle for too long
		"53300", // too many connections
		"25006": // a server that has become a standby
		return true
	case "08P01": // what PgBouncer calls all of its own trouble
		return !strings.Contains(server.Message, "no such")
	}
	return isBusy(err) || strings.HasPrefix(server.Code, "08")
}

// isBusy reports whether a statement was given up because of what others do, or because
// it took longer than the operator allows.
func isBusy(err error) bool {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return false
	}
	switch server.Code {
	case "57014", // statement_timeout, or an administrator has cancelled it
		"55P03",          // lock_timeout
		"25P03", "25P04", // timeouts of a transaction
		"40001", "40P01": // a stricter isolation than ours; a deadlock with somebody else
		return true
	}
	return false
}

// maybeDone reports whether a write that failed with err may have been done: the
// server says so of none that it rolled back.
func maybeDone(err error) bool {
	return err != nil && !isBusy(err) && !pgconn.SafeToRetry(err)
}

// isNetwork reports whether err is of the way to the database.
func isNetwork(err error) bool {
	var server *pgconn.PgError
	var config *pgconn.ParseConfigError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case err == nil, errors.As(err, &server), errors.As(err, &config):
		return false
	case errors.As(err, &connect), errors.As(err, &network), pgconn.Timeout(err), pgconn.SafeToRetry(err):
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		err.Error() == "conn closed"
}

// explain puts the words of this package before the database's.
func explain(err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return err
	}
	switch {
	case strings.HasPrefix(server.Code, "53"): // disk, memory, configured limits
		return fmt.Errorf("%w: %w", ErrFull, err)
	case server.Code == "XX001", server.Code == "XX002": // XX000 is whatever nobody thought of
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}
