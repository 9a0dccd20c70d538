package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/seal"
)

// A RecordMedium is where sealed records lie.
type RecordMedium struct {
	// Open returns a handle on the medium that seals with s. There may be several at once.
	Open func(t *testing.T, s connection.Sealer) RecordKeeper

	// Set writes a column of the table of records, as who can write to the medium and has
	// no key may. value is text, bytes, a time or nil.
	Set func(t *testing.T, kind, id, column string, value any)

	// Raw returns all bytes that lie there, logs and leftovers included; nil where nobody
	// promises what is left.
	Raw func(t *testing.T) []byte
}

// A RecordKeeper is a store of this module.
type RecordKeeper interface {
	record.Store
	seal.Rows
	seal.RecordRows
}

// RunSealedRecords checks what a store promises of records that seals them. medium
// returns an empty one.
func RunSealedRecords(t *testing.T, medium func(t *testing.T) RecordMedium) {
	for name, test := range map[string]func(*testing.T, RecordMedium){
		"what somebody else has changed is refused": testRecordChanged,
		"what somebody else has written is refused": testRecordForged,
		"when it is due is anybody's":               testRecordDue,
		"one that cannot be claimed stops no other": testRecordUnclaimable,
		"another key does not open it":              testRecordOtherKey,
		"a rotation seals records anew":             testRecordsRotated,
		"a write whose key is dropped is kept":      testRecordDropped,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, medium(t))
		})
	}
}

// refused checks that a record is refused, as one and in a list, and is nowhere else
// missed.
func refused(t *testing.T, what string, s record.Store, kind, id string, others int) {
	t.Helper()
	_, err := s.Record(t.Context(), kind, id)
	checkError(t, what+": Record", err, record.ErrUnreadable)
	all, err := s.Records(t.Context(), kind, "", 10)
	checkError(t, what+": Records", err, nil)
	good := 0
	for _, r := range all {
		switch {
		case r.ID != id && r.Unreadable == nil:
			good++
		case r.ID != id:
			t.Errorf("%s: %s is refused as well: %v", what, r.ID, r.Unreadable)
		case !errors.Is(r.Unreadable, record.ErrUnreadable) || r.Open != nil || r.Sealed != nil || !r.ExpiresAt.IsZero():
			t.Errorf("%s: it is listed as %+v", what, r)
		default:
			checkError(t, what+": ReplaceRecord of what was refused", s.ReplaceRecord(t.Context(), r, r.Version), record.ErrUnreadable)
		}
	}
	if good != others {
		t.Errorf("%s: %d others can be read, want %d", what, good, others)
	}
}

func testRecordChanged(t *testing.T, m RecordMedium) {
	s := m.Open(t, seal.NewKeys())
	for what, change := range map[string]func(){
		"its open part":        func() { m.Set(t, "key", "a", "open", []byte(`{"scopes":["all"]}`)) },
		"no open part":         func() { m.Set(t, "key", "a", "open", nil) },
		"its end":              func() { m.Set(t, "key", "a", "expires_at", noon.Add(time.Hour)) },
		"no end":               func() { m.Set(t, "key", "a", "expires_at", nil) },
		"its seal":             func() { m.Set(t, "key", "a", "seal", []byte("no seal")) },
		"no seal":              func() { m.Set(t, "key", "a", "seal", nil) },
		"the seal of another":  func() { m.Set(t, "key", "a", "seal", recordRow(t, s, "key", "b").Sealed) },
		"all that another has": func() { m.Set(t, "key", "b", "id", "a") },
		"the kind of another":  func() { m.Set(t, "other", "a", "kind", "key") },
	} {
		a, b, other := newRecord("key", "a"), newRecord("key", "b"), newRecord("other", "a")
		mustCreate(t, s, a, b, other)
		others := 1
		switch what {
		case "all that another has":
			checkError(t, "DeleteRecord", s.DeleteRecord(t.Context(), "key", "a"), nil)
			others = 0
		case "the kind of another":
			checkError(t, "DeleteRecord", s.DeleteRecord(t.Context(), "key", "a"), nil)
		}
		change()
		refused(t, what, s, "key", "a", others)
		_, err := s.TakeRecord(t.Context(), "key", "a")
		checkError(t, what+": TakeRecord", err, record.ErrUnreadable)
		for _, r := range []*record.Record{a, b, other} { // whoever has no key can still put things in order
			if err := s.DeleteRecord(t.Context(), r.Kind, r.ID); err != nil && !errors.Is(err, record.ErrNone) {
				t.Errorf("%s: DeleteRecord: %v", what, err)
			}
		}
		if n, err := s.SweepRecords(t.Context(), noon.Add(24*time.Hour)); err != nil {
			t.Errorf("SweepRecords: %d, %v", n, err)
		}
	}
}

func recordRow(t *testing.T, s seal.RecordRows, kind, id string) seal.RecordRow {
	t.Helper()
	rows, err := s.RecordRowsAfter(t.Context(), "", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Kind == kind && r.ID == id {
			return r
		}
	}
	t.Fatalf("there is no row of %s/%s", kind, id)
	return seal.RecordRow{}
}

// testRecordForged: a record that somebody without the key has written counts for nothing,
// be it in the way in which older versions kept it.
func testRecordForged(t *testing.T, m RecordMedium) {
	keys := seal.NewKeys()
	s := m.Open(t, keys)
	mustCreate(t, s, newRecord("key", "a"), newRecord("key", "b"))
	m.Set(t, "key", "b", "seal", nil)
	refused(t, "without a seal", s, "key", "b", 1)
	old, err := keys.Seal([]byte("x"), []byte("nango-lite record\x00key\x00b"))
	if err != nil {
		t.Fatal(err)
	}
	m.Set(t, "key", "b", "seal", old)
	refused(t, "with a seal of the older kind", s, "key", "b", 1)
}

func testRecordDue(t *testing.T, m RecordMedium) {
	s := m.Open(t, seal.NewKeys())
	r := newRecord("job", "a")
	mustCreate(t, s, r)
	m.Set(t, "job", "a", "due_at", noon)
	r.DueAt = noon
	checkRecord(t, s, r)
}

func testRecordUnclaimable(t *testing.T, m RecordMedium) {
	s := m.Open(t, seal.NewKeys())
	bad, good := newRecord("job", "bad"), newRecord("job", "good")
	bad.DueAt, good.DueAt = noon, noon.Add(time.Second)
	mustCreate(t, s, bad, good)
	m.Set(t, "job", "bad", "open", []byte("changed"))
	now, until := noon.Add(time.Minute), noon.Add(time.Hour)
	first, err := s.ClaimRecords(t.Context(), "job", now, until, 1)
	if err != nil || recordIDs(first) != "bad" || !errors.Is(first[0].Unreadable, record.ErrUnreadable) || first[0].Open != nil {
		t.Errorf("got %+v, %v; want the one that is due longest, refused", first, err)
	}
	second, err := s.ClaimRecords(t.Context(), "job", now, until, 1)
	if err != nil || recordIDs(second) != "good" || second[0].Unreadable != nil {
		t.Errorf("got %+v, %v; want the other", second, err)
	}
	_, err = s.Record(t.Context(), "job", "bad")
	checkError(t, "what was claimed is not bound by that", err, record.ErrUnreadable)
}

func testRecordOtherKey(t *testing.T, m RecordMedium) {
	s := m.Open(t, seal.NewKeys())
	open := &record.Record{Kind: "key", ID: "a", Open: []byte("nothing is sealed")}
	mustCreate(t, s, open, newRecord("key", "b"))
	other := m.Open(t, seal.NewKeys())
	for _, id := range []string{"a", "b"} {
		_, err := other.Record(t.Context(), "key", id)
		checkError(t, "Record with another key", err, record.ErrUnreadable)
		checkError(t, "Record with another key", err, seal.ErrUnknownKey)
	}
	checkRecord(t, s, open)
}

// testRecordsRotated: after a rotation the old key opens no record and may be dropped, and
// no record has changed by that.
func testRecordsRotated(t *testing.T, m RecordMedium) {
	old := seal.NewKeys()
	next := old.Rotated()
	s := m.Open(t, old)
	const total = 250 // more than are read at once
	var all []*record.Record
	for i := range total {
		all = append(all, newRecord("key", fmt.Sprintf("%04d", i)))
	}
	bad := newRecord("broken", "a")
	mustCreate(t, s, append(all, bad)...)
	m.Set(t, "broken", "a", "open", []byte("changed"))
	idle, count, err := seal.Idle(t.Context(), s, old.IDs())
	if err != nil || len(idle) != 0 || count.Records.Rows != total+1 || count.Records.ByKey[old.Active()] != total+1 {
		t.Errorf("before: got %v, %+v, %v; want no idle key", idle, count, err)
	}
	rotated := m.Open(t, next)
	count, err = seal.Rotate(t.Context(), rotated, next, nil)
	if err != nil || count.Records.Resealed != total || count.Records.ByKey[next.Active()] != total || len(count.Records.Broken) != 1 {
		t.Errorf("Rotate: got %+v, %v; want %d records sealed anew, and one left as it is", count, err, total)
	}
	checkError(t, "DeleteRecord of the one that does not open", rotated.DeleteRecord(t.Context(), "broken", "a"), nil)
	idle, count, err = seal.Idle(t.Context(), rotated, old.IDs())
	if err != nil || fmt.Sprint(idle) != fmt.Sprint(old.IDs()) {
		t.Errorf("after: got %v, %+v, %v; want the old key to be idle", idle, count, err)
	}
	for _, r := range all {
		checkRecord(t, rotated, r)
	}
	if m.Raw != nil {
		if _, err := seal.Rotate(t.Context(), rotated, next, nil); err != nil { // what was deleted goes as well
			t.Error(err)
		}
		raw := m.Raw(t)
		if bytes.Contains(raw, []byte(old.Active())) || !bytes.Contains(raw, []byte(next.Active())) {
			t.Error("something that the old key has sealed is left in the medium")
		}
	}
}

// testRecordDropped: a write that waited while its key was dropped is not lost.
func testRecordDropped(t *testing.T, m RecordMedium) {
	file, open := keyFile(t)
	m.Open(t, open()) // which makes the store
	old := open().Active()
	s := m.Open(t, &dropping{KeyFile: open(), drop: func() {
		if _, err := seal.AddKey(file); err != nil {
			t.Error(err)
		}
		if err := seal.RemoveKeys(file, []string{old}); err != nil {
			t.Error(err)
		}
	}})
	r := newRecord("key", "a")
	mustCreate(t, s, r)
	checkRecord(t, m.Open(t, open()), r)
	if open().Has(old) {
		t.Error("the old key is still there: the test proves nothing")
	}
}

// CheckRecordsBound checks what became of the records of testdata/upgrade/records, which
// were made when their readable part was bound to nothing: they are all there, and bound.
func CheckRecordsBound(t *testing.T, s RecordKeeper, keys *seal.Keys) {
	t.Helper()
	for _, want := range []*record.Record{
		{Kind: "api_key", ID: "first", Open: []byte(`{"name":"first","scopes":["read"]}`)},
		{Kind: "flow", ID: "a", Sealed: []byte("a verifier"), ExpiresAt: noon},
		{Kind: "session", ID: "b", Open: []byte("may be read"), Sealed: []byte("may not"), ExpiresAt: noon.Add(time.Hour)},
		{Kind: "webhook", ID: "c", Open: []byte("a message"), DueAt: noon, ExpiresAt: noon.Add(2 * time.Hour)},
		{Kind: "bare", ID: "d"},
	} {
		got, err := s.Record(t.Context(), want.Kind, want.ID)
		if err != nil {
			t.Errorf("Record: %v", err)
			continue
		}
		want.Version = got.Version
		checkRecord(t, s, want)
		checkError(t, "ReplaceRecord", s.ReplaceRecord(t.Context(), got, got.Version), nil)
	}
	count, err := seal.CountRows(t.Context(), s, keys)
	if err != nil || count.Records.Rows != 5 || count.Records.ByKey[keys.Active()] != 5 || len(count.Records.Broken) > 0 {
		t.Errorf("got %+v, %v; want five that are bound", count.Records, err)
	}
}
