package socket

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/store/record"
)

// A result finds the page that waits for it, at whichever server that is; a page that has
// gone is told nothing, and nothing is kept for it at its own server.
func TestResultsFindTheirPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records := &record.Memory{}
		here, there := New(records, nil, time.Now), New(records, nil, time.Now)
		for name, teller := range map[string]*Sockets{"this server": here, "another": there} {
			id, results, ok := here.add()
			if !ok || !IsID(id) {
				t.Fatalf("no socket: %q, %v", id, ok)
			}
			teller.Tell(t.Context(), id, map[string]any{"told_by": name})
			time.Sleep(2*resultsLook + time.Millisecond)
			select {
			case text := <-results:
				if want := `{"told_by":"` + name + `"}`; string(text) != want {
					t.Errorf("got %s, want %s", text, want)
				}
			default:
				t.Errorf("%s: nothing was told", name)
			}
			here.remove(id)
			here.Tell(t.Context(), id, map[string]any{})
		}
		if left, err := records.Records(t.Context(), resultKind, "", 10); err != nil || len(left) != 0 {
			t.Errorf("%d results are left, %v", len(left), err)
		}
		time.Sleep(2 * resultsLook) // no page waits, so nobody looks any more
	})
}

func TestThereAreNotTooManySockets(t *testing.T) {
	h := New(&record.Memory{}, nil, time.Now)
	for i := range maxSockets {
		h.open[strconv.Itoa(i)] = nil
	}
	if _, _, ok := h.add(); ok {
		t.Error("one more is taken")
	}
}
