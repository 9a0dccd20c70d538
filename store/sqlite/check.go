package sqlite

import (
	"context"
	"fmt"
)

// Check has SQLite read the whole file and compare tables with their indexes. The
// error is [ErrCorrupt] if something does not fit.
func (s *Store) Check(ctx context.Context) error {
	return s.retry(ctx, func() error {
		var found string
		if err := s.read.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
			return err
		}
		if found != "ok" {
			return fmt.Errorf("%w: %s", ErrCorrupt, found)
		}
		return nil
	})
}
