// Package row makes connections of what a store has found.
package row

import (
	"errors"
	"fmt"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
)

// Connection returns what a row holds, if it is its key's.
func Connection(r seal.Row, keys connection.Sealer) (*connection.Connection, error) {
	c, err := connection.Decode(r.Data, keys)
	if errors.Is(err, connection.ErrEncoding) {
		return nil, fmt.Errorf("row of connection %s: %w", r.Key, err)
	}
	if err == nil && c.Key != r.Key {
		return nil, fmt.Errorf("row of connection %s: %w: it is another's", r.Key, connection.ErrEncoding)
	}
	return c, err
}

// Page returns the first rows of those that were found, up to limit; if there are
// more, there is a next page.
func Page(found []seal.Row, limit int, keys connection.Sealer) (connection.Page, error) {
	var p connection.Page
	if len(found) > limit {
		found = found[:limit]
		p.Next = connection.EncodeCursor(found[limit-1].Key)
	}
	for _, r := range found {
		c, err := Connection(r, keys)
		if err != nil {
			return connection.Page{}, err
		}
		p.Connections = append(p.Connections, c)
	}
	return p, nil
}
