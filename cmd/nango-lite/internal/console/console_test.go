package console

import (
	"bytes"
	"strings"
	"testing"
)

// Whatever a note quotes, be it the name of a connection that a stranger has chosen, the
// terminal keeps its senses.
func TestNotesKeepTheTerminalInItsSenses(t *testing.T) {
	var out bytes.Buffer
	c := &Console{IO: IO{Err: &out}}
	c.Notef("removed %s;\n  %s", "a/\x1b]0;title\x07\x1b[31m\u202emoc.live\u200b\u009b2J", "next\rover")
	if strings.ContainsAny(out.String(), "\x1b\x07\r\u202e\u200b\u009b") || strings.Count(out.String(), "\n") != 2 || !strings.Contains(out.String(), "moc.live") {
		t.Errorf("got %q", out.String())
	}
}
