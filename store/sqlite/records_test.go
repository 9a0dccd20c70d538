package sqlite_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

func TestRecords(t *testing.T) {
	storetest.RunRecords(t, func(t *testing.T) record.Store { return openStore(t, newPath(t), seal.NewKeys(), nil) })
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
