package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nango-lite/nango-lite/store/internal/migration"
	"github.com/nango-lite/nango-lite/store/internal/row"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// boundRecords is the migration after which every record has a seal.
const boundRecords = 4

// migrate brings the schema up to date, in one transaction: of processes that
// start at once, one does it and the others find it done. Where nothing is to be
// done, no right to change the schema is needed.
func (s *Store) migrate(ctx context.Context) error {
	all, err := migration.Read(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	return s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		current, err := s.version(ctx, conn)
		if err != nil || current == len(all) {
			return err
		}
		if current > len(all) {
			return migration.Newer(current, len(all))
		}
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return s.migrateIn(ctx, tx, all) })
	})
}

func (s *Store) migrateIn(ctx context.Context, tx pgx.Tx, all []migration.File) error {
	// The lock ends with the transaction, as all that a pooler may see must.
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('nango-lite ' || $1::text, 0))`, s.schema)
	if err != nil {
		return err
	}
	current, err := s.version(ctx, tx) // again: another process may have been first
	if err != nil {
		return err
	}
	if current == 0 {
		if err := s.makeSchema(ctx, tx); err != nil {
			return err
		}
	}
	for _, m := range all[min(current, len(all)):] {
		if err := s.apply(ctx, tx, m); err != nil {
			return fmt.Errorf("migration %s of schema %s: %w", m.Name, s.schema, err)
		}
	}
	return nil
}

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// version returns the version of the schema, 0 if it is not there.
func (s *Store) version(ctx context.Context, q querier) (v int, err error) {
	var encoding string
	var there bool
	err = q.QueryRow(ctx, `SELECT current_setting('server_encoding'),
		EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'schema_version')`, s.schema).Scan(&encoding, &there)
	if err != nil {
		return 0, err
	}
	if encoding != "UTF8" {
		return 0, fmt.Errorf("the database's encoding is %s; it must be UTF8", encoding)
	}
	if !there {
		return 0, nil
	}
	err = q.QueryRow(ctx, inSchema(`SELECT coalesce(max(version), 0) FROM {schema}.schema_version`, s.schema)).Scan(&v)
	return v, err
}

func (s *Store) makeSchema(ctx context.Context, tx pgx.Tx) error {
	var there bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)`, s.schema).Scan(&there)
	if err != nil {
		return err
	}
	if !there { // who may not make schemas may still fill one that an administrator made
		if _, err := tx.Exec(ctx, inSchema(`CREATE SCHEMA {schema}`, s.schema)); err != nil {
			return s.advise(err)
		}
	}
	_, err = tx.Exec(ctx, inSchema(`CREATE TABLE IF NOT EXISTS {schema}.schema_version
		(version integer NOT NULL PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)`, s.schema))
	return s.advise(err)
}

// advise says what an administrator has to do.
func (s *Store) advise(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "42501" {
		return fmt.Errorf("the user may not make the schema %s; CREATE SCHEMA … AUTHORIZATION of an administrator helps: %w", s.schema, err)
	}
	return err
}

func (s *Store) apply(ctx context.Context, tx pgx.Tx, m migration.File) error {
	// Several statements in one: only the simple protocol takes them.
	if _, err := tx.Conn().PgConn().Exec(ctx, inSchema(m.SQL, s.schema)).ReadAll(); err != nil {
		return err
	}
	if m.Version == boundRecords {
		if err := s.bindRecords(ctx, tx); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, inSchema(`INSERT INTO {schema}.schema_version VALUES ($1, $2, clock_timestamp())`, s.schema), m.Version, m.Name)
	return err
}

// bindRecords gives a seal to what was kept when records had none, or one that was bound
// to their names alone.
func (s *Store) bindRecords(ctx context.Context, tx pgx.Tx) error {
	const some = 200
	for kind, id := "", ""; ; {
		rows, err := tx.Query(ctx, inSchema(`SELECT `+recordColumns+` FROM {schema}.record
			WHERE (kind, id) > ($1, $2) ORDER BY kind, id LIMIT $3`, s.schema), kind, id, some)
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, scanRecord)
		if err != nil {
			return err
		}
		var all pgx.Batch
		for _, r := range found {
			kind, id = r.Kind, r.ID
			bound, err := row.BindRecord(r, s.keys)
			if err != nil {
				return err
			}
			if bound != nil {
				all.Queue(inSchema(`UPDATE {schema}.record SET seal = $3::bytea WHERE `+recordKey, s.schema), kind, id, bound)
			}
		}
		if err := tx.SendBatch(ctx, &all).Close(); err != nil || len(found) < some {
			return err
		}
	}
}

// SchemaVersion returns how many migrations the schema has had.
func (s *Store) SchemaVersion(ctx context.Context) (v int, err error) {
	err = s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		v, err = s.version(ctx, conn)
		return err
	})
	return v, err
}
