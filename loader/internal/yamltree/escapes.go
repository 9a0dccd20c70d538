package yamltree

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// YAML 1.2 reads all of JSON, and the library does not: \/ and a character that is
// written as two surrogates, as many programs write JSON, are unknown escapes to it.
// They are written in its way, and places are counted as they were.

// A rewrite is one escape that was written in another way.
type rewrite struct {
	line    int  // 1-based
	column  int  // 1-based, in runes of the new line, behind it
	shorter int  // by how many runes
	opener  mark // of the text it stands in
}

// rewrites are those of a file, by line.
type rewrites map[int][]rewrite

// column returns where a column of the new text was.
func (r rewrites) column(line, column int) int {
	was := column
	for _, one := range r[line] {
		if one.column <= column {
			was += one.shorter
		}
	}
	return was
}

// plainEscapes returns data with the escapes of JSON in the library's way.
func plainEscapes(data []byte) ([]byte, rewrites) {
	lines := strings.Split(string(data), "\n")
	s := scan(lines)
	done := rewrites{}
	for i := 0; i < len(s.escapes); i++ {
		e := s.escapes[i]
		old, text := escapeAt(lines[e.at.line][e.at.col:])
		if old == text {
			continue
		}
		line := e.at.line
		col := e.at.col
		lines[line] = lines[line][:col] + text + lines[line][col+len(old):]
		for j := i + 1; j < len(s.escapes) && s.escapes[j].at.line == line; j++ {
			s.escapes[j].at.col -= len(old) - len(text)
			if s.escapes[j].opener.line == line && s.escapes[j].opener.col > col {
				s.escapes[j].opener.col -= len(old) - len(text)
			}
		}
		done[line+1] = append(done[line+1], rewrite{line + 1, utf8.RuneCountInString(lines[line][:col+len(text)]) + 1, len(old) - len(text), e.opener})
	}
	return []byte(strings.Join(lines, "\n")), done
}

// escapeAt returns the escape that text begins with, and how the library wants it.
func escapeAt(text string) (old, plain string) {
	if strings.HasPrefix(text, `\/`) {
		return `\/`, `/`
	}
	if len(text) >= 12 && text[:2] == `\u` && text[6:8] == `\u` {
		high, errHigh := strconv.ParseUint(text[2:6], 16, 32)
		low, errLow := strconv.ParseUint(text[8:12], 16, 32)
		if r := utf16.DecodeRune(rune(high), rune(low)); errHigh == nil && errLow == nil && r != utf8.RuneError {
			return text[:12], fmt.Sprintf(`\U%08X`, r)
		}
	}
	return "", ""
}

// inQuotes reports whether each rewrite stands in a text that the library, too, takes
// for one in double quotes: in any other, \/ is two characters.
func (r rewrites) inQuotes(doc *yaml.Node, data []byte) bool {
	quotes := map[[2]int]bool{}
	var visit func(*yaml.Node)
	visit = func(n *yaml.Node) {
		if n.Style&yaml.DoubleQuotedStyle != 0 {
			quotes[[2]int{n.Line, n.Column}] = true
		}
		for _, c := range n.Content {
			visit(c)
		}
	}
	visit(doc)
	lines := strings.Split(string(data), "\n")
	for _, list := range r {
		for _, one := range list {
			at := one.opener
			if !quotes[[2]int{at.line + 1, utf8.RuneCountInString(lines[at.line][:at.col]) + 1}] {
				return false
			}
		}
	}
	return true
}
