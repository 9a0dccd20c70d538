package layer

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// An ending behaves as a context of context.WithCancel does, for whoever derives others
// of it.
func TestEnding(t *testing.T) {
	why := errors.New("the caller has had enough")
	for _, c := range []struct {
		name  string
		end   func(e *ending, caller context.CancelCauseFunc)
		err   error
		cause error
	}{
		{"given up", func(e *ending, _ context.CancelCauseFunc) { e.cancel() }, context.Canceled, context.Canceled},
		{"the caller has left", func(_ *ending, caller context.CancelCauseFunc) { caller(why) }, context.Canceled, why},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parent, leave := context.WithCancelCause(context.WithValue(t.Context(), callKey{}, &Call{ID: 7}))
				defer leave(nil)
				e := &ending{}
				e.begin(parent)
				child, cancel := context.WithCancelCause(e)
				defer cancel(nil)
				gone, cancelGone := context.WithCancel(e)
				cancelGone()
				told := 0
				stop := context.AfterFunc(e, func() { told++ })
				unheard := context.AfterFunc(e, func() { t.Error("who stopped listening was told") })
				if !unheard() || unheard() {
					t.Error("stop does not say whether it stopped anything")
				}
				if e.Err() != nil || child.Err() != nil || gone.Err() == nil || From(child).ID != 7 {
					t.Fatalf("before the end: %v, %v, %v", e.Err(), child.Err(), gone.Err())
				}
				c.end(e, leave)
				synctest.Wait()
				<-e.Done()
				<-child.Done()
				if !errors.Is(e.Err(), c.err) || !errors.Is(context.Cause(child), c.cause) || told != 1 || stop() {
					t.Errorf("after the end: %v, cause %v, told %d times", e.Err(), context.Cause(child), told)
				}
				late := make(chan struct{})
				var held sync.Mutex // as package context holds one meanwhile
				held.Lock()
				e.AfterFunc(func() { held.Lock(); defer held.Unlock(); close(late) })
				held.Unlock()
				<-late
				e.cancel() // once more
				after, cancelAfter := context.WithCancel(e)
				defer cancelAfter()
				if after.Err() == nil {
					t.Error("what is derived after the end has not ended")
				}
			})
		})
	}
}

// An attempt that has ended leaves nothing with a caller who stays.
func TestEndingLeavesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, leave := context.WithCancel(t.Context())
		e := &ending{}
		e.begin(parent)
		e.cancel()
		if e.leave() {
			t.Error("the caller's context still knew the attempt")
		}
		leave()
		synctest.Wait()
		if !errors.Is(e.Err(), context.Canceled) {
			t.Errorf("got %v", e.Err())
		}
	})
}
