package calls

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

var at = time.Date(2026, 11, 30, 12, 0, 30, 0, time.UTC)

// A call is told as one line, with what was waited for and refreshed on its way.
func TestACallInWords(t *testing.T) {
	var c Calls
	k := engine.Key{Integration: "tides", ConnectionID: "user-42"}
	for _, ev := range []engine.Event{
		{Kind: engine.EventWait, Time: at, Key: k, Call: 7, Wait: 1500 * time.Millisecond},
		{Kind: engine.EventRefresh, Time: at, Key: k, Call: 7},
		{Kind: engine.EventCall, Time: at, Key: k, Call: 7, Method: "GET", URL: "https://api.example/secret-path", Status: 200, Attempt: 2, Duration: 2 * time.Second},
		{Kind: engine.EventCall, Time: at.Add(time.Minute), Key: k, Call: 8, Method: "GET", Err: &engine.Error{Kind: engine.KindReauthorize, Detail: "told"}},
		{Kind: engine.EventCall, Time: at.Add(time.Minute), Key: k, Call: 9, Method: "GET", Err: context.Canceled},
	} {
		c.Observe(t.Context(), ev)
	}
	var got []string
	for _, call := range c.Last(10, func(engine.Key) bool { return true }) {
		got = append(got, call.Words())
	}
	want := []string{
		"given up by the caller after 0s",
		"no answer after 0s: its user has to connect again",
		"answered 200 OK after 2s, waited 1.5s before, sent 2 times, with a token that was refreshed for it",
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	hour := c.Hour(at.Add(time.Minute))
	if n := len(hour); n != Minutes || hour[n-1].Calls != 2 || hour[n-1].Errors != 1 || hour[n-2].Calls != 1 || hour[n-2].Waits != 1 {
		t.Errorf("counted %+v", hour[len(hour)-2:])
	}
	if hour = c.Hour(at.Add(2 * time.Hour)); hour[Minutes-1].Calls+hour[0].Calls != 0 {
		t.Error("what is older than an hour is counted still")
	}
}

// However many calls there are, what is kept of them is bounded, and the newest come first.
func TestCallsAreBounded(t *testing.T) {
	var c Calls
	for i := range mostUsed + 10 {
		k := engine.Key{Integration: "tides", ConnectionID: fmt.Sprint(i)}
		c.Observe(t.Context(), engine.Event{Kind: engine.EventWait, Time: at, Key: k, Call: uint64(2*i + 1)}) // never ends
		c.Observe(t.Context(), engine.Event{Kind: engine.EventCall, Time: at, Key: k, Call: uint64(2*i + 2)})
	}
	if len(c.last) != mostCalls || len(c.open) > mostOpen || len(c.used) > mostUsed {
		t.Errorf("kept %d, %d, %d", len(c.last), len(c.open), len(c.used))
	}
	last := c.Last(2, func(k engine.Key) bool { return k.ConnectionID != "50009" })
	if len(last) != 2 || last[0].Key.ConnectionID != "50008" || last[1].Key.ConnectionID != "50007" {
		t.Errorf("the last are %v", last)
	}
	if _, ok := c.Used(last[0].Key); !ok {
		t.Error("the last use of a connection is not known")
	}
}
