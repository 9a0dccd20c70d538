package console

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// OneLine keeps an error, which may quote what somebody else wrote, on its line
// and the terminal in its senses: no control characters, and nothing that shows text
// in another order than it has.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if misleads(r) {
			return ' '
		}
		return r
	}, s)
}

// inSenses is [OneLine] for a text of several lines.
func inSenses(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && misleads(r) {
			return ' '
		}
		return r
	}, s)
}

// misleads reports whether a terminal obeys r, or shows something else because of
// it: controls, marks of direction (Unicode UAX 9), breaks of lines, and what has no
// width. The joiners stay, because names of people need them.
func misleads(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0:
		return true
	case r == 0x61c, r == 0x200b, r == 0x200e, r == 0x200f, r == 0xfeff:
		return true
	case r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	}
	return false
}

// Plural counts things: 1 error, 2 errors.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// widest is where columns stop to be aligned: one long value must not push all
// others off the screen.
const widest = 48

// WriteColumns writes rows with their columns aligned. Cells are shown on one
// line.
func WriteColumns(w io.Writer, rows [][]string) error {
	return writeColumns(w, rows, func(_, _ int, cell string) string { return cell })
}

// writeColumns shows each cell as dress makes it, which is no wider on the screen.
func writeColumns(w io.Writer, rows [][]string, dress func(row, column int, cell string) string) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if n := utf8.RuneCountInString(cell); n <= widest {
				widths[i] = max(widths[i], n)
			}
		}
	}
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			cell = OneLine(cell)
			b.WriteString(dress(n, i, cell))
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell))+2))
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}
