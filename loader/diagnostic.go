package loader

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// A Severity says whether a finding breaks what it is about.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Place is a point in a file.
type Place struct {
	File   string
	Line   int // 1-based; 0: the file as a whole
	Column int // 1-based, in runes
}

// String returns file:line:column, as far as it is known.
func (p Place) String() string {
	s := p.File
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
		if p.Column > 0 {
			s += ":" + strconv.Itoa(p.Column)
		}
	}
	return s
}

func placeOf(o schema.Origin) Place { return Place{o.File, o.Line, o.Column} }

// A Diagnostic is one finding about a file, written for the file's author. Its
// texts never hold a value that came from a variable or a file reference.
type Diagnostic struct {
	Place
	Severity    Severity
	Code        string // stable, such as unknown-key
	Message     string
	Hint        string  // what to do, where that is likely right
	Integration string  // name of the integration it is about, if it is about one
	Related     []Place // further places, such as the line of a blueprint

	also []string // further integrations it is about
}

// String returns the diagnostic as [Diagnostics.WriteText] writes it.
func (d Diagnostic) String() string {
	var b strings.Builder
	if place := d.Place.String(); place != "" {
		b.WriteString(place + ": ")
	}
	b.WriteString(string(d.Severity) + ": " + d.text())
	if d.Hint != "" {
		b.WriteString("; " + d.Hint)
	}
	b.WriteString(" [" + d.Code + "]")
	return b.String()
}

// text is the message with the related places, on one line.
func (d Diagnostic) text() string {
	s := oneLine(d.Message)
	for i, p := range d.Related {
		if i == 0 {
			s += " (see " + p.String()
		} else {
			s += ", " + p.String()
		}
	}
	if len(d.Related) > 0 {
		s += ")"
	}
	return s
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// Diagnostics are what a run found. Those that this package returns are sorted
// and without repetitions.
type Diagnostics []Diagnostic

// HasErrors reports whether any finding is an error.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err returns the errors among ds as one error, a line for each; nil if there
// are only warnings.
func (ds Diagnostics) Err() error {
	var lines []string
	for _, d := range ds {
		if d.Severity == Error {
			lines = append(lines, d.String())
		}
	}
	if lines == nil {
		return nil
	}
	return errors.New(strings.Join(lines, "\n"))
}

// Of returns the findings about one integration and those about no integration
// in particular.
func (ds Diagnostics) Of(integration string) Diagnostics {
	var out Diagnostics
	for _, d := range ds {
		if d.Integration == "" || d.Integration == integration || slices.Contains(d.also, integration) {
			out = append(out, d)
		}
	}
	return out
}

// sorted returns ds by place, code and message, each finding once.
func (ds Diagnostics) sorted() Diagnostics {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Hint, b.Hint), cmp.Compare(a.text(), b.text()), cmp.Compare(a.Severity, b.Severity),
		)
	})
	kept := ds[:0]
	for _, d := range ds {
		if n := len(kept); n > 0 && same(kept[n-1], d) {
			kept[n-1].merge(d)
			continue
		}
		kept = append(kept, d)
	}
	return kept
}

// merge makes d stand for o as well.
func (d *Diagnostic) merge(o Diagnostic) {
	switch {
	case d.Integration == "" || o.Integration == "":
		d.Integration = "" // about all
	case d.Integration != o.Integration:
		d.also = append(slices.Clone(d.also), o.Integration)
	}
}

func same(a, b Diagnostic) bool {
	return a.Place == b.Place && a.Severity == b.Severity && a.Code == b.Code && a.Message == b.Message && a.Hint == b.Hint
}
