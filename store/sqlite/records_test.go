package sqlite_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

func TestRecords(t *testing.T) {
	storetest.RunRecords(t, func(t *testing.T) record.Store { return openStore(t, newPath(t), seal.NewKeys(), nil) })
}

// S55: whoever can write to the file and has no key changes no record, and adds none.
func TestS55_RecordsAreSealed(t *testing.T) {
	storetest.RunSealedRecords(t, func(t *testing.T) storetest.RecordMedium {
		path := newPath(t)
		openStore(t, path, seal.NewKeys(), nil)
		db := raw(t, path)
		return storetest.RecordMedium{
			Open: func(t *testing.T, s connection.Sealer) storetest.RecordKeeper { return openStore(t, path, s, nil) },
			Set: func(t *testing.T, kind, id, column string, value any) {
				if at, ok := value.(time.Time); ok {
					value = at.UnixMicro()
				}
				mustExec(t, db, "UPDATE record SET "+column+" = ? WHERE kind = ? AND id = ?", value, kind, id)
			},
			Raw: func(t *testing.T) []byte { return rawBytes(t, path) },
		}
	})
}

// S55: records of before are bound when the file is opened, and once: what comes without a
// seal later was written by somebody else. The version before says that it cannot go on.
func TestS55_OlderRecordsAreBound(t *testing.T) {
	s, keys := openUpgrade(t, "records")
	storetest.CheckRecordsBound(t, s, keys)
	if v, err := s.SchemaVersion(t.Context()); err != nil || v <= 4 {
		t.Errorf("got version %d, %v; want one that refuses programs which know 4", v, err)
	}
}

func TestSealedPartOfARecordIsNotInTheFile(t *testing.T) {
	path, keys := newPath(t), seal.NewKeys()
	s := openStore(t, path, keys, nil)
	r := &record.Record{Kind: "flow", ID: "a", Open: []byte("may be read"), Sealed: []byte("must not be read")}
	if err := s.CreateRecord(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(file, r.Open) || bytes.Contains(file, r.Sealed) {
		t.Error("the file must hold the open part as it is, and the sealed part sealed")
	}
	got, err := openStore(t, path, keys, nil).Record(t.Context(), "flow", "a")
	if err != nil || !bytes.Equal(got.Sealed, r.Sealed) {
		t.Errorf("opened again: %+v, %v", got, err)
	}
	if _, err := openStore(t, path, seal.NewKeys(), nil).Record(t.Context(), "flow", "a"); err == nil {
		t.Error("another key opens it")
	}
}
