package yamltree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
)

// locate turns an error of the YAML library into a problem at the place where
// the mistake is: the first line with which the file up to there fails, unless
// that line goes on with something that was never closed.
func locate(data []byte, err error) Problem {
	l := locator{lines: strings.Split(string(data), "\n")}
	for i, line := range l.lines {
		l.lines[i] = strings.TrimSuffix(line, "\r")
	}
	l.scan = scan(l.lines)
	l.message = complaint(err)
	if len(data) > maxSearched {
		return l.guess(err)
	}
	first, last := l.failing()
	return l.explain(first, last)
}

// maxSearched bounds the work on files that fail: each step of the search parses
// up to all of the file.
const maxSearched = 128 << 10

// guess goes by what the scanner sees and by the line that the library names.
func (l *locator) guess(err error) Problem {
	named := 0
	_, _ = fmt.Sscanf(err.Error(), "yaml: line %d:", &named)
	named = min(max(named-1, 0), len(l.lines)-1)
	for i := range l.lines {
		if p, ok := l.tab(i); ok {
			return p
		}
	}
	if p, ok := l.unclosed(0, len(l.lines)-1); ok {
		return p
	}
	return l.words(named)
}

type locator struct {
	lines   []string
	scan    *scanner
	message string
}

var libraryPrefix = lazyregexp.New(`^yaml: (line \d+: )?`)

// complaint is what the library says, without where.
func complaint(err error) string { return libraryPrefix().ReplaceAllString(err.Error(), "") }

// failing returns the first and last line, 0-based, of the shortest piece with
// which the file up to there cannot be read. Pieces end where a line could be
// the last of a file.
func (l *locator) failing() (first, last int) {
	var ends []int
	for i := range l.lines {
		if !l.scan.state[i].open {
			ends = append(ends, i)
		}
	}
	if n := len(l.lines) - 1; len(ends) == 0 || ends[len(ends)-1] != n {
		ends = append(ends, n)
	}
	i := sort.Search(len(ends)-1, func(i int) bool {
		err := parses(strings.Join(l.lines[:ends[i]+1], "\n"))
		return err != nil
	})
	if err := parses(strings.Join(l.lines[:ends[i]+1], "\n")); err != nil {
		l.message = complaint(err)
	}
	if i > 0 {
		first = ends[i-1] + 1
	}
	return first, ends[i]
}

// parses reads all documents of text.
func parses(text string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader([]byte(text + "\n")))
	for {
		var n yaml.Node
		if err := d.Decode(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (l *locator) problem(line, col int, message, hint string) Problem {
	text := l.lines[line]
	col = min(col, len(text))
	return Problem{Line: line + 1, Column: utf8.RuneCountInString(text[:col]) + 1, Code: "syntax", Message: message, Hint: hint}
}

// explain says what is wrong in the lines first to last.
func (l *locator) explain(first, last int) Problem {
	for i := first; i <= last; i++ {
		if p, ok := l.tab(i); ok {
			return p
		}
	}
	for i := 0; i <= last; i++ { // YAML may notice lines later
		if p, ok := l.noBreak(i); ok {
			return p
		}
	}
	if p, ok := l.unclosed(first, last); ok {
		return p
	}
	for i := first; i >= max(0, first-1); i-- {
		if p, ok := l.spaceless(i); ok {
			return p
		}
	}
	for last > first && strings.TrimSpace(l.lines[last]) == "" {
		last--
	}
	for first < last && isBlank(l.lines[first]) {
		first++
	}
	return l.words(first)
}

func isBlank(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

func (l *locator) tab(i int) (Problem, bool) {
	text := l.lines[i]
	lead := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	col := strings.IndexByte(lead, '\t')
	if col < 0 || isBlank(text) || l.scan.state[i].multi {
		return Problem{}, false
	}
	return l.problem(i, col, "a tab indents this line", "YAML takes spaces only"), true
}

// noBreak finds a space that YAML takes for a letter where it wants one of its own:
// before a key, or behind the ':' or the '-'.
func (l *locator) noBreak(i int) (Problem, bool) {
	m := noBreakSpace().FindStringSubmatchIndex(l.lines[i])
	if m == nil || l.scan.state[i].multi {
		return Problem{}, false
	}
	col := m[2]
	if col < 0 {
		col = m[4]
	}
	r, _ := utf8.DecodeRuneInString(l.lines[i][col:])
	return l.problem(i, col, fmt.Sprintf("the space here is U+%04X, which looks like one and is a letter to YAML", r), "type a plain space"), true
}

// spaceless finds a key whose value begins right behind the ':'.
func (l *locator) spaceless(i int) (Problem, bool) {
	m := keyWithoutSpace().FindStringSubmatchIndex(l.lines[i])
	if m == nil || l.scan.state[i].multi {
		return Problem{}, false
	}
	return l.problem(i, m[3], "a space is missing behind the ':'", ""), true
}

var (
	noBreakSpace    = lazyregexp.New(`^[ \p{Zs}]*?([\x{a0}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}])[ \p{Zs}]*[^\s#\p{Zs}]|^ *(?:- )?[A-Za-z0-9_.-]+:([\x{a0}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}])`)
	keyWithoutSpace = lazyregexp.New(`^ *(?:- )?([a-z][a-z0-9_]*:)[^\s/:]`)
)

// unclosed finds a quote or bracket that swallows lines that are not its own:
// it runs to the end of the file, or over a line that is indented no deeper than
// the one it stands in.
func (l *locator) unclosed(first, last int) (Problem, bool) {
	for i := first; i <= last; i++ {
		s := l.scan.state[i]
		if !s.open && !s.multi || s.opener.char == '|' || s.opener.char == '>' || s.opener.line < first {
			continue
		}
		text := strings.TrimSpace(l.lines[i])
		swallowed := s.multi && text != "" && indent(l.lines[i]) <= indent(l.lines[s.opener.line]) && !strings.ContainsAny(text[:1], "]}")
		if swallowed || s.open && i == len(l.lines)-1 {
			what := "bracket"
			if s.opener.char == '"' || s.opener.char == '\'' {
				what = "quote"
			}
			return l.problem(s.opener.line, s.opener.col, fmt.Sprintf("the %s that opens here is not closed", what), ""), true
		}
	}
	return Problem{}, false
}

// words puts the library's complaint about a line into words that help.
func (l *locator) words(line int) Problem {
	text := l.lines[line]
	start := indent(text)
	at := func(col int, message, hint string) Problem { return l.problem(line, col, message, hint) }
	switch m := l.message; {
	case strings.Contains(m, "mapping values are not allowed"):
		return l.secondColon(line)
	case strings.Contains(m, "could not find expected ':'"):
		return at(start, "this line is neither a key with its value nor a part of one", "a ':' may be missing")
	case strings.Contains(m, "did not find expected key"), strings.Contains(m, "did not find expected '-' indicator"),
		strings.Contains(m, "block sequence entries are not allowed"):
		if p, ok := l.trailing(line); ok {
			return p
		}
		return at(start, "this line does not fit the lines above", "check how far it is indented")
	case strings.Contains(m, "cannot start any token"):
		col := tokenStart(text, "@`%\t")
		return at(col, fmt.Sprintf("a text cannot begin with %q", text[min(col, len(text)-1)]), "quote it")
	case strings.Contains(m, "unknown escape character"), strings.Contains(m, "hexdecimal"), strings.Contains(m, "escape code"):
		return at(badEscape(text, start), "this escape is unknown", `in double quotes write \\ for a backslash, or use single quotes`)
	case strings.HasPrefix(m, "unknown anchor"):
		return at(tokenStart(text, "*"), "a text that begins with * refers to an anchor, and there is none of this name", "quote it")
	case strings.Contains(m, "alphabetic or numeric"):
		return at(tokenStart(text, "*&"), "a text cannot begin with * or &", "quote it")
	case strings.Contains(m, "expected ',' or"):
		return at(tokenStart(text, "[{"), "in these brackets a ',' is missing, or a text needs quotes", "")
	case strings.Contains(m, "max depth"):
		return at(start, "values are nested too deep", "")
	case strings.Contains(m, "directive") || strings.Contains(m, "incompatible YAML document"):
		return at(0, "directives are not read", "leave this line out")
	case strings.Contains(m, "tag"), strings.Contains(m, "'>'"):
		return at(tokenStart(text, "!"), "a text that begins with ! is a tag", "quote it")
	}
	return at(start, "this is not YAML: "+l.message, "")
}

// secondColon explains a ": " where no key can stand.
func (l *locator) secondColon(line int) Problem {
	text := l.lines[line]
	first := colon(text, indent(text))
	if first >= 0 {
		if second := colon(text, first+1); second >= 0 {
			return l.problem(line, second, "a second ': ' stands in this line", "quote the text, or begin a new line")
		}
	}
	above := line - 1
	for above > 0 && isBlank(l.lines[above]) {
		above--
	}
	if above >= 0 && first >= 0 && colon(l.lines[above], 0) < 0 && indent(l.lines[above]) <= indent(text) {
		word := indent(l.lines[above])
		return l.problem(above, word+wordLen(l.lines[above][word:]), "a ':' is missing here", "")
	}
	return l.problem(line, indent(text), "this line is indented deeper than the lines above allow", "")
}

func colon(text string, from int) int {
	for i := from; i < len(text); i++ {
		if text[i] == ':' && (i+1 == len(text) || text[i+1] == ' ') {
			return i
		}
	}
	return -1
}

// trailing finds text behind a closing quote or bracket.
func (l *locator) trailing(line int) (Problem, bool) {
	s := &scanner{lines: l.lines[line : line+1], state: make([]lineState, 1)}
	for {
		s.skipSpace()
		rest := s.rest()
		if rest == "" || rest[0] == '#' {
			return Problem{}, false
		}
		closed := true
		switch {
		case rest[0] == '"' || rest[0] == '\'':
			closed = s.quoted()
		case rest[0] == '[' || rest[0] == '{':
			closed = s.flow()
		case strings.HasPrefix(rest, "- "):
			s.col++
			continue
		default:
			if !s.plain() {
				return Problem{}, false
			}
			continue
		}
		if !closed {
			return Problem{}, false
		}
		if s.afterValue() {
			continue
		}
		if after := s.rest(); after != "" && after[0] != '#' {
			return l.problem(line, s.col, "text follows what was closed before it", "put the whole text into quotes"), true
		}
		return Problem{}, false
	}
}

// tokenStart is the column of the first of chars that begins a value.
func tokenStart(text, chars string) int {
	for i := range len(text) {
		if strings.IndexByte(chars, text[i]) >= 0 && (i == 0 || strings.IndexByte(" \t[{,", text[i-1]) >= 0) {
			return i
		}
	}
	return indent(text)
}

// hexDigits are wanted after these escapes.
var hexDigits = map[byte]int{'x': 2, 'u': 4, 'U': 8}

func badEscape(text string, start int) int {
	for i := start; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if old, _ := escapeAt(text[i:]); old != "" {
			i += len(old) - 1
			continue
		}
		c := text[i+1]
		digits := text[i+2 : min(i+2+hexDigits[c], len(text))]
		if strings.IndexByte("0abt\tnvfre \"'/\\N_LPxuU", c) < 0 || len(digits) < hexDigits[c] || strings.Trim(digits, "0123456789abcdefABCDEF") != "" || c == 'u' && strings.ContainsAny(digits[:1], "dD") && digits[1:2] > "7" {
			return i
		}
		i++
	}
	return start
}

// secondDocument points at the line that begins it.
func secondDocument(data []byte) Problem {
	content := false
	for i, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(line, "---") && (len(line) == 3 || strings.ContainsAny(line[3:4], " \t\r")) {
			if content {
				return Problem{Line: i + 1, Column: 1, Code: "many-documents", Message: "a second document begins here", Hint: "a file holds one; give further files on the command line"}
			}
			content = true
		}
		content = content || !isBlank(line) && !strings.HasPrefix(line, "%")
	}
	return Problem{Line: 1, Column: 1, Code: "many-documents", Message: "the file holds several documents"}
}
