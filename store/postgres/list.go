package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/internal/row"
)

// List implements [connection.Store].
func (s *Store) List(ctx context.Context, q connection.Query) (connection.Page, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	if q.Integration != "" && (connection.Key{Integration: q.Integration, ConnectionID: "1"}).Check() != nil {
		return connection.Page{}, ctx.Err() // nothing is stored there
	}
	query, args, err := s.listSQL(q, limit+1)
	if err != nil {
		return connection.Page{}, err
	}
	found, err := s.rows(ctx, query, args)
	if err != nil {
		return connection.Page{}, err
	}
	return row.Page(found, limit, s.keys)
}

// listSQL returns the query for q. With an end, those that end before it are
// gathered first: they are few, and a planner that goes by the order asked for
// would walk the table to find them.
func (s *Store) listSQL(q connection.Query, limit int) (string, []any, error) {
	after, err := connection.DecodeCursor(q.Cursor)
	if err != nil {
		return "", nil, err
	}
	where, args := []string{"(integration, connection_id) > ($1, $2)"}, []any{after.Integration, after.ConnectionID}
	switch q.Integration {
	case "":
	case after.Integration: // the same as below, in words that end in the index
		where = []string{"integration = $1 AND connection_id > $2"}
	default:
		args = append(args, q.Integration)
		where = append(where, "integration = $3")
	}
	switch q.Status {
	case "":
	case connection.StatusNeedsReauthorization: // in words that the planner finds in the index
		where = append(where, "status = 'needs_reauthorization'")
	default:
		args = append(args, string(q.Status))
		where = append(where, fmt.Sprintf("status = $%d", len(args)))
	}
	keys := "SELECT integration, connection_id%s FROM {schema}.connection WHERE " + strings.Join(where, " AND ")
	order := fmt.Sprintf(" ORDER BY integration, connection_id LIMIT %d", limit)
	query := fmt.Sprintf(keys, ", generation, data") + order
	if !q.ExpiresBefore.IsZero() {
		args = append(args, instant(q.ExpiresBefore))
		query = "WITH due AS MATERIALIZED (" + fmt.Sprintf(keys, "") +
			fmt.Sprintf(" AND status = 'active' AND expires_at < $%d::timestamptz), ", len(args)) +
			"page AS MATERIALIZED (SELECT * FROM due" + order + ") " +
			"SELECT integration, connection_id, generation, data FROM page JOIN {schema}.connection USING (integration, connection_id)" +
			" ORDER BY integration, connection_id"
	}
	return inSchema(query, s.schema), args, nil
}

// rows returns what a query finds, by key and data.
func (s *Store) rows(ctx context.Context, query string, args []any) (found []row.Row, err error) {
	err = s.do(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (out row.Row, err error) {
			return out, r.Scan(&out.Key.Integration, &out.Key.ConnectionID, &out.Generation, &out.Data)
		})
		return err
	})
	return found, err
}
