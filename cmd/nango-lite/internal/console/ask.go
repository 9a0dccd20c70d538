package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// CanAsk reports whether somebody is there to be asked.
func (c *Console) CanAsk() bool { return c.ask != nil || IsTerminal(c.In) && IsTerminal(c.Err) }

// A Reading is how an answer is read from a terminal.
type Reading int

const (
	OpenLine   Reading = iota
	SecretLine         // not echoed
	KeyLines           // not echoed either, and maybe several
)

// AskLine reads a line from the terminal. A secret is not echoed. An interrupt
// gives the terminal its echo back.
func (c *Console) AskLine(ctx context.Context, question string, how Reading) (string, error) {
	if c.ask != nil {
		return c.ask(question, how != OpenLine)
	}
	fmt.Fprint(c.Err, question)
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	in, isFile := c.In.(*os.File)
	if isFile {
		if state, err := term.GetState(int(in.Fd())); err == nil {
			defer func() { _ = term.Restore(int(in.Fd()), state) }()
		}
	}
	go func() {
		var r result
		switch {
		case how == KeyLines && isFile:
			r.text, r.err = readKey(in)
			fmt.Fprintln(c.Err)
		case how == SecretLine && isFile:
			var b []byte
			b, r.err = term.ReadPassword(int(in.Fd()))
			fmt.Fprintln(c.Err)
			r.text = string(b)
		default:
			r.text, r.err = c.readLine()
		}
		done <- r
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		fmt.Fprintln(c.Err)
		return "", ctx.Err()
	}
}

// ReadLine reads a line from stdin, whoever is there.
func (c *Console) ReadLine() (string, error) { return c.readLine() }

func (c *Console) readLine() (string, error) {
	if c.lines == nil {
		c.lines = bufio.NewReader(c.In)
	}
	line, err := c.lines.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}
