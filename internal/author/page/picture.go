package page

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/schema"
)

// Measures of the picture, in pixels.
const (
	pictureTop   = 92  // of the first row
	pictureRow   = 22  // height of a row
	pictureLeft  = 380 // of the first column
	pictureStep  = 62  // width of a column
	pictureRight = 16
)

// Picture returns the catalog as an SVG picture in light or dark colours, as the
// reader's system has it. What is covered is a disc, what is not a ring, and what
// need not be a stroke, so that it can be read without colours. The last column
// counts the steps of the bench that passed.
func Picture(catalog []*schema.Blueprint, reports []bench.Report) []byte {
	pages := pagesOf(catalog)
	width := pictureLeft + pictureStep*(len(columns)+1) + pictureRight
	height := pictureTop + pictureRow*len(pages) + 20
	var b strings.Builder
	f := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	f(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="title desc">`+"\n", width, height, width, height)
	f("<title id=\"title\">The catalog of nango-lite</title>\n")
	f("<desc id=\"desc\">%s in %s, and which parts of working with each are covered.</desc>\n", plural(len(catalog), "API"), plural(len(pages), "version"))
	b.WriteString(pictureStyle)
	f("<rect class=\"ground\" width=\"%d\" height=\"%d\" rx=\"10\"/>\n", width, height)
	f("<text class=\"head\" x=\"20\" y=\"34\">%s, %s</text>\n", plural(len(catalog), "API"), plural(len(pages), "version"))
	legend(&b)
	for i, c := range columns {
		f("<text class=\"soft\" text-anchor=\"middle\" x=\"%d\" y=\"%d\">%s</text>\n", columnX(i), pictureTop-12, escaped(c.short))
	}
	f("<text class=\"soft\" text-anchor=\"middle\" x=\"%d\" y=\"%d\">steps</text>\n", columnX(len(columns)), pictureTop-12)
	last := ""
	for i, p := range pages {
		y := pictureTop + pictureRow*i
		if p.Name != last {
			f("<path class=\"line\" d=\"M20 %dH%d\"/>\n", y, width-pictureRight)
			f("<text x=\"20\" y=\"%d\">%s</text>\n", y+15, escaped(p.DisplayName))
			last = p.Name
		}
		class := "soft"
		if p.Deprecated() {
			class = "soft old"
		}
		f("<text class=\"%s\" x=\"246\" y=\"%d\">%s</text><text class=\"soft\" x=\"272\" y=\"%d\">%s</text>\n", class, y+15, escaped(p.Version), y+15, escaped(shortMode(p.AuthMode)))
		for j, c := range columns {
			sign(&b, columnX(j), y+pictureRow/2, p.row(c.key).State)
		}
		f("<text class=\"soft\" text-anchor=\"middle\" x=\"%d\" y=\"%d\">%s</text>\n", columnX(len(columns)), y+15, stepsInShort(reports, p.Ref()))
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

const pictureStyle = `<style>
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #1b1f24; }
  .head { font-size: 17px; font-weight: 700; }
  .soft { font-size: 12px; fill: #57606a; } .old { text-decoration: line-through; }
  .ground { fill: #ffffff; } .line { stroke: #d9dde3; fill: none; }
  .yes { fill: #1a7f37; } .no { fill: none; stroke: #b42318; stroke-width: 2; } .none { stroke: #8c959f; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8ecf1; } .soft { fill: #a3adb9; } .ground { fill: #0f1318; } .line { stroke: #303945; }
    .yes { fill: #56d364; } .no { stroke: #ff8a80; } .none { stroke: #6e7986; }
  }
</style>
`

// stepsInShort says how many steps of a version passed; of how many, if one
// failed.
func stepsInShort(reports []bench.Report, ref string) string {
	i := slices.IndexFunc(reports, func(r bench.Report) bool { return r.Entry == ref })
	if i < 0 {
		return "–"
	}
	passed, failed := stepsOf(&reports[i], bench.Passed), stepsOf(&reports[i], bench.Failed)
	switch {
	case failed > 0:
		return fmt.Sprintf("%d of %d", passed, passed+failed)
	case passed == 0:
		return "–"
	}
	return fmt.Sprint(passed)
}

func columnX(i int) int { return pictureLeft + pictureStep*i + pictureStep/2 }

func sign(b *strings.Builder, x, y int, state string) {
	switch state {
	case Covered:
		fmt.Fprintf(b, "<circle class=\"yes\" cx=\"%d\" cy=\"%d\" r=\"5.5\"/>\n", x, y)
	case NotCovered:
		fmt.Fprintf(b, "<circle class=\"no\" cx=\"%d\" cy=\"%d\" r=\"4.5\"/>\n", x, y)
	default:
		fmt.Fprintf(b, "<path class=\"none\" d=\"M%d %dh8\"/>\n", x-4, y)
	}
}

func legend(b *strings.Builder) {
	x := pictureLeft + 20
	for _, s := range []struct{ state, text string }{{Covered, "covered"}, {NotCovered, "not covered"}, {NotNeeded, "nothing to cover"}} {
		sign(b, x, 29, s.state)
		fmt.Fprintf(b, "<text class=\"soft\" x=\"%d\" y=\"33\">%s</text>\n", x+12, s.text)
		x += 40 + 8*len(s.text)
	}
}

func shortMode(mode schema.AuthMode) string {
	if mode == schema.UsernamePassword {
		return "User, password"
	}
	return modeName(mode)
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes all
	return b.String()
}
