package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/internal/author/page"
)

func testBlueprintsCommand(s *session.Session) *cobra.Command {
	var live, refresh bool
	cmd := &cobra.Command{
		Use:   "test [name[:version]...]",
		Short: "Play blueprints through every step they have, against the sandbox",
		Long: `Test takes blueprints through every step that their mode has, the engine on one
side and the sandbox on the other: connect, exchange, calls, pages, expiry,
refresh, revocation, rate limit, retries, errors. Without names it plays all.

It shows that a blueprint and the engine agree, not that the blueprint is right
about the provider. --live asks the provider: it takes the integrations of -c
that extend the blueprints named, with your own connections, and makes calls
that only read: verify, samples of GET, and one page of a list.

The exit code is 1 if a step failed. A step that a blueprint does not have is –.`,
		Example: `  nango-lite --blueprints . blueprints test acme
  nango-lite -c integrations.yaml blueprints test notion --live`,
		ValidArgsFunction: completer{s}.blueprints,
		RunE: func(cmd *cobra.Command, args []string) error {
			if refresh && !live {
				return console.Usagef("--refresh goes with --live")
			}
			if live {
				return testLive(s, cmd.Context(), args, refresh)
			}
			return testBlueprints(s, cmd.Context(), args)
		},
	}
	cmd.Flags().BoolVar(&live, "live", false, "call the real provider with the connections of -c; nothing is written")
	cmd.Flags().BoolVar(&refresh, "refresh", false, "with --live: refresh the token as well")
	return cmd
}

func testBlueprints(s *session.Session, ctx context.Context, args []string) error {
	refs, broken, err := refs(s, args)
	if err != nil {
		return err
	}
	progress := s.Progress("played")
	reports := bench.Catalog(ctx, s.Catalog(), refs, bench.Options{Played: func() { progress.Step(len(refs)) }})
	progress.End()
	if err := writeReports(s, reports, bench.Steps()); err != nil {
		return err
	}
	if broken {
		return console.ErrReported
	}
	return failedOf(reports)
}

// refs returns the versions that args name, all of a blueprint where no version is
// given, and reports those that cannot be played because they are broken.
func refs(s *session.Session, args []string) (refs []string, broken bool, err error) {
	catalog := s.Catalog()
	problems := catalog.Check()
	names := args
	if len(names) == 0 {
		names = catalog.Names()
	}
	all := bench.Refs(catalog)
	for _, arg := range names {
		name, version, pinned := strings.Cut(arg, ":")
		b, ds, ok := catalog.Lookup(name)
		if !ok {
			return nil, false, fmt.Errorf("there is no blueprint %q; %s", name, suggestBlueprint(name, catalog))
		}
		problems = append(problems, ds...)
		var found []string
		for _, ref := range all {
			if ref == arg || !pinned && strings.HasPrefix(ref, name+":") {
				found = append(found, ref)
			}
		}
		if len(found) == 0 && !ds.HasErrors() {
			return nil, false, fmt.Errorf("blueprint %q has no version %q; %s", name, version, console.DidYouMean(version, page.Versions(b)))
		}
		refs = append(refs, found...)
	}
	_ = problems.Sorted().WriteText(s.Err)
	return append([]string{}, refs...), problems.HasErrors(), nil
}

func failedOf(reports []bench.Report) error {
	if slices.ContainsFunc(reports, bench.Report.Failed) {
		return console.ErrReported
	}
	return nil
}

// marks are how a table shows what became of a step.
var marks = map[bench.Status]string{bench.Passed: "✓", bench.Failed: "✗", bench.Absent: "–"}

func markStyle(_ int, cell string) console.Style {
	return map[string]console.Style{marks[bench.Passed]: console.Good, marks[bench.Failed]: console.Bad}[cell]
}

// writeReports writes a line for each step of one entry, or a table of several.
func writeReports(sess *session.Session, reports []bench.Report, steps []string) error {
	if sess.JSON() {
		return sess.WriteJSON(reports)
	}
	if len(reports) == 1 {
		rows := [][]string{}
		for _, s := range reports[0].Steps {
			rows = append(rows, []string{marks[s.Status], s.Step, s.Detail})
		}
		return sess.WriteTable(console.Table{Rows: rows, Style: markStyle})
	}
	head := []string{"BLUEPRINT", "MODE"}
	for _, s := range steps {
		head = append(head, strings.ToUpper(s))
	}
	var rows, failures [][]string
	for _, r := range reports {
		row := []string{r.Entry, r.Mode}
		for _, step := range steps {
			s := r.Step(step)
			row = append(row, marks[s.Status])
			if s.Status == bench.Failed {
				failures = append(failures, []string{r.Entry, s.Step, s.Detail})
			}
		}
		rows = append(rows, row)
	}
	if err := sess.WriteTable(console.Table{Head: head, Rows: rows, Style: markStyle}); err != nil || len(failures) == 0 {
		return err
	}
	fmt.Fprintln(sess.Out)
	return sess.WriteTable(console.Table{Rows: failures})
}
