package cli

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// writes remembers each write.
type writes struct {
	mu  sync.Mutex
	all []string
}

func (w *writes) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, string(b))
	return len(b), nil
}

func (w *writes) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all
}

// Lines are written together, soon, in their order, and none is lost at the end.
func TestLineBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &writes{}
		log := &lineBuffer{w: out}
		for _, line := range []string{"a\n", "b\n", "c\n"} {
			if n, err := log.Write([]byte(line)); n != len(line) || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		}
		if len(out.seen()) != 0 {
			t.Error("each line costs a write")
		}
		time.Sleep(logPause + time.Millisecond)
		synctest.Wait()
		_, _ = log.Write([]byte("d\n"))
		_ = log.Close()
		if got := out.seen(); len(got) != 2 || got[0] != "a\nb\nc\n" || got[1] != "d\n" {
			t.Errorf("%q", got)
		}
		_, _ = log.Write([]byte(strings.Repeat("x", logMost)))
		if got := out.seen(); len(got) != 3 {
			t.Error("much is not written at once")
		}
	})
}
