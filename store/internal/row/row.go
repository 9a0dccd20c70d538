// Package row makes connections of what a store has found.
package row

import (
	"errors"
	"fmt"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/seal"
)

// Connection returns what a row holds, if it is its key's.
func Connection(r seal.Row, keys engine.Sealer) (*engine.Connection, error) {
	c, err := engine.DecodeConnection(r.Data, keys)
	if errors.Is(err, engine.ErrEncoding) {
		return nil, fmt.Errorf("row of connection %s: %w", r.Key, err)
	}
	if err == nil && c.Key != r.Key {
		return nil, fmt.Errorf("row of connection %s: %w: it is another's", r.Key, engine.ErrEncoding)
	}
	return c, err
}

// Page returns the first rows of those that were found, up to limit; if there are
// more, there is a next page.
func Page(found []seal.Row, limit int, keys engine.Sealer) (engine.Page, error) {
	var p engine.Page
	if len(found) > limit {
		found = found[:limit]
		p.Next = engine.EncodeCursor(found[limit-1].Key)
	}
	for _, r := range found {
		c, err := Connection(r, keys)
		if err != nil {
			return engine.Page{}, err
		}
		p.Connections = append(p.Connections, c)
	}
	return p, nil
}
