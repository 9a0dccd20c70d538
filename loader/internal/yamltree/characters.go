package yamltree

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// characters finds the first character that a file must not hold, be it because
// YAML refuses it or because YAML counts it as the end of a line and editors do
// not, which would put every later finding in the wrong place.
func characters(data []byte) (Problem, bool) {
	line, column := 1, 1
	bad := func(message string) (Problem, bool) {
		return Problem{Line: line, Column: column, Code: "syntax", Message: message}, true
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return bad("the file is UTF-16; save it as UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && n == 1:
			return bad("this is not UTF-8")
		case r == '\r' && bytes.HasPrefix(data, []byte("\r\n")), r == '\t':
		case r == '\r', r == 0x85, r == 0x2028, r == 0x2029:
			return bad(fmt.Sprintf("the character U+%04X ends a line in YAML, but not in editors", r))
		case r < ' ' && r != '\n', r >= 0x7f && r < 0xa0, r == 0xfeff, r == 0xfffe, r == 0xffff:
			return bad(fmt.Sprintf("the control character U+%04X is not allowed", r))
		}
		if r == '\n' {
			line, column = line+1, 0
		}
		data = data[n:]
		column++
	}
	return Problem{}, false
}
