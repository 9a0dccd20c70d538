package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// listFlags say of one call where its list differs from what is declared.
type listFlags struct {
	items    string
	cursor   string
	pageSize int
}

// given reports whether one of them is.
func (f listFlags) given() bool { return f != listFlags{} }

// pages returns what is laid over the declared pagination; nil: nothing.
func (f listFlags) pages() *schema.Pagination {
	if !f.given() {
		return nil
	}
	p := &schema.Pagination{Items: f.items}
	if f.cursor != "" {
		p.Cursor = &schema.PageCursor{Response: f.cursor}
	}
	if f.pageSize > 0 {
		p.Limit = &schema.PageLimit{Max: f.pageSize}
	}
	return p
}

// paginate writes the items of all pages as they come: one a line, or as one
// array. An array that is not closed belongs to a list that broke off. Of a page
// that failed it says on stderr which it was and what the provider answered, because
// stdout holds items.
func (c caller) paginate(u *session.Use, k engine.Key, req *http.Request, flags listFlags) error {
	opts := &engine.PageOptions{Method: req.Method, Header: req.Header, Pages: flags.pages(), Refused: c.showPage}
	if req.GetBody != nil {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return err
		}
		if !json.Valid(b) {
			return console.Usagef("with --paginate the body must be JSON: the place in the list is written into it")
		}
		opts.Body = json.RawMessage(b)
	}
	items := itemWriter{out: c.Out, array: c.JSON()}
	for item, err := range u.Engine.Paginate(req.Context(), k, req.URL.String(), opts) {
		if err != nil {
			return errors.Join(err, items.breakOff())
		}
		if err := items.write(item); err != nil {
			return err
		}
	}
	return items.close()
}

// showPage says which page failed, and what the provider answered.
func (c caller) showPage(page, status int, body string) {
	if c.Sandbox != "" && strings.Contains(body, session.NoSample) {
		return // the error says it
	}
	var lines strings.Builder
	for line := range strings.Lines(body) {
		if text := strings.TrimSpace(console.OneLine(line)); text != "" {
			lines.WriteString("  " + text + "\n")
		}
	}
	_, _ = fmt.Fprintf(c.Err, "page %d was answered with status %d:\n%s", page, status, lines.String())
}

// An itemWriter writes each item on a line of its own, which ends with its newline
// whatever comes after.
type itemWriter struct {
	out   io.Writer
	array bool // one JSON array; closed at the end
	begun bool
}

func (w *itemWriter) write(item json.RawMessage) error {
	var line bytes.Buffer
	switch {
	case w.array && w.begun:
		line.WriteString(",\n")
	case w.array:
		line.WriteString("[\n")
	}
	if json.Compact(&line, item) != nil {
		line.Write(item)
	}
	if !w.array {
		line.WriteByte('\n')
	}
	w.begun = true
	_, err := w.out.Write(line.Bytes())
	return err
}

// breakOff ends the line of an array that is not closed.
func (w *itemWriter) breakOff() error {
	if !w.array || !w.begun {
		return nil
	}
	_, err := io.WriteString(w.out, "\n")
	return err
}

// close ends an array; without items it is an empty one.
func (w *itemWriter) close() error {
	if !w.array {
		return nil
	}
	text := "\n]\n"
	if !w.begun {
		text = "[\n]\n"
	}
	_, err := io.WriteString(w.out, text)
	return err
}
