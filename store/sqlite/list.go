package sqlite

import (
	"context"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/internal/row"
)

// List implements [connection.Store].
func (s *Store) List(ctx context.Context, q connection.Query) (connection.Page, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	query, args, err := listSQL(q, limit+1)
	if err != nil {
		return connection.Page{}, err
	}
	var found []row.Row
	err = s.retry(ctx, func() error {
		found, err = s.rows(context.WithoutCancel(ctx), query, args)
		return err
	})
	if err != nil {
		return connection.Page{}, err
	}
	return row.Page(found, limit, s.keys)
}

// listSQL returns the query for q. With an end it names the index: SQLite, which
// does not know how few tokens end soon, would walk the table in order. So it does for
// those whose users have to connect again, of which there are few.
func listSQL(q connection.Query, limit int) (string, []any, error) {
	after, err := connection.DecodeCursor(q.Cursor)
	if err != nil {
		return "", nil, err
	}
	from := "connection"
	where, args := []string{"(integration, connection_id) > (?, ?)"}, []any{after.Integration, after.ConnectionID}
	switch q.Integration {
	case "":
	case after.Integration: // the same as below, in words that SQLite finds in the index
		where = []string{"integration = ? AND connection_id > ?"}
	default:
		where, args = append(where, "integration = ?"), append(args, q.Integration)
	}
	switch q.Status {
	case "":
	case connection.StatusNeedsReauthorization:
		where = append(where, "status = 'needs_reauthorization'")
		if q.ExpiresBefore.IsZero() {
			from += " INDEXED BY connection_dead"
		}
	default:
		where, args = append(where, "status = ?"), append(args, string(q.Status))
	}
	if !q.ExpiresBefore.IsZero() {
		from += " INDEXED BY connection_expiring"
		where, args = append(where, "status = 'active' AND expires_at < ?"), append(args, micros(q.ExpiresBefore))
	}
	return "SELECT integration, connection_id, generation, data FROM " + from + " WHERE " + strings.Join(where, " AND ") +
		" ORDER BY integration, connection_id LIMIT ?", append(args, limit), nil
}

func (s *Store) rows(ctx context.Context, query string, args []any) ([]row.Row, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []row.Row
	for rows.Next() {
		var r row.Row
		if err := rows.Scan(&r.Key.Integration, &r.Key.ConnectionID, &r.Generation, &r.Data); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}
