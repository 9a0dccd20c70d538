package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/nango-lite/nango-lite/store/internal/migration"
	"github.com/nango-lite/nango-lite/store/internal/row"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// applicationID marks a file as one of ours; see 0001_init.sql.
const applicationID = 0x6e6c6974

// boundRecords is the migration after which every record has a seal.
const boundRecords = 5

// migrate brings the schema up to date, in one transaction: of processes that
// start at once, one does it and the others find it done.
func (s *Store) migrate(ctx context.Context) error {
	all, err := migration.Read(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	newest := len(all)
	current, err := s.version(ctx) // before the file is touched: it may be another program's
	if err != nil {
		return err
	}
	if current > newest {
		return migration.Newer(current, newest)
	}
	// The mode is kept in the file's header. It cannot be set in a transaction.
	if _, err := s.exec(ctx, "PRAGMA journal_mode = WAL"); err != nil || current == newest {
		return err
	}
	return s.update(ctx, func(tx *sql.Tx) error {
		current, err := version(tx) // again: another process may have been first
		if err != nil {
			return err
		}
		for _, m := range all[min(current, newest):] {
			if err := apply(tx, m); err != nil {
				return fmt.Errorf("migration %s: %w", m.Name, err)
			}
			if m.Version == boundRecords {
				if err := s.bindRecords(tx); err != nil {
					return fmt.Errorf("migration %s: %w", m.Name, err)
				}
			}
		}
		return nil
	})
}

func (s *Store) version(ctx context.Context) (v int, err error) {
	err = s.withConn(ctx, func(ctx context.Context, conn *sql.Conn) error {
		tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		v, err = version(tx)
		return err
	})
	return v, err
}

// version returns the schema's version, 0 for a new file.
func version(tx *sql.Tx) (v int, err error) {
	var id, tables int
	err = tx.QueryRow("SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id").Scan(&id, &tables)
	if err != nil || tables == 0 && id == 0 {
		return 0, err
	}
	if id != applicationID {
		return 0, errors.New("it is a SQLite database, but of another program")
	}
	err = tx.QueryRow("SELECT max(version) FROM schema_version").Scan(&v)
	return v, err
}

func apply(tx *sql.Tx, m migration.File) error {
	if m.Version == 1 {
		_, err := tx.Exec("CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, " +
			"name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT")
		if err != nil {
			return err
		}
	}
	if _, err := tx.Exec(m.SQL); err != nil {
		return err
	}
	_, err := tx.Exec("INSERT INTO schema_version (version, name, applied_at) VALUES (?, ?, ?)",
		m.Version, m.Name, time.Now().UnixMicro())
	return err
}

// bindRecords gives a seal to what was kept when records had none, or one that was bound
// to their names alone.
func (s *Store) bindRecords(tx *sql.Tx) error {
	const some = 200
	for kind, id := "", ""; ; {
		rows, err := tx.Query(`SELECT `+recordColumns+` FROM record WHERE (kind, id) > (?, ?) ORDER BY kind, id LIMIT ?`, kind, id, some)
		if err != nil {
			return err
		}
		found, err := scanRecords(rows)
		if err != nil {
			return err
		}
		for _, r := range found {
			kind, id = r.Kind, r.ID
			bound, err := row.BindRecord(r, s.keys)
			if err == nil && bound != nil {
				_, err = tx.Exec(`UPDATE record SET seal = ? WHERE kind = ? AND id = ?`, bound, kind, id)
			}
			if err != nil {
				return err
			}
		}
		if len(found) < some {
			return nil
		}
	}
}

// SchemaVersion returns how many migrations the file has had.
func (s *Store) SchemaVersion(ctx context.Context) (int, error) { return s.version(ctx) }
