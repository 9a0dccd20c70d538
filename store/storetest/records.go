package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nango-lite/nango-lite/store/record"
)

// RunRecords checks what every [record.Store] promises. open returns an empty store;
// it closes it in t.Cleanup if need be.
func RunRecords(t *testing.T, open func(t *testing.T) record.Store) {
	for name, test := range map[string]func(*testing.T, record.Store){
		"round trip":                     testRecordRoundTrip,
		"names":                          testRecordNames,
		"there already":                  testRecordExists,
		"replace by version":             testRecordReplace,
		"taken once":                     testRecordTakenOnce,
		"deleted":                        testRecordDeleted,
		"listed in the order of ids":     testRecordsInOrder,
		"claimed when due, by one":       testRecordsClaimed,
		"claimed, the longest due first": testRecordsClaimedInOrder,
		"swept":                          testRecordsSwept,
		"context":                        testRecordContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

func newRecord(kind, id string) *record.Record {
	return &record.Record{Kind: kind, ID: id, Open: []byte("open " + id), Sealed: []byte("sealed " + id), ExpiresAt: noon}
}

func mustCreate(t *testing.T, s record.Store, rs ...*record.Record) {
	t.Helper()
	for _, r := range rs {
		if err := s.CreateRecord(t.Context(), r); err != nil {
			t.Fatalf("CreateRecord %s/%s: %v", r.Kind, r.ID, err)
		}
	}
}

func checkRecord(t *testing.T, s record.Store, want *record.Record) {
	t.Helper()
	got, err := s.Record(t.Context(), want.Kind, want.ID)
	if err != nil {
		t.Fatalf("Record %s/%s: %v", want.Kind, want.ID, err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("kept record differs (-want +got):\n%s", diff)
	}
}

func testRecordRoundTrip(t *testing.T, s record.Store) {
	full := newRecord("key", "a")
	full.DueAt = noon.Add(time.Hour)
	bare := &record.Record{Kind: "key", ID: "b"}
	empty := &record.Record{Kind: "key", ID: "c", Open: []byte{}, Sealed: []byte{}}
	elsewhere := newRecord("session", "a")
	mustCreate(t, s, full, bare, empty, elsewhere)
	for _, r := range []*record.Record{full, bare, empty, elsewhere} {
		if r.Version == 0 {
			t.Errorf("%s/%s has no version", r.Kind, r.ID)
		}
		checkRecord(t, s, r)
	}
	got, err := s.Record(t.Context(), "key", "a")
	if err != nil {
		t.Fatal(err)
	}
	got.Open[0], got.Sealed[0] = 'X', 'X'
	full.Open[0], full.Sealed[0] = 'Y', 'Y'
	want := newRecord("key", "a")
	want.DueAt, want.Version = full.DueAt, full.Version
	checkRecord(t, s, want)
}

func testRecordNames(t *testing.T, s record.Store) {
	ok := strings.Repeat("k", record.MaxName)
	mustCreate(t, s, newRecord(ok, ok), newRecord("a", "B"), newRecord("a", "b"), newRecord("a/b", "c"), newRecord("a", "b/c"))
	for _, bad := range []*record.Record{{Kind: "", ID: "a"}, {Kind: "a", ID: ""}, {Kind: "a", ID: ok + "k"}, {Kind: "ä", ID: "a"}, {Kind: "a", ID: "a\x00"}} {
		checkError(t, fmt.Sprintf("CreateRecord %.9q %.9q", bad.Kind, bad.ID), s.CreateRecord(t.Context(), bad), record.ErrName)
		_, err := s.Record(t.Context(), bad.Kind, bad.ID)
		checkError(t, "Record", err, record.ErrNone)
		_, err = s.TakeRecord(t.Context(), bad.Kind, bad.ID)
		checkError(t, "TakeRecord", err, record.ErrNone)
		checkError(t, "DeleteRecord", s.DeleteRecord(t.Context(), bad.Kind, bad.ID), record.ErrNone)
		checkError(t, "ReplaceRecord", s.ReplaceRecord(t.Context(), bad, 1), record.ErrNone)
	}
}

func testRecordExists(t *testing.T, s record.Store) {
	first, second := newRecord("key", "a"), newRecord("key", "a")
	second.Open = []byte("another")
	mustCreate(t, s, first)
	checkError(t, "CreateRecord again", s.CreateRecord(t.Context(), second), record.ErrExists)
	checkRecord(t, s, first)
}

func testRecordReplace(t *testing.T, s record.Store) {
	r := newRecord("key", "a")
	checkError(t, "ReplaceRecord of none", s.ReplaceRecord(t.Context(), r, 1), record.ErrNone)
	mustCreate(t, s, r)
	old := r.Version
	r.Open, r.Sealed, r.ExpiresAt, r.DueAt = []byte("new"), nil, time.Time{}, noon
	checkError(t, "ReplaceRecord", s.ReplaceRecord(t.Context(), r, old), nil)
	if r.Version == old {
		t.Error("another write has the same version")
	}
	checkRecord(t, s, r)
	late := newRecord("key", "a")
	checkError(t, "ReplaceRecord of an old version", s.ReplaceRecord(t.Context(), late, old), record.ErrChanged)
	checkRecord(t, s, r)
}

func testRecordTakenOnce(t *testing.T, s record.Store) {
	for i := range 5 {
		r := newRecord("flow", fmt.Sprint(i))
		mustCreate(t, s, r)
		var got atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				taken, err := s.TakeRecord(t.Context(), r.Kind, r.ID)
				switch {
				case err == nil:
					got.Add(1)
					if diff := cmp.Diff(r.Sealed, taken.Sealed); diff != "" {
						t.Errorf("taken record differs:\n%s", diff)
					}
				case !errors.Is(err, record.ErrNone):
					t.Errorf("TakeRecord: %v", err)
				}
			})
		}
		all.Wait()
		if n := got.Load(); n != 1 {
			t.Errorf("%d callers got the record, want 1", n)
		}
		_, err := s.Record(t.Context(), r.Kind, r.ID)
		checkError(t, "Record of what was taken", err, record.ErrNone)
		mustCreate(t, s, newRecord(r.Kind, r.ID))
	}
}

func testRecordDeleted(t *testing.T, s record.Store) {
	mustCreate(t, s, newRecord("key", "a"), newRecord("key", "b"))
	checkError(t, "DeleteRecord", s.DeleteRecord(t.Context(), "key", "a"), nil)
	checkError(t, "DeleteRecord again", s.DeleteRecord(t.Context(), "key", "a"), record.ErrNone)
	_, err := s.Record(t.Context(), "key", "a")
	checkError(t, "Record of what was deleted", err, record.ErrNone)
	_, err = s.Record(t.Context(), "key", "b")
	checkError(t, "Record of another", err, nil)
}

func recordIDs(rs []*record.Record) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

func testRecordsInOrder(t *testing.T, s record.Store) {
	for _, id := range []string{"b", "B", "a-1", "a", "a.1"} {
		mustCreate(t, s, newRecord("key", id))
	}
	mustCreate(t, s, newRecord("session", "c"))
	for _, c := range []struct {
		after string
		limit int
		want  string
	}{{"", 10, "B a a-1 a.1 b"}, {"", 2, "B a"}, {"a", 2, "a-1 a.1"}, {"b", 2, ""}, {"", 0, ""}} {
		got, err := s.Records(t.Context(), "key", c.after, c.limit)
		if err != nil || recordIDs(got) != c.want {
			t.Errorf("Records after %q, %d: got %q, %v; want %q", c.after, c.limit, recordIDs(got), err, c.want)
		}
	}
}

func testRecordsClaimed(t *testing.T, s record.Store) {
	due, later, never := newRecord("job", "due"), newRecord("job", "later"), newRecord("job", "never")
	due.DueAt, later.DueAt = noon, noon.Add(time.Minute)
	other := newRecord("other", "due")
	other.DueAt = noon
	mustCreate(t, s, due, later, never, other)
	var got atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			claimed, err := s.ClaimRecords(t.Context(), "job", noon, noon.Add(time.Hour), 5)
			if err != nil {
				t.Errorf("ClaimRecords: %v", err)
			}
			for _, r := range claimed {
				got.Add(1)
				if r.ID != "due" || string(r.Sealed) != "sealed due" || !r.DueAt.Equal(noon.Add(time.Hour)) {
					t.Errorf("claimed %+v", r)
				}
				if err := s.ReplaceRecord(t.Context(), r, r.Version); err != nil {
					t.Errorf("what was claimed cannot be replaced: %v", err)
				}
			}
		})
	}
	all.Wait()
	if n := got.Load(); n != 1 {
		t.Errorf("%d callers got it, want 1", n)
	}
	again, err := s.ClaimRecords(t.Context(), "job", noon.Add(time.Hour), noon.Add(2*time.Hour), 5)
	if err != nil || len(again) != 2 {
		t.Errorf("after an hour: got %q, %v; want both", recordIDs(again), err)
	}
}

func testRecordsClaimedInOrder(t *testing.T, s record.Store) {
	for i, id := range []string{"c", "a", "b"} {
		r := newRecord("job", id)
		r.DueAt = noon.Add(time.Duration(i) * time.Second)
		mustCreate(t, s, r)
	}
	for _, want := range []string{"c", "a", "b", ""} {
		got, err := s.ClaimRecords(t.Context(), "job", noon.Add(time.Minute), noon.Add(time.Hour), 1)
		if err != nil || recordIDs(got) != want {
			t.Errorf("got %q, %v; want %q", recordIDs(got), err, want)
		}
	}
}

func testRecordsSwept(t *testing.T, s record.Store) {
	old, good, eternal := newRecord("key", "old"), newRecord("key", "good"), newRecord("key", "eternal")
	good.ExpiresAt, eternal.ExpiresAt = noon.Add(time.Hour), time.Time{}
	mustCreate(t, s, old, good, eternal)
	if n, err := s.SweepRecords(t.Context(), noon.Add(time.Second)); n != 1 || err != nil {
		t.Errorf("swept %d, %v; want 1", n, err)
	}
	left, err := s.Records(t.Context(), "key", "", 10)
	if err != nil || recordIDs(left) != "eternal good" {
		t.Errorf("left: %q, %v", recordIDs(left), err)
	}
}

func testRecordContext(t *testing.T, s record.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newRecord("key", "a")
	checkError(t, "CreateRecord", s.CreateRecord(ctx, r), context.Canceled)
	mustCreate(t, s, newRecord("key", "a"))
	_, err := s.Record(ctx, "key", "a")
	checkError(t, "Record", err, context.Canceled)
	_, err = s.TakeRecord(ctx, "key", "a")
	checkError(t, "TakeRecord", err, context.Canceled)
	checkError(t, "DeleteRecord", s.DeleteRecord(ctx, "key", "a"), context.Canceled)
	_, err = s.Records(ctx, "key", "", 1)
	checkError(t, "Records", err, context.Canceled)
	_, err = s.ClaimRecords(ctx, "key", noon, noon, 1)
	checkError(t, "ClaimRecords", err, context.Canceled)
	_, err = s.SweepRecords(ctx, noon)
	checkError(t, "SweepRecords", err, context.Canceled)
}
