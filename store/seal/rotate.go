package seal

import (
	"context"
	"errors"
	"fmt"

	"github.com/nango-lite/nango-lite/connection"
)

// An ActiveSealer is a [Keys] or a [KeyFile].
type ActiveSealer interface {
	connection.Sealer
	Active() string
}

// A Count says what lies in a store.
type Count struct {
	Rows     int              // connections
	ByKey    map[string]int   // connections by the id of the key that sealed them
	Unbound  int              // connections that an older version has written: see [connection.IsBound]
	Resealed int              // sealed anew by Rotate, over all passes
	Records  RecordCount      // beside the connections
	Broken   []connection.Key // unreadable: damaged, or sealed with a key that is not at hand
	Leftover error            // why what older keys have sealed may still lie in free space; nil: it does not, or nobody knows
	Causes   []error          // why, one for each of Broken
}

// A RecordCount says which records lie in a store that is [RecordRows].
type RecordCount struct {
	Rows     int            // records
	ByKey    map[string]int // by the id of the key that sealed them
	Resealed int            // sealed anew by Rotate, over all passes
	Broken   []error        // why one cannot be read, with its name
}

// batch is how many rows are read at once.
const batch = 200

// Rotate seals anew, with the active key of keys, whatever another key has sealed or
// an older version has left unbound, connections as well as the records of [RecordRows], while others read and write. If it is broken off, the next Rotate goes on where it
// stopped. It goes over the store until all is sealed with the active key, and gives
// up if others keep sealing with another. What cannot be opened is left alone and
// counted. A [Compacter] is compacted at the end. progress, unless nil, is told now and then.
func Rotate(ctx context.Context, rows Rows, keys ActiveSealer, progress func(Count)) (Count, error) {
	const passes = 5
	resealed, records := 0, 0
	for range passes {
		c, err := rotatePass(ctx, rows, keys, resealed, progress)
		if err == nil {
			err = rotateRecords(ctx, rows, keys, &c, records)
		}
		if err != nil {
			return c, err
		}
		if done := c.Resealed == resealed && c.Records.Resealed == records; done {
			if compacter, ok := rows.(Compacter); ok {
				c.Leftover = compacter.Compact(ctx)
			}
			return c, nil
		}
		resealed, records = c.Resealed, c.Records.Resealed
	}
	c, err := CountRows(ctx, rows, nil)
	c.Resealed, c.Records.Resealed = resealed, records
	if active := keys.Active(); err == nil && (c.ByKey[active] != c.Rows || c.Records.ByKey[active] != c.Records.Rows) {
		err = fmt.Errorf("other processes still seal with another key than %s: have them use the new key set, and rotate again", active)
	}
	return c, err
}

// rotatePass goes over all rows once. Those that another process writes meanwhile
// are its affair, and the next pass's.
func rotatePass(ctx context.Context, rows Rows, keys ActiveSealer, resealed int, progress func(Count)) (Count, error) {
	return walk(ctx, rows, resealed, progress, func(c *Count, r Row, id string) error {
		if id == keys.Active() && connection.IsBound(r.Data) {
			return nil
		}
		data, err := reseal(r, keys)
		if err != nil {
			c.broken(r.Key, err)
			return nil
		}
		err = rows.SwapRow(ctx, r, data)
		switch {
		case errors.Is(err, connection.ErrConflict), errors.Is(err, connection.ErrNoConnection):
		case err != nil:
			return fmt.Errorf("seal connection %s anew: %w", r.Key, err)
		}
		c.Resealed++ // a conflict counts too: there has to be another pass
		return nil
	})
}

func reseal(r Row, keys connection.Sealer) ([]byte, error) {
	c, err := connection.Decode(r.Data, keys)
	if err != nil && !errors.Is(err, connection.ErrEncoding) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("row of connection %s: %w", r.Key, err)
	}
	if c.Key != r.Key {
		return nil, fmt.Errorf("row of connection %s: %w: it is another's", r.Key, connection.ErrEncoding)
	}
	return connection.Encode(c, keys)
}

// CountRows looks at all rows and says which keys sealed them. With keys it opens
// them as well.
func CountRows(ctx context.Context, rows Rows, keys connection.Sealer) (Count, error) {
	c, err := walk(ctx, rows, 0, nil, func(c *Count, r Row, _ string) error {
		if keys == nil {
			return nil
		}
		if _, err := reseal(r, keys); err != nil {
			c.broken(r.Key, err)
		}
		return nil
	})
	if err != nil {
		return c, err
	}
	return c, walkRecords(ctx, rows, &c.Records, func(r RecordRow, _ string) error {
		if keys != nil {
			if _, err := keys.Open(r.Sealed, r.Bound); err != nil {
				c.Records.broken(r, err)
			}
		}
		return nil
	})
}

// Idle returns those of ids, which are keys', that have sealed neither row nor record. Writes that are
// under way may be sealed with any of them, so a [Settler] is waited for first. A write
// that begins later is sealed with the active key, where all processes know which that
// is; those of a [KeyFile] do.
func Idle(ctx context.Context, rows Rows, ids []string) (idle []string, c Count, err error) {
	if s, ok := rows.(Settler); ok {
		if err := s.Settle(ctx); err != nil {
			return nil, c, err
		}
	}
	if c, err = CountRows(ctx, rows, nil); err != nil {
		return nil, c, err
	}
	for _, id := range ids {
		if c.ByKey[id] == 0 && c.Records.ByKey[id] == 0 {
			idle = append(idle, id)
		}
	}
	return idle, c, nil
}

// StillOpens reports whether encoded, which s has just sealed, was sealed with a key that
// s still has: the set of a [KeyFile] may be another by now. Of other sealers it knows
// nothing, and says yes.
func StillOpens(encoded []byte, s connection.Sealer) bool {
	sealed, err := connection.SealedPart(encoded)
	return err != nil || Opens(sealed, s)
}

// Opens is [StillOpens] of what s has sealed, as it came.
func Opens(sealed []byte, s connection.Sealer) bool {
	set, ok := s.(interface{ Has(id string) bool })
	if !ok {
		return true
	}
	id, err := KeyOf(sealed)
	return err != nil || set.Has(id)
}

func (c *Count) broken(k connection.Key, err error) {
	c.Broken, c.Causes = append(c.Broken, k), append(c.Causes, err)
}

func walk(ctx context.Context, rows Rows, resealed int, progress func(Count), fn func(*Count, Row, string) error) (Count, error) {
	c := Count{ByKey: map[string]int{}, Resealed: resealed}
	for after := (connection.Key{}); ; {
		page, err := rows.RowsAfter(ctx, after, batch)
		if err != nil {
			return c, err
		}
		for _, r := range page {
			c.Rows++
			id, err := keyOf(r)
			if err != nil {
				c.broken(r.Key, err)
				continue
			}
			c.ByKey[id]++
			if !connection.IsBound(r.Data) {
				c.Unbound++
			}
			if err := fn(&c, r, id); err != nil {
				return c, err
			}
		}
		if progress != nil {
			progress(c)
		}
		if len(page) < batch {
			return c, nil
		}
		after = page[len(page)-1].Key
	}
}

func keyOf(r Row) (string, error) {
	sealed, err := connection.SealedPart(r.Data)
	if err != nil {
		return "", fmt.Errorf("row of connection %s: %w", r.Key, err)
	}
	id, err := KeyOf(sealed)
	if err != nil {
		return "", fmt.Errorf("open connection %s: %w", r.Key, err)
	}
	return id, nil
}
