package postgres_test

import (
	"context"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

func TestRecords(t *testing.T) {
	storetest.RunRecords(t, func(t *testing.T) record.Store {
		s, err := postgres.Open(t.Context(), newURL(t), seal.NewKeys(), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	})
}

// S55: whoever can write to the database and has no key changes no record, and adds none.
func TestS55_RecordsAreSealed(t *testing.T) {
	storetest.RunSealedRecords(t, func(t *testing.T) storetest.RecordMedium {
		u := newURL(t)
		table := quoted(openStore(t, u, seal.NewKeys(), nil).Schema()) + ".record"
		return storetest.RecordMedium{
			Open: func(t *testing.T, s connection.Sealer) storetest.RecordKeeper { return openStore(t, u, s, nil) },
			Set: func(t *testing.T, kind, id, column string, value any) {
				conn := connect(t, testDatabase(t))
				defer conn.Close(context.Background())
				tag, err := conn.Exec(t.Context(), "UPDATE "+table+" SET "+column+" = $1 WHERE kind = $2 AND id = $3", value, kind, id)
				if err != nil || tag.RowsAffected() != 1 {
					t.Fatalf("set %s: %v, %v", column, tag, err)
				}
			},
		}
	})
}

// S55: records of before are bound when the store is opened, and once: what comes without
// a seal later was written by somebody else. The version before says that it cannot go on.
func TestS55_OlderRecordsAreBound(t *testing.T) {
	s, keys := openUpgrade(t, "records")
	storetest.CheckRecordsBound(t, s, keys)
	if v, err := s.SchemaVersion(t.Context()); err != nil || v <= 3 {
		t.Errorf("got version %d, %v; want one that refuses programs which know 3", v, err)
	}
}
