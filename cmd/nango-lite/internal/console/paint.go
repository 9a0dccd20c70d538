package console

import "strings"

// A Style is how a terminal shows a text: the number of ECMA-48's SGR.
type Style string

// The styles. What they say is said by the text as well.
const (
	Plain    Style = ""
	Bold     Style = "1"
	Bad      Style = "31"
	Good     Style = "32"
	Doubtful Style = "33"
)

// Styled reports whether what goes to stdout may have styles: it is a terminal that knows
// them, and nobody asks for none (NO_COLOR, as no-color.org has it).
func (c *Console) Styled() bool {
	if !IsTerminal(c.Out) || c.LookUp == nil {
		return false
	}
	noColor, _ := c.LookUp("NO_COLOR")
	kind, _ := c.LookUp("TERM")
	return noColor == "" && kind != "dumb"
}

// Paint returns the text in a style, if stdout may have styles.
func (c *Console) Paint(s Style, text string) string {
	if s == Plain || text == "" || !c.Styled() {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// A Table is rows of cells, for people.
type Table struct {
	Head  []string // the names of the columns; nil: the first column names the rows
	Rows  [][]string
	Style func(column int, cell string) Style // of cells; nil: none has one
}

// WriteTable writes a table to stdout with its columns aligned: on a terminal in styles, in
// a pipe without.
func (c *Console) WriteTable(t Table) error {
	rows := t.Rows
	if t.Head != nil {
		rows = append([][]string{t.Head}, rows...)
	}
	return writeColumns(c.Out, rows, func(row, column int, cell string) string {
		switch {
		case t.Head != nil && row == 0, t.Head == nil && t.Style == nil && column == 0:
			return c.Paint(Bold, cell)
		case t.Style != nil:
			return c.Paint(t.Style(column, cell), cell)
		}
		return cell
	})
}

// InColumn returns a Style for [Table] by what the cells of one column say.
func InColumn(column int, styles map[string]Style) func(int, string) Style {
	return func(at int, cell string) Style {
		if at != column {
			return Plain
		}
		return styles[cell]
	}
}

// blanks are as wide as a text.
func blanks(text string) string { return strings.Repeat(" ", len([]rune(text))) }
