package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nango-lite/nango-lite/connection"
)

// changesLimit is how many changes one answer tells at most.
const changesLimit = 1000

// Changes implements [connection.ChangeFeed]. Deletions are forgotten after an hour.
func (s *Store) Changes(ctx context.Context, since int64) (connection.Changes, error) {
	var out connection.Changes
	err := s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, s.sql.changes, since, changesLimit+1)
		if err != nil {
			return err
		}
		out, err = readChanges(rows, since)
		return err
	})
	return out, err
}

func readChanges(rows pgx.Rows, since int64) (out connection.Changes, err error) {
	defer rows.Close()
	seen := map[connection.Key]bool{}
	last := since
	for n := 0; rows.Next(); n++ {
		var forgotten int64
		var integration, id *string
		var revision *int64
		if err := rows.Scan(&out.Revision, &forgotten, &integration, &id, &revision); err != nil {
			return connection.Changes{}, err
		}
		if since < 0 || since < forgotten || since > out.Revision {
			out.All = true
			return out, nil
		}
		if revision == nil {
			break
		}
		if n == changesLimit {
			out.Revision, out.More = last, true
			break
		}
		last = *revision
		if k := (connection.Key{Integration: *integration, ConnectionID: *id}); !seen[k] {
			seen[k] = true
			out.Keys = append(out.Keys, k)
		}
	}
	rows.Close()
	return out, rows.Err()
}
