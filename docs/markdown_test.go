// Package docs_test holds the pages of this directory and of the repository's
// root to the code: blocks run or compile, tables match, links lead somewhere.
package docs_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the output that pages show")

// A block is a fenced block of a Markdown file.
type block struct {
	heading string // the nearest above, without its #s
	mark    string // text of an HTML comment on the line above; empty if none
	lang    string
	text    string // ends in a newline
	line    int    // of its first line, 1-based
}

// blocks returns the fenced blocks of a page.
func blocks(t *testing.T, name string) []block {
	t.Helper()
	var out []block
	var open *block
	var heading, before string
	for i, line := range strings.Split(read(t, name), "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && isFence:
			out, open = append(out, *open), nil
		case open != nil:
			open.text += line + "\n"
		case isFence:
			open = &block{heading: heading, lang: fence, line: i + 2}
			if mark, ok := strings.CutPrefix(before, "<!-- "); ok {
				open.mark = strings.TrimSuffix(mark, " -->")
			}
		case strings.HasPrefix(line, "#"):
			heading = strings.Trim(line, "# ")
		}
		before = line
	}
	if open != nil {
		t.Fatalf("%s: a block is not closed", name)
	}
	return out
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// replaceBlock returns page with text in place of what b holds.
func replaceBlock(page string, b block, text string) string {
	lines := strings.SplitAfter(page, "\n")
	n := strings.Count(b.text, "\n")
	head, tail := lines[:b.line-1], lines[b.line-1+n:]
	return strings.Join(head, "") + text + strings.Join(tail, "")
}

func TestNoPageHoldsAConflict(t *testing.T) {
	for _, pattern := range []string{"*.md", "../*.md", "decisions/*.md"} {
		pages, _ := filepath.Glob(pattern)
		for _, name := range pages {
			for i, line := range strings.Split(read(t, name), "\n") {
				if strings.HasPrefix(line, "<<<<<<< ") || strings.HasPrefix(line, ">>>>>>> ") {
					t.Errorf("%s:%d: %s", name, i+1, line)
				}
			}
		}
	}
}
