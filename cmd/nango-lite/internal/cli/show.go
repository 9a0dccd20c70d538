package cli

import (
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nango-lite/nango-lite/internal/author/page"
)

func (a *app) showBlueprintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show <name[:version]>",
		Short: "Show how to use a blueprint, what it covers, and what to know about the API",
		Long: `Show prints what someone reads who wants to use an API: the block to paste, what
to bring, what the blueprint covers and which test proves it, and field notes.
Without a version it is the newest. --format markdown gives a page to keep.`,
		Args:              cobra.ExactArgs(1),
		Annotations:       map[string]string{formatsKey: formatMarkdown},
		ValidArgsFunction: a.completeBlueprints,
		RunE: func(_ *cobra.Command, args []string) error {
			e, err := a.lookup(args[0])
			if err != nil {
				return err
			}
			p := page.Of(e.blueprint, e.name)
			switch a.format {
			case formatJSON:
				return a.writeJSON(p)
			case formatMarkdown:
				return p.Markdown(a.io.Out)
			}
			return p.Text(a.io.Out, a.textOptions())
		},
	}
}

// Lines of a page are no longer than they are read with ease, however wide the
// terminal is.
const (
	narrowestPage = 40
	widestPage    = 100
)

// textOptions are those of stdout. NO_COLOR is the convention of no-color.org.
func (a *app) textOptions() page.TextOptions {
	if !isTerminal(a.io.Out) {
		return page.TextOptions{}
	}
	var o page.TextOptions
	if f, ok := a.io.Out.(interface{ Fd() uintptr }); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			o.Width = min(max(width, narrowestPage), widestPage)
		}
	}
	noColor, _ := a.deps.lookupEnv("NO_COLOR")
	kind, _ := a.deps.lookupEnv("TERM")
	o.Styled = noColor == "" && kind != "dumb"
	return o
}
