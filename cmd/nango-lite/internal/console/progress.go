package console

import (
	"fmt"
	"io"
	"sync"
)

// A Progress says on the terminal how far long work is, on one line of stderr that goes when
// the work has ended. In a pipe nothing is said. It is safe for concurrent use.
type Progress struct {
	w    io.Writer // nil: nobody is told
	what string

	mu    sync.Mutex
	done  int
	shown string
}

// Progress begins to say how far something is: "what 3 of 7".
func (c *Console) Progress(what string) *Progress {
	p := &Progress{what: what}
	if IsTerminal(c.Err) {
		p.w = c.Err
	}
	return p
}

// Step says that one more is done, of so many; 0: nobody knows of how many.
func (p *Progress) Step(all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.show(p.done, all)
}

// At says how many are done.
func (p *Progress) At(done, all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = done
	p.show(done, all)
}

func (p *Progress) show(done, all int) {
	if p.w == nil {
		return
	}
	text := fmt.Sprintf("%s %d", p.what, done)
	if all > 0 {
		text += fmt.Sprintf(" of %d", all)
	}
	_, _ = io.WriteString(p.w, "\r"+text)
	p.shown = text
}

// End removes the line. What is written next stands in its place.
func (p *Progress) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil && p.shown != "" {
		_, _ = io.WriteString(p.w, "\r"+blanks(p.shown)+"\r")
		p.shown = ""
	}
}
