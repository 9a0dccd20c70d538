package page

import (
	"cmp"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
)

// TextOptions are what a terminal is like. The zero value is a pipe.
type TextOptions struct {
	Width  int  // letters a line; 0 means 80
	Styled bool // ANSI sequences are understood
}

// Text writes p for a terminal.
func (p *Page) Text(w io.Writer, o TextOptions) error {
	if o.Width == 0 {
		o.Width = 80
	}
	t := &text{TextOptions: o}
	t.top(p)
	t.use(p)
	t.inputs("What you must bring", p.Bring)
	t.inputs("What the user types", p.Type)
	t.coverage(p)
	t.facts("Authorization", p.Auth)
	t.inputs("What a connection knows", p.Known)
	t.facts("Calls", p.Requests)
	t.section("Rate limit")
	for _, sentence := range p.RateLimit {
		t.wrapped("  ", "  ", sentence)
	}
	t.errors(p.Errors)
	t.operations(p)
	t.notes(p.Notes)
	t.versions(p)
	_, err := io.WriteString(w, t.String())
	return err
}

// A text is a page on its way to a terminal.
type text struct {
	TextOptions
	strings.Builder
}

const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
)

func (t *text) styled(style, s string) string {
	if !t.Styled || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func (t *text) line(s string) { t.WriteString(strings.TrimRight(s, " ") + "\n") }

func (t *text) section(title string) { t.WriteString("\n" + t.styled(bold, title) + "\n\n") }

// wrapped writes s in lines that fit: the first after first, others after rest.
func (t *text) wrapped(first, rest, s string) { t.wrappedStyled("", first, rest, s) }

func (t *text) wrappedStyled(style, first, rest, s string) {
	lines := wrap(printable(s), t.Width-width(first), t.Width-width(rest))
	margin := first
	for _, line := range lines {
		if style != "" {
			line = t.styled(style, line)
		}
		t.line(margin + line)
		margin = rest
	}
}

var ansi = lazyregexp.New("\x1b\\[[0-9]*m")

// width is how many letters a terminal shows of s.
func width(s string) int { return utf8.RuneCountInString(ansi().ReplaceAllString(s, "")) }

func (t *text) top(p *Page) {
	title := printable(p.DisplayName) + " (" + p.Ref() + ")"
	t.line(t.styled(bold, title))
	if p.Deprecated() {
		t.wrappedStyled(red, "", "", p.deprecation())
	}
	t.wrapped("", "", p.Comment)
	t.line(printable(p.DocsURL))
}

// deprecation says what to use instead, and until when there is time.
func (p *Page) deprecation() string {
	text := "Deprecated."
	if p.Successor != "" {
		text = "Deprecated: use " + p.Successor + "."
	}
	if p.Sunset != "" {
		text += " It ends on " + p.Sunset + "."
	}
	return text
}

func (t *text) use(p *Page) {
	t.section("How to use it")
	for line := range strings.Lines(p.Use.YAML) {
		t.line(strings.TrimRight("  "+printable(strings.TrimSuffix(line, "\n")), " "))
	}
	t.WriteString("\n")
	t.wrapped("  ", "  ", p.Use.Fill())
	t.WriteString("\n")
	for _, c := range p.Use.Connect {
		t.line("  " + c)
	}
	t.WriteString("\n")
	t.wrapped("  ", "  ", "Without an account, against a simulator:")
	t.WriteString("\n")
	for _, c := range p.Use.Try {
		t.line("  " + c)
	}
	t.WriteString("\n")
	t.wrapped("  ", "  ", p.Use.Override)
}

// Fill says what to fill in before the first call.
func (u Use) Fill() string {
	text := "Put this into integrations.yaml"
	if strings.Contains(u.YAML, "<YOUR ") {
		text += ", fill in what stands in <…>"
	}
	if len(u.Variables) > 0 {
		text += ", set " + and(u.Variables) + " in the environment or in .env beside the file"
	}
	return text + ", then connect and call:"
}

func (t *text) inputs(title string, list []Input) {
	if len(list) == 0 {
		return
	}
	t.section(title)
	for _, in := range list {
		name := "  " + in.Name
		if traits := in.Traits(); len(traits) > 0 {
			t.wrapped(name+" (", "      ", strings.Join(traits, ", ")+")")
		} else {
			t.line(name)
		}
		t.wrapped("      ", "      ", strings.TrimSpace(strings.TrimSuffix(in.Title, ".")+". "+in.Description))
	}
}

func (t *text) coverage(p *Page) {
	rows := p.Coverage
	t.section("Coverage")
	column := 0
	for _, r := range rows {
		column = max(column, width(r.Part))
	}
	margin := strings.Repeat(" ", column+6)
	for _, r := range rows {
		style := cmp.Or(map[string]string{Covered: green, NotCovered: red}[r.State], dim)
		head := "  " + t.styled(style, r.Mark()) + " " + padded(r.Part, column) + "  "
		if r.How == "" {
			t.line(head)
			continue
		}
		t.wrapped(head, margin, r.How)
		if len(r.Steps) > 0 {
			t.wrappedStyled(dim, margin, margin+"  ", "played: "+strings.Join(r.Steps, ", "))
		}
	}
	t.WriteString("\n")
	t.wrapped("  ", "  ", whatPlays)
	t.WriteString("\n")
	t.line("  " + p.Play)
}

// whatPlays stands above the command.
const whatPlays = "What is played is a step in which this blueprint is used against a simulator of the provider. You can have all of them played:"

func padded(s string, column int) string { return s + strings.Repeat(" ", max(0, column-width(s))) }

func (t *text) facts(title string, list []Fact) {
	if len(list) == 0 {
		return
	}
	t.section(title)
	column := 0
	for _, f := range list {
		column = max(column, width(f.Label))
	}
	margin := strings.Repeat(" ", column+4)
	for _, f := range list {
		head := "  " + padded(f.Label, column) + "  "
		if !f.Code {
			t.wrapped(head, margin, f.Value)
			continue
		}
		for line := range strings.Lines(f.Value) { // whole, so that it can be copied
			t.line(head + printable(strings.TrimSuffix(line, "\n")))
			head = margin
		}
	}
}

func (t *text) errors(list []Meaning) {
	if len(list) == 0 {
		return
	}
	t.section("What errors mean")
	column := 0
	for _, m := range list {
		column = max(column, width(m.Kind))
	}
	for _, m := range list {
		t.wrapped("  "+padded(m.Kind, column)+"  ", strings.Repeat(" ", column+4), m.When)
	}
}

func (t *text) operations(p *Page) {
	if len(p.Operations) == 0 {
		return
	}
	t.section("Operations")
	t.wrapped("  ", "  ", whatOperationsAre)
	t.WriteString("\n")
	for _, o := range p.Operations {
		t.line("  " + t.styled(bold, printable(o.Name)) + " (" + string(o.Effect) + ")")
		t.wrapped("      ", "      ", o.Summary)
		if takes := o.Takes(); takes != "" {
			t.wrappedStyled(dim, "      ", "        ", "inputs: "+takes)
		}
	}
	t.WriteString("\n")
	t.line("  " + p.OperationsCommand())
}

// whatOperationsAre stands above the operations.
const whatOperationsAre = "Calls that are declared by name. Inputs in brackets may be left out. The command below explains one of them."

// OperationsCommand is the command that explains the first of the operations.
func (p *Page) OperationsCommand() string {
	return "nango-lite operations " + p.Name + " " + p.Operations[0].Name + " --sandbox"
}

func (t *text) notes(notes []Note) {
	if len(notes) == 0 {
		return
	}
	t.section("Field notes")
	for i, n := range notes {
		if i > 0 {
			t.WriteString("\n")
		}
		if n.About != "" {
			t.wrappedStyled(bold, "  ", "  ", n.About)
		}
		t.wrapped("  ", "  ", n.Text)
		if n.DocsURL != "" {
			t.line("  " + t.styled(dim, printable(n.DocsURL)))
		}
	}
}

func (t *text) versions(p *Page) {
	if len(p.Versions) < 2 {
		return
	}
	t.section("Versions")
	for _, v := range p.Versions {
		about := string(v.AuthMode)
		if v.Status == deprecated {
			about += ", deprecated"
		}
		t.wrapped("  "+v.Name+"  ", "      ", about+": "+v.Comment)
	}
}

// wrap breaks text into lines where it can: the first of at most first letters,
// the others of at most rest.
func wrap(s string, first, rest int) []string {
	var lines []string
	line, limit := "", first
	for _, word := range strings.Fields(s) {
		if line != "" && width(line)+1+width(word) > limit {
			lines = append(lines, line)
			line, limit = "", rest
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// printable keeps the terminal in its senses: a blueprint may be anybody's.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0: // controls
			return ' '
		case r == 0x61c, r == 0x200b, r == 0x200e, r == 0x200f, r == 0xfeff, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
			return ' ' // marks of direction (Unicode UAX 9), and what cannot be seen
		}
		return r
	}, s)
}
