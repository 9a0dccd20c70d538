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

	writing sync.Mutex // taken under mu, so that lines keep their order; requests do not wait for a write
	spare   []byte     // guarded by writing
}

// Write takes a line. It implements [io.Writer], and never fails: there is nobody to tell.
func (l *lineBuffer) Write(line []byte) (int, error) {
	l.mu.Lock()
	l.lines = append(l.lines, line...)
	if len(l.lines) >= logMost {
		l.flush()
		return len(line), nil
	}
	if l.timer == nil {
		l.timer = time.AfterFunc(logPause, func() { _ = l.Close() })
	}
	l.mu.Unlock()
	return len(line), nil
}

// Close writes what waits. Lines that come later are written all the same.
func (l *lineBuffer) Close() error {
	l.mu.Lock()
	l.flush()
	return nil
}

// flush writes what waits, and gives up mu before.
func (l *lineBuffer) flush() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	lines := l.lines
	l.lines = l.spare[:0]
	l.mu.Unlock()
	_, _ = l.w.Write(lines)
	l.spare = lines
}
