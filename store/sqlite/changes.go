package sqlite

import (
	"context"
	"database/sql"

	"github.com/nango-lite/nango-lite/connection"
)

// changesLimit is how many changes one answer tells at most.
const changesLimit = 1000

// The first row is the counter's; one statement sees one state of the database.
const changesSQL = `
SELECT 0 AS part, revision, forgotten, '' AS integration, '' AS connection_id FROM counter
UNION ALL
SELECT * FROM (
    SELECT 1, revision, 0, integration, connection_id FROM connection
    WHERE revision > ?1 AND ?1 >= (SELECT forgotten FROM counter) ORDER BY revision LIMIT ?2)
UNION ALL
SELECT * FROM (
    SELECT 1, revision, 0, integration, connection_id FROM deletion
    WHERE revision > ?1 AND ?1 >= (SELECT forgotten FROM counter) ORDER BY revision LIMIT ?2)
ORDER BY part, revision LIMIT ?2 + 1`

// Changes implements [connection.ChangeFeed]. Deletions are forgotten after an hour.
func (s *Store) Changes(ctx context.Context, since int64) (out connection.Changes, err error) {
	err = s.retry(ctx, func() error {
		rows, err := s.read.QueryContext(context.WithoutCancel(ctx), changesSQL, since, changesLimit+1)
		if err != nil {
			return err
		}
		defer rows.Close()
		out, err = readChanges(rows, since)
		return err
	})
	return out, err
}

func readChanges(rows *sql.Rows, since int64) (out connection.Changes, err error) {
	seen := map[connection.Key]bool{}
	last := since
	for n := 0; rows.Next(); n++ {
		var part, revision, forgotten int64
		var k connection.Key
		if err := rows.Scan(&part, &revision, &forgotten, &k.Integration, &k.ConnectionID); err != nil {
			return connection.Changes{}, err
		}
		switch {
		case part == 0:
			out.Revision = revision
			out.All = since < 0 || since < forgotten || since > revision
			continue
		case n > changesLimit:
			out.Revision, out.More = last, true
			return out, nil
		}
		last = revision
		if !seen[k] {
			seen[k] = true
			out.Keys = append(out.Keys, k)
		}
	}
	if out.All {
		out.Keys = nil
	}
	return out, rows.Err()
}

// Whoever has not asked for an hour starts over.
const forgetSQL = `
UPDATE counter SET forgotten = max(forgotten, coalesce(
    (SELECT max(revision) FROM deletion WHERE deleted_at < CAST((unixepoch('subsec') - 3600) * 1e6 AS INTEGER)), 0));
DELETE FROM deletion WHERE revision <= (SELECT forgotten FROM counter)`

// forgetEvery is after how many writes it is looked for old deletions.
const forgetEvery = 256

// bury writes down that k was deleted.
func bury(tx *sql.Tx, k connection.Key) error {
	revision, err := nextRevision(tx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO deletion (revision, integration, connection_id, deleted_at)
		VALUES (?, ?, ?, CAST(unixepoch('subsec') * 1e6 AS INTEGER))`, revision, k.Integration, k.ConnectionID)
	if err == nil && revision%forgetEvery == 0 {
		_, err = tx.Exec(forgetSQL)
	}
	return err
}
