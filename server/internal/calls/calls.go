// Package calls remembers the calls that were made last, and counts calls, errors and
// waits by the minute, for people who look at a server. Everything is in memory, and bounded.
// Start with [Calls].
package calls

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

const (
	mostCalls = 500    // that are remembered
	mostOpen  = 10_000 // calls under way whose story is followed
	mostUsed  = 50_000 // connections whose last use is remembered
)

// Minutes is how many minutes are counted.
const Minutes = 60

// Calls remembers what an engine tells of its calls. The zero Calls remembers; it is safe
// for concurrent use, and must not be copied. It keeps no address, header or body: of a call,
// whose it was, and what became of it.
type Calls struct {
	mu     sync.Mutex
	last   []Call // a ring, once it is full
	next   int
	number uint64 // calls that have ended
	open   map[uint64]*Call
	used   map[engine.Key]Call
	counts [Minutes]Count
}

// A Call is one that has ended.
type Call struct {
	Number    uint64    // in the order in which they ended, from 1
	Time      time.Time // when it ended
	Key       engine.Key
	Method    string
	Operation string        // that it belongs to; empty: none
	Status    int           // of the answer; 0: there was none
	Duration  time.Duration // until the headers of the answer
	Attempts  int           // requests that were sent for it
	Waits     int           // for a budget of the API, or before another attempt
	Waited    time.Duration // in all
	Refreshed bool          // the token was refreshed meanwhile
	Kind      engine.Kind   // of what went wrong; empty: nothing did
	Failed    bool          // by the status of the answer, or by an error
}

// A Count is what happened within a minute.
type Count struct {
	Minute               time.Time
	Calls, Errors, Waits int
}

// Observe is for [engine.Options.Observe].
func (c *Calls) Observe(_ context.Context, ev engine.Event) {
	switch ev.Kind {
	case engine.EventCall, engine.EventWait, engine.EventRefresh:
	default:
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch ev.Kind {
	case engine.EventWait:
		c.at(ev.Time).Waits++
		if call := c.under(ev.Call); call != nil {
			call.Waits, call.Waited = call.Waits+1, call.Waited+ev.Wait
		}
	case engine.EventRefresh:
		if call := c.under(ev.Call); call != nil && ev.Err == nil {
			call.Refreshed = true
		}
	case engine.EventCall:
		c.ended(ev)
	}
}

// under returns what is known of a call that is under way; nil: nothing is kept of it.
func (c *Calls) under(number uint64) *Call {
	if number == 0 {
		return nil
	}
	if call := c.open[number]; call != nil {
		return call
	}
	if c.open == nil || len(c.open) >= mostOpen {
		c.open = map[uint64]*Call{}
	}
	c.open[number] = &Call{}
	return c.open[number]
}

func (c *Calls) ended(ev engine.Event) {
	var call Call
	if known := c.open[ev.Call]; known != nil {
		call = *known
		delete(c.open, ev.Call)
	}
	call.Time, call.Key, call.Method, call.Operation, call.Status = ev.Time.UTC(), ev.Key, ev.Method, ev.Operation, ev.Status
	call.Duration, call.Attempts, call.Kind = ev.Duration, ev.Attempt, engine.ErrorKind(ev.Err)
	call.Failed = ev.Err != nil && !errors.Is(ev.Err, context.Canceled) || ev.Status >= 400
	c.number++
	call.Number = c.number
	count := c.at(ev.Time)
	count.Calls++
	if call.Failed {
		count.Errors++
	}
	if len(c.last) < mostCalls {
		c.last = append(c.last, call)
	} else {
		c.last[c.next] = call
		c.next = (c.next + 1) % mostCalls
	}
	if c.used == nil || len(c.used) >= mostUsed {
		c.used = map[engine.Key]Call{}
	}
	c.used[ev.Key] = call
}

// at returns the count of a minute.
func (c *Calls) at(when time.Time) *Count {
	minute := when.UTC().Truncate(time.Minute)
	count := &c.counts[int(minute.Unix()/60)%Minutes]
	if !count.Minute.Equal(minute) {
		*count = Count{Minute: minute}
	}
	return count
}

// Last returns the last calls for which is holds, newest first, at most so many.
func (c *Calls) Last(most int, is func(engine.Key) bool) []Call {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	all := slices.Concat(c.last[c.next:], c.last[:c.next])
	c.mu.Unlock()
	var found []Call
	for _, call := range slices.Backward(all) {
		if len(found) < most && is(call.Key) {
			found = append(found, call)
		}
	}
	return found
}

// Used returns the last call of a connection, or false if none is remembered.
func (c *Calls) Used(k engine.Key) (Call, bool) {
	if c == nil {
		return Call{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	call, ok := c.used[k]
	return call, ok
}

// Hour returns the counts of the minutes up to now, oldest first, those without anything
// among them.
func (c *Calls) Hour(now time.Time) []Count {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	hour := make([]Count, 0, Minutes)
	for i := Minutes - 1; i >= 0; i-- {
		minute := now.UTC().Truncate(time.Minute).Add(-time.Duration(i) * time.Minute)
		count := c.counts[int(minute.Unix()/60)%Minutes]
		if !count.Minute.Equal(minute) {
			count = Count{Minute: minute}
		}
		hour = append(hour, count)
	}
	return hour
}
