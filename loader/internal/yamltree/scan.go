package yamltree

import "strings"

// The YAML library says that something is wrong and seldom where. A scanner
// reads just enough of YAML to know, for each line, whether it ends inside a
// quote or a bracket, and where that began. It is asked only once parsing has
// failed, so a rare construct that it misreads costs a worse place and no more.
type scanner struct {
	lines []string
	state []lineState

	escapes []escape // in double quotes, in their order

	line, col int // where the scan is, 0-based; col counts bytes
}

// A lineState is how a line ends.
type lineState struct {
	open   bool // within a quote, a bracket or a block of text
	opener mark // of what is open, or of what the line closed at last
	multi  bool // the line goes on with what an earlier one opened
}

// An escape is a backslash in double quotes, and where the quotes opened.
type escape struct{ at, opener mark }

// A mark is a place, 0-based, col in bytes, and the character there.
type mark struct {
	line, col int
	char      byte
}

func scan(lines []string) *scanner {
	s := &scanner{lines: lines, state: make([]lineState, len(lines))}
	for s.line < len(s.lines) {
		s.blockLine()
		s.line++
		s.col = 0
	}
	return s
}

func (s *scanner) text() string { return s.lines[s.line] }

func (s *scanner) rest() string { return s.text()[min(s.col, len(s.text())):] }

func (s *scanner) skipSpace() {
	for s.col < len(s.text()) && (s.text()[s.col] == ' ' || s.text()[s.col] == '\t') {
		s.col++
	}
}

// blockLine reads a line outside of brackets, and the lines below it that belong
// to what it opens.
func (s *scanner) blockLine() {
	for {
		s.skipSpace()
		rest := s.rest()
		switch {
		case rest == "" || rest[0] == '#':
			return
		case strings.HasPrefix(rest, "- ") || rest == "-" || strings.HasPrefix(rest, "? ") || rest[0] == ':' && (len(rest) == 1 || rest[1] == ' '):
			s.col++
		case rest[0] == '"' || rest[0] == '\'':
			if !s.quoted() || !s.afterValue() {
				return
			}
		case rest[0] == '[' || rest[0] == '{':
			if !s.flow() || !s.afterValue() {
				return
			}
		case rest[0] == '|' || rest[0] == '>':
			s.blockText()
			return
		case rest[0] == '&' || rest[0] == '!' || rest[0] == '*':
			s.col += wordLen(rest)
		default:
			if !s.plain() {
				return
			}
		}
	}
}

func wordLen(s string) int {
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return i
	}
	return len(s)
}

// plain passes unquoted text and reports whether a value follows on this line.
func (s *scanner) plain() bool {
	text := s.text()
	for ; s.col < len(text); s.col++ {
		switch {
		case text[s.col] == '#' && text[s.col-1] == ' ':
			return false
		case text[s.col] == ':' && (s.col+1 == len(text) || text[s.col+1] == ' ' || text[s.col+1] == '\t'):
			s.col++
			return true
		}
	}
	return false
}

// afterValue reports whether a ':' follows, so that what was read is a key.
func (s *scanner) afterValue() bool {
	s.skipSpace()
	if rest := s.rest(); rest == ":" || strings.HasPrefix(rest, ": ") {
		s.col++
		return true
	}
	return false
}

// next goes to the line below, noting that it belongs to what from opened. It
// reports false at the end of the file.
func (s *scanner) next(from mark) bool {
	s.state[s.line] = lineState{open: true, opener: from, multi: s.state[s.line].multi}
	if s.line+1 == len(s.lines) {
		return false
	}
	s.line++
	s.col = 0
	s.state[s.line].multi = true
	s.state[s.line].opener = from
	return true
}

// quoted passes a quoted text, over lines if need be, and reports whether it
// ends.
func (s *scanner) quoted() bool {
	from := mark{s.line, s.col, s.text()[s.col]}
	s.col++
	for {
		text := s.text()
		for s.col < len(text) {
			c := text[s.col]
			s.col++
			switch {
			case c == '\\' && from.char == '"':
				s.escapes = append(s.escapes, escape{mark{s.line, s.col - 1, c}, from})
				s.col++
			case c == from.char && c == '\'' && strings.HasPrefix(s.rest(), "'"):
				s.col++
			case c == from.char:
				return true
			}
		}
		if !s.next(from) {
			return false
		}
	}
}

// flow passes brackets and what is in them, and reports whether they end.
func (s *scanner) flow() bool {
	from := mark{s.line, s.col, s.text()[s.col]}
	depth := 0
	last := byte('[') // last character that was no space
	for {
		text := s.text()
		for s.col < len(text) {
			c := text[s.col]
			switch {
			case (c == '"' || c == '\'') && strings.IndexByte("[{,:", last) >= 0:
				if !s.quoted() {
					return false
				}
				text, last = s.text(), c
				continue
			case c == '#' && (s.col == 0 || text[s.col-1] == ' '):
				s.col = len(text)
				continue
			case c == '[' || c == '{':
				depth++
			case c == ']' || c == '}':
				depth--
			}
			s.col++
			if c != ' ' && c != '\t' {
				last = c
			}
			if depth == 0 {
				return true
			}
		}
		if !s.next(from) {
			return false
		}
	}
}

// blockText passes the lines of a | or > text.
func (s *scanner) blockText() {
	from := mark{s.line, s.col, s.text()[s.col]}
	outer, inner := indent(s.text()), -1
	for s.line+1 < len(s.lines) {
		below := s.lines[s.line+1]
		if blank := strings.TrimSpace(below) == ""; !blank {
			if inner < 0 {
				inner = indent(below)
			}
			if inner <= outer || indent(below) < inner {
				return
			}
		}
		s.state[s.line+1].multi = true
		s.state[s.line+1].opener = from
		s.line++
	}
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
