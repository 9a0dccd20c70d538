package seal

import (
	"context"
	"fmt"

	"github.com/nango-lite/nango-lite/connection"
)

// rotateRecords seals anew what another key than the active one has sealed of the
// records, and counts them into c. What others write meanwhile is the next pass's.
func rotateRecords(ctx context.Context, rows Rows, keys ActiveSealer, c *Count, resealed int) error {
	c.Records.Resealed = resealed
	return walkRecords(ctx, rows, &c.Records, func(r RecordRow, id string) error {
		if id == keys.Active() {
			return nil
		}
		sealed, err := resealRecord(r, keys)
		if err != nil {
			c.Records.broken(r, err)
			return nil
		}
		if _, err := rows.(RecordRows).SwapRecordRow(ctx, r, sealed); err != nil {
			return fmt.Errorf("seal record %s/%s anew: %w", r.Kind, r.ID, err)
		}
		c.Records.Resealed++ // also if another was faster: there has to be another pass
		return nil
	})
}

func resealRecord(r RecordRow, keys connection.Sealer) ([]byte, error) {
	opened, err := keys.Open(r.Sealed, r.Bound)
	if err != nil {
		return nil, err
	}
	return keys.Seal(opened, r.Bound)
}

// walkRecords counts the records of rows, if it has any, and calls fn with each that a
// key has sealed.
func walkRecords(ctx context.Context, rows Rows, c *RecordCount, fn func(r RecordRow, id string) error) error {
	c.ByKey = map[string]int{}
	all, ok := rows.(RecordRows)
	for kind, id := "", ""; ok; {
		page, err := all.RecordRowsAfter(ctx, kind, id, batch)
		if err != nil {
			return err
		}
		for _, r := range page {
			c.Rows++
			id, err := KeyOf(r.Sealed)
			if err != nil {
				c.broken(r, err)
				continue
			}
			c.ByKey[id]++
			if err := fn(r, id); err != nil {
				return err
			}
		}
		if len(page) < batch {
			return nil
		}
		kind, id = page[len(page)-1].Kind, page[len(page)-1].ID
	}
	return nil
}

func (c *RecordCount) broken(r RecordRow, err error) {
	c.Broken = append(c.Broken, fmt.Errorf("record %s/%s: %w", r.Kind, r.ID, err))
}
