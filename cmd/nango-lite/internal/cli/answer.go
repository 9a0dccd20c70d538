package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/media"
)

// writeAnswer writes an answer to stdout as it comes.
func (c caller) writeAnswer(resp *http.Response, include bool) error {
	if include {
		if err := writeHead(c.Out, resp); err != nil {
			return err
		}
	}
	if console.IsTerminal(c.Out) && isJSON(resp.Header) {
		return writeIndented(c.Out, resp.Body)
	}
	_, err := io.Copy(c.Out, resp.Body)
	return brokenOff(err)
}

func writeHead(w io.Writer, resp *http.Response) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", console.OneLine(resp.Proto), console.OneLine(resp.Status))
	names := make([]string, 0, len(resp.Header))
	for name := range resp.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range resp.Header[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, console.OneLine(value))
		}
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func isJSON(h http.Header) bool {
	return media.IsJSON(media.Of(h.Get("Content-Type")))
}

// mostIndented is how much JSON is held back to indent it; more is streamed.
const mostIndented = 8 << 20

func writeIndented(w io.Writer, body io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(body, mostIndented))
	var out bytes.Buffer
	if err == nil && len(b) < mostIndented && json.Indent(&out, b, "", "  ") == nil {
		out.WriteByte('\n')
		_, err = w.Write(out.Bytes())
		return err
	}
	if _, werr := w.Write(b); werr != nil {
		return werr
	}
	if err == nil {
		_, err = io.Copy(w, body)
	}
	return brokenOff(err)
}

// brokenOff says of an answer that ended before its end what is on stdout.
func brokenOff(err error) error {
	var e *engine.Error
	if !errors.As(err, &e) {
		return err
	}
	partial := *e
	partial.Detail += "; what was written is not all of it"
	return &partial
}
