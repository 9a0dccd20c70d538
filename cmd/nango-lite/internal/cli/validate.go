package cli

import (
	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/loader"
)

func validateCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "validate [file...]",
		Short: "Check integrations files",
		Long: `Validate reports everything that is wrong with the integrations files, at its
place, on stdout. Variables must be set, and placeholders filled in: it never
makes anything up, with --sandbox either.

The exit code is 1 if there are errors. Warnings alone do not fail.`,
		Annotations: map[string]string{formatsKey: console.FormatGitHub},
		RunE: func(cmd *cobra.Command, args []string) error {
			files := args
			if len(files) == 0 {
				if err := s.CheckFiles(); err != nil && !cmd.Flags().Changed("config") {
					return err
				}
				files = s.Files
			}
			cfg, ds := s.LoadFiles(cmd.Context(), files, nil)
			if err := writeDiagnostics(s, ds); err != nil {
				return err
			}
			summarize(s, len(cfg.Integrations), ds)
			if ds.HasErrors() {
				return console.ErrReported
			}
			return nil
		},
	}
}

func writeDiagnostics(s *session.Session, ds loader.Diagnostics) error {
	switch s.Format {
	case console.FormatJSON:
		return ds.WriteJSON(s.Out)
	case console.FormatGitHub:
		return ds.WriteGitHub(s.Out)
	}
	return ds.WriteText(s.Out)
}

func summarize(s *session.Session, whole int, ds loader.Diagnostics) {
	what := console.Plural(whole, "integration") + " ok"
	if ds.HasErrors() {
		what = session.Count(ds, loader.Error) + "; " + what
	}
	if !noneOf(ds, loader.Warning) {
		what += "; " + session.Count(ds, loader.Warning)
	}
	s.Notef("%s", what)
}

func noneOf(ds loader.Diagnostics, severity loader.Severity) bool {
	for _, d := range ds {
		if d.Severity == severity {
			return false
		}
	}
	return true
}
