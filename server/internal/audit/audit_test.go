package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/audit"
	"github.com/nango-lite/nango-lite/store/record"
)

var conn = engine.Key{Integration: "tides", ConnectionID: "user-42"}

// written are the entries in the store.
func written(t *testing.T, records record.Store) (lines []string) {
	t.Helper()
	err := audit.Read(t.Context(), records, time.Time{}, func(e audit.Entry) bool {
		lines = append(lines, fmt.Sprintf("%s %s %s/%s %d", e.Action, e.APIKey, e.Integration, e.ConnectionID, e.Count))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// awayRecords fail for a while.
type awayRecords struct {
	record.Memory
	away atomic.Bool
	made atomic.Int64
}

func (a *awayRecords) CreateRecord(ctx context.Context, r *record.Record) error {
	if a.away.Load() {
		return errors.New("away")
	}
	a.made.Add(1)
	return a.Memory.CreateRecord(ctx, r)
}

// What is done while the store is away is written later, and tokens cost no statement.
func TestEntriesWaitForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records := &awayRecords{}
		a := &audit.Log{Records: records, Now: time.Now, Keep: 24 * time.Hour}
		for range 1000 {
			a.Add(audit.Token, "etl", conn)
		}
		if made := records.made.Load(); made != 0 {
			t.Errorf("%d statements on the way of a request", made)
		}
		records.away.Store(true)
		time.Sleep(61 * time.Second) // between two tries to write
		a.Add(audit.Token, "etl", conn)
		a.Add(audit.Given, "etl", conn)
		records.away.Store(false)
		time.Sleep(3 * time.Second)
		if got, want := written(t, records), []string{"read etl tides/user-42 1", "token etl tides/user-42 1001"}; !slices.Equal(got, want) || records.made.Load() != 1 {
			t.Errorf("got %q in %d records", got, records.made.Load())
		}
	})
}

// Who made and who removed a connection is known by the context of the change.
func TestChanges(t *testing.T) {
	records := &record.Memory{}
	a := &audit.Log{Records: records, Now: time.Now, Keep: time.Hour}
	a.Changed(audit.By(t.Context(), "backend"), engine.Change{Kind: engine.EventConnect, Key: conn})
	a.Changed(t.Context(), engine.Change{Kind: engine.EventExchange, Key: conn})
	a.Changed(audit.By(t.Context(), "backend"), engine.Change{Kind: engine.EventRevoke, Key: conn})
	a.Changed(audit.By(t.Context(), "backend"), engine.Change{Kind: engine.EventRefresh, Key: conn})
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"connect  tides/user-42 1", "connect backend tides/user-42 1", "delete backend tides/user-42 1"}
	if got := written(t, records); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALogThatKeepsNothing(t *testing.T) {
	records := &record.Memory{}
	a := &audit.Log{Records: records, Now: time.Now, Keep: -1}
	a.Add(audit.Token, "etl", conn)
	if err := a.Flush(t.Context()); err != nil || len(written(t, records)) != 0 {
		t.Errorf("got %q, %v", written(t, records), err)
	}
}

// refusing has records that somebody else has changed.
type refusing struct{ record.Memory }

func (f *refusing) Records(ctx context.Context, kind, after string, limit int) ([]*record.Record, error) {
	found, err := f.Memory.Records(ctx, kind, after, limit)
	if len(found) > 0 {
		found[0].Refuse(errors.New("sealed data does not open"))
	}
	return found, err
}

// S55: an audit record that cannot be read is said to be missing, and the others are told.
func TestS55_AnAuditRecordThatCannotBeRead(t *testing.T) {
	records := &refusing{}
	now := time.Now()
	for _, id := range []string{"a", "b"} {
		a := &audit.Log{Records: records, Now: func() time.Time { return now }, Keep: time.Hour}
		a.Add(audit.Token, id, conn)
		if err := a.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	var told []string
	err := audit.Read(t.Context(), records, time.Time{}, func(e audit.Entry) bool { told = append(told, e.APIKey); return true })
	if !errors.Is(err, record.ErrUnreadable) || !slices.Equal(told, []string{"b"}) {
		t.Errorf("told %v, %v", told, err)
	}
}
