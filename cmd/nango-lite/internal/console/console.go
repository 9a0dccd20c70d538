// Package console is what a run says to a person and asks of one. Start with
// [Console]: it holds the streams of a run.
//
// Data goes to stdout, everything else to stderr. What somebody else wrote passes
// through [OneLine] on its way to a terminal.
package console

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"golang.org/x/term"
)

// IO holds the streams of a run.
type IO struct {
	In  io.Reader
	Out io.Writer // data, and nothing else
	Err io.Writer // everything else
}

// A Console writes to the streams of a run, in the format that was asked for, and
// asks the person at its terminal.
type Console struct {
	IO
	Format string // one of the constants below

	// LookUp reads the environment. If nil, output has no styles.
	LookUp func(name string) (string, bool)

	ask   func(question string, secret bool) (string, error)
	lines *bufio.Reader // of answers typed at the terminal
}

// New returns a Console. If ask is nil, questions go to the terminal; if streams.In
// is none, nobody is asked.
func New(streams IO, ask func(question string, secret bool) (string, error)) *Console {
	streams.Err = &turnWriter{w: streams.Err}
	return &Console{IO: streams, Format: FormatText, ask: ask}
}

// A turnWriter takes one write at a time: the engine tells of a refresh from a
// goroutine of its own.
type turnWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (t *turnWriter) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.w.Write(b)
}

// Formats of --format.
const (
	FormatText     = "text"
	FormatJSON     = "json"
	FormatGitHub   = "github"
	FormatMarkdown = "markdown"
)

// JSON reports whether data is to be JSON.
func (c *Console) JSON() bool { return c.Format == FormatJSON }

// Notef tells the person at the terminal something that is not data.
func (c *Console) Notef(format string, args ...any) {
	_, _ = io.WriteString(c.Err, inSenses(fmt.Sprintf(format+"\n", args...)))
}

// IsTerminal reports whether stream is a terminal.
func IsTerminal(stream any) bool {
	if t, ok := stream.(*turnWriter); ok {
		stream = t.w
	}
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

// WriteJSON writes v, indented.
func (c *Console) WriteJSON(v any) error {
	e := json.NewEncoder(c.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
