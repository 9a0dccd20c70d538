package cli

import (
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/internal/author/page"
)

func showBlueprintCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "show <name[:version]>",
		Short: "Show how to use a blueprint, what it covers, and what to know about the API",
		Long: `Show prints what someone reads who wants to use an API: the block to paste, what
to bring, what the blueprint covers and which test proves it, and field notes.
Without a version it is the newest. --format markdown gives a page to keep.`,
		Args:              cobra.ExactArgs(1),
		Annotations:       map[string]string{formatsKey: console.FormatMarkdown},
		ValidArgsFunction: completer{s}.blueprints,
		RunE: func(_ *cobra.Command, args []string) error {
			e, err := lookup(s, args[0])
			if err != nil {
				return err
			}
			p := page.Of(e.blueprint, e.name)
			switch s.Format {
			case console.FormatJSON:
				return s.WriteJSON(p)
			case console.FormatMarkdown:
				return p.Markdown(s.Out)
			}
			return p.Text(s.Out, textOptions(s))
		},
	}
}

// Lines of a page are no longer than they are read with ease, however wide the
// terminal is.
const (
	narrowestPage = 40
	widestPage    = 100
)

// textOptions are those of stdout.
func textOptions(s *session.Session) page.TextOptions {
	if !console.IsTerminal(s.Out) {
		return page.TextOptions{}
	}
	var o page.TextOptions
	if f, ok := s.Out.(interface{ Fd() uintptr }); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			o.Width = min(max(width, narrowestPage), widestPage)
		}
	}
	o.Styled = s.Styled()
	return o
}
