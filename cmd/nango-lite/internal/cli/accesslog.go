package cli

import (
	"io"
	"sync"
	"time"
)

const (
	logPause = 100 * time.Millisecond
	logMost  = 32 << 10
)

// A lineBuffer gathers the lines of the access log and writes them together, a tenth of a
// second after the first: a system call for each request costs as much as reading its
// headers. A server that is killed loses as much.
type lineBuffer struct {
	w io.Writer

	mu    sync.Mutex
	lines []byte
	timer *time.Timer // nil: nothing waits
}

// Write takes a line. It implements [io.Writer], and never fails: there is nobody to tell.
func (l *lineBuffer) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line...)
	switch {
	case len(l.lines) >= logMost:
		l.flush()
	case l.timer == nil:
		l.timer = time.AfterFunc(logPause, func() { _ = l.Close() })
	}
	return len(line), nil
}

// Close writes what waits. Lines that come later are written all the same.
func (l *lineBuffer) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
	return nil
}

func (l *lineBuffer) flush() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	_, _ = l.w.Write(l.lines)
	l.lines = l.lines[:0]
}
