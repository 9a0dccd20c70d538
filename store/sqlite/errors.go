package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// Errors of a Store, besides those of [connection.Store].
var (
	// ErrBusy means that other processes kept the database busy for longer than
	// Options.BusyTimeout. Nothing was changed.
	ErrBusy = errors.New("database is busy")
	// ErrFull means that there is no room, on the disk or within a limit. Nothing
	// was changed, and the store works again once there is.
	ErrFull = errors.New("no room to write")
	// ErrIO means that the system could not read or write the file.
	ErrIO = errors.New("database file cannot be read or written")
	// ErrCorrupt means that the file is damaged, or is no SQLite database.
	ErrCorrupt = errors.New("database is damaged")
)

// retry runs fn until the database is free for it, ctx ends, or the time is up.
// SQLite itself waits a moment only, as nothing can wake it.
func (s *Store) retry(ctx context.Context, fn func() error) error {
	began := time.Now()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := fn()
		if !isBusy(err) {
			return explain(err)
		}
		if waited := time.Since(began); waited > s.busy {
			return fmt.Errorf("%w: others were writing to %s for %v", ErrBusy, s.path, waited.Round(time.Millisecond))
		}
	}
}

// errReading is what a checkpoint says of others that read.
var errReading = errors.New("others are reading")

func isBusy(err error) bool {
	if errors.Is(err, errReading) {
		return true
	}
	c := code(err)
	return c == codes.SQLITE_BUSY || c == codes.SQLITE_LOCKED
}

// explain puts the words of this package before SQLite's.
func explain(err error) error {
	switch code(err) {
	case codes.SQLITE_FULL:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case codes.SQLITE_IOERR, codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN:
		return fmt.Errorf("%w: %w", ErrIO, err)
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// code returns SQLite's primary result code, or 0 if err is none of its errors.
func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}
