package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/internal/author/page"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

func blueprintsCommand(s *session.Session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "blueprints",
		Short: "Look through the catalog of APIs",
		Args:  cobra.NoArgs,
		RunE:  help,
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "list",
			Short: "List all blueprints",
			Args:  cobra.NoArgs,
			RunE:  func(*cobra.Command, []string) error { return listBlueprints(s, nil) },
		},
		&cobra.Command{
			Use:   "search <word...>",
			Short: "List the blueprints that all words fit: by name, category or description",
			Args:  cobra.MinimumNArgs(1),
			RunE:  func(_ *cobra.Command, args []string) error { return listBlueprints(s, args) },
		},
		showBlueprintCommand(s),
		lintBlueprintsCommand(s),
		newBlueprintCommand(s),
		testBlueprintsCommand(s),
		verifyBlueprintsCommand(s),
		docsBlueprintCommand(s),
	)
	return cmd
}

// A listedBlueprint is one line of a list.
type listedBlueprint struct {
	Name        string   `json:"name"`
	DisplayName string   `json:"display_name"`
	Versions    []string `json:"versions"`
	AuthModes   []string `json:"auth_modes"`
	Categories  []string `json:"categories"`
	Comment     string   `json:"comment,omitempty"` // of the newest version
}

func listBlueprints(s *session.Session, words []string) error {
	found := []listedBlueprint{}
	index, problems := s.Catalog().Index()
	_ = problems.WriteText(s.Err)
	for _, e := range index {
		if l := listedOf(e); l.fits(words) {
			found = append(found, l)
		}
	}
	if err := writeBlueprints(s, found); err != nil {
		return err
	}
	if len(found) == 0 && len(words) > 0 {
		s.Notef("no blueprint fits; any API can be described in the integrations file itself")
		return console.ErrReported
	}
	return nil
}

func writeBlueprints(s *session.Session, found []listedBlueprint) error {
	if s.JSON() {
		return s.WriteJSON(found)
	}
	if len(found) == 0 {
		return nil
	}
	var rows [][]string
	for _, l := range found {
		rows = append(rows, []string{l.Name, l.DisplayName, strings.Join(l.Versions, " "), strings.Join(l.AuthModes, " "), strings.Join(l.Categories, " ")})
	}
	return s.WriteTable(console.Table{Head: []string{"NAME", "API", "VERSIONS", "AUTH", "CATEGORIES"}, Rows: rows})
}

func listedOf(e loader.IndexEntry) listedBlueprint {
	l := listedBlueprint{Name: e.Name, DisplayName: e.DisplayName, Categories: append([]string{}, e.Categories...)}
	for _, v := range e.Versions {
		l.Versions = append(l.Versions, v.Name)
		if !slices.Contains(l.AuthModes, v.AuthMode) {
			l.AuthModes = append(l.AuthModes, v.AuthMode)
		}
		l.Comment = v.Comment
	}
	return l
}

// fits reports whether each word stands somewhere in l.
func (l listedBlueprint) fits(words []string) bool {
	text := strings.ToLower(strings.Join(append([]string{l.Name, l.DisplayName, l.Comment}, append(l.Categories, l.AuthModes...)...), " "))
	for _, word := range words {
		if !strings.Contains(text, strings.ToLower(word)) {
			return false
		}
	}
	return true
}

// An entry is one version of a blueprint.
type entry struct {
	blueprint *schema.Blueprint
	version   *schema.Version
	name      string // of the version
}

// lookup finds a blueprint by name or name:version. Without a version it is the
// newest.
func lookup(s *session.Session, ref string) (entry, error) {
	name, wanted, pinned := strings.Cut(ref, ":")
	catalog := s.Catalog()
	_ = catalog.Check().WriteText(s.Err)
	b, ds, ok := catalog.Lookup(name)
	if !ok {
		return entry{}, fmt.Errorf("there is no blueprint %q; %s", name, suggestBlueprint(name, catalog))
	}
	_ = ds.WriteText(s.Err)
	versions := page.Versions(b)
	switch {
	case len(versions) == 0:
		return entry{}, fmt.Errorf("blueprint %q cannot be used: %s", name, session.Count(ds, loader.Error))
	case !pinned:
		wanted = versions[len(versions)-1]
	case b.Versions[wanted] == nil:
		return entry{}, fmt.Errorf("blueprint %q has no version %q; %s", name, wanted, console.DidYouMean(wanted, versions))
	}
	return entry{b, b.Versions[wanted], wanted}, nil
}

// suggestBlueprint offers the blueprints that a word fits: people know a product by
// its own name, or by a part of ours. Else it goes by letters.
func suggestBlueprint(word string, catalog *loader.Catalog) string {
	var fit []string
	index, _ := catalog.Index()
	for _, e := range index {
		if word != "" && (strings.Contains(e.Name, word) || strings.Contains(strings.ToLower(e.DisplayName), strings.ToLower(word))) {
			fit = append(fit, e.Name)
		}
	}
	if len(fit) == 0 {
		return console.DidYouMean(word, catalog.Names())
	}
	return "did you mean " + strings.Join(fit, " or ") + "?"
}
