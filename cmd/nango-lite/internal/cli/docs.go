package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/internal/author/page"
	"github.com/nango-lite/nango-lite/schema"
)

func docsBlueprintCommand(s *session.Session) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "docs -o DIR",
		Short: "Write the pages of all blueprints as a static site",
		Long: `Docs writes a site with a page for each version of each blueprint and an index that
can be searched. It is read from disk or put on any web server, asks no other host
for anything, and is the same bytes for the same catalog. Files of the same name are
replaced; others stay.`,
		Example: "  nango-lite blueprints docs -o site && open site/index.html",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if dir == "" {
				return console.Usagef("say where to: -o DIR")
			}
			return writeSite(s, dir)
		},
	}
	cmd.Flags().StringVarP(&dir, "output", "o", "", "`DIR` to write to; it is made if it is not there")
	_ = cmd.MarkFlagDirname("output") // fails only for a flag that is not there
	return cmd
}

func writeSite(s *session.Session, dir string) error {
	files, err := page.Site(wholeCatalog(s))
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("write the site: %w", err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return fmt.Errorf("write the site: %w", err)
		}
	}
	s.Notef("wrote %s: begin at %s", console.Plural(len(files), "file"), filepath.Join(dir, "index.html"))
	return nil
}

// wholeCatalog returns every blueprint that has a version to use, and says what
// is wrong with the others.
func wholeCatalog(s *session.Session) []*schema.Blueprint {
	catalog := s.Catalog()
	problems := catalog.Check()
	var out []*schema.Blueprint
	for _, name := range catalog.Names() {
		b, ds, ok := catalog.Lookup(name)
		problems = append(problems, ds...)
		if ok && len(b.Versions) > 0 {
			out = append(out, b)
		}
	}
	_ = problems.WriteText(s.Err)
	return out
}
