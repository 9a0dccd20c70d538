package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/internal/author/page"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

func (a *app) blueprintsCommand() *cobra.Command {
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
			RunE:  func(*cobra.Command, []string) error { return a.listBlueprints(nil) },
		},
		&cobra.Command{
			Use:   "search <word...>",
			Short: "List the blueprints that all words fit: by name, category or description",
			Args:  cobra.MinimumNArgs(1),
			RunE:  func(_ *cobra.Command, args []string) error { return a.listBlueprints(args) },
		},
		a.showBlueprintCommand(),
		a.lintBlueprintsCommand(),
		a.newBlueprintCommand(),
		a.testBlueprintsCommand(),
		a.docsBlueprintCommand(),
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

func (a *app) listBlueprints(words []string) error {
	found := []listedBlueprint{}
	for _, b := range a.wholeCatalog() {
		if l := listedOf(b); l.fits(words) {
			found = append(found, l)
		}
	}
	if err := a.writeBlueprints(found); err != nil {
		return err
	}
	if len(found) == 0 && len(words) > 0 {
		a.notef("no blueprint fits; any API can be described in the integrations file itself")
		return errReported
	}
	return nil
}

func (a *app) writeBlueprints(found []listedBlueprint) error {
	if a.json() {
		return a.writeJSON(found)
	}
	if len(found) == 0 {
		return nil
	}
	rows := [][]string{{"NAME", "API", "VERSIONS", "AUTH", "CATEGORIES"}}
	for _, l := range found {
		rows = append(rows, []string{l.Name, l.DisplayName, strings.Join(l.Versions, " "), strings.Join(l.AuthModes, " "), strings.Join(l.Categories, " ")})
	}
	return writeColumns(a.io.Out, rows)
}

func listedOf(b *schema.Blueprint) listedBlueprint {
	l := listedBlueprint{Name: b.Name, DisplayName: b.DisplayName, Versions: page.Versions(b), Categories: append([]string{}, b.Categories...)}
	for _, v := range l.Versions {
		if mode := string(b.Versions[v].Auth.AuthMode); !slices.Contains(l.AuthModes, mode) {
			l.AuthModes = append(l.AuthModes, mode)
		}
		l.Comment = b.Versions[v].Comment
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
func (a *app) lookup(ref string) (entry, error) {
	name, wanted, pinned := strings.Cut(ref, ":")
	catalog := a.catalog()
	_ = catalog.Check().WriteText(a.io.Err)
	b, ds, ok := catalog.Lookup(name)
	if !ok {
		return entry{}, fmt.Errorf("there is no blueprint %q; %s", name, didYouMean(name, catalog.Names()))
	}
	_ = ds.WriteText(a.io.Err)
	versions := page.Versions(b)
	switch {
	case len(versions) == 0:
		return entry{}, fmt.Errorf("blueprint %q cannot be used: %s", name, count(ds, loader.Error))
	case !pinned:
		wanted = versions[len(versions)-1]
	case b.Versions[wanted] == nil:
		return entry{}, fmt.Errorf("blueprint %q has no version %q; %s", name, wanted, didYouMean(wanted, versions))
	}
	return entry{b, b.Versions[wanted], wanted}, nil
}

// completeBlueprints offers the names of blueprints.
func (a *app) completeBlueprints(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return a.catalog().Names(), cobra.ShellCompDirectiveNoFileComp
}
