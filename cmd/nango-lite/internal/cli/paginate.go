package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
)

// paginate writes the items of all pages as they come: one a line, or as one
// array. An array that is not closed belongs to a list that broke off.
func (c caller) paginate(u *session.Use, k engine.Key, req *http.Request) error {
	opts := &engine.PageOptions{Method: req.Method, Header: req.Header}
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
	before, between, after := "", "\n", "\n"
	if c.JSON() {
		before, between, after = "[\n", ",\n", "\n]\n"
	}
	text := before
	for item, err := range u.Engine.Paginate(req.Context(), k, req.URL.String(), opts) {
		if err != nil {
			return err
		}
		if err := c.writeItem(text, item); err != nil {
			return err
		}
		text = between
	}
	if text == before && !c.JSON() {
		return nil // an empty list
	}
	if text == before {
		after = before + "]\n"
	}
	_, err := io.WriteString(c.Out, after)
	return err
}

// writeItem writes an item on one line of its own, after text.
func (c caller) writeItem(text string, item json.RawMessage) error {
	var line bytes.Buffer
	line.WriteString(text)
	if json.Compact(&line, item) != nil {
		line.Write(item)
	}
	_, err := c.Out.Write(line.Bytes())
	return err
}
