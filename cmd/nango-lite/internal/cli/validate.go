package cli

import (
	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/loader"
)

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate [file...]",
		Short: "Check integrations files",
		Long: `Validate reports everything that is wrong with the integrations files, at its
place, on stdout. Variables must be set, and placeholders filled in: it never
makes anything up, with --sandbox either.

The exit code is 1 if there are errors. Warnings alone do not fail.`,
		Annotations: map[string]string{formatsKey: formatGitHub},
		RunE: func(cmd *cobra.Command, args []string) error {
			files := args
			if len(files) == 0 {
				if err := a.checkFiles(); err != nil && !cmd.Flags().Changed("config") {
					return err
				}
				files = a.files
			}
			cfg, ds := a.loadFiles(cmd.Context(), files, nil)
			if err := a.writeDiagnostics(ds); err != nil {
				return err
			}
			a.summarize(len(cfg.Integrations), ds)
			if ds.HasErrors() {
				return errReported
			}
			return nil
		},
	}
}

func (a *app) writeDiagnostics(ds loader.Diagnostics) error {
	switch a.format {
	case formatJSON:
		return ds.WriteJSON(a.io.Out)
	case formatGitHub:
		return ds.WriteGitHub(a.io.Out)
	}
	return ds.WriteText(a.io.Out)
}

func (a *app) summarize(whole int, ds loader.Diagnostics) {
	what := plural(whole, "integration") + " ok"
	if ds.HasErrors() {
		what = count(ds, loader.Error) + "; " + what
	}
	if !noneOf(ds, loader.Warning) {
		what += "; " + count(ds, loader.Warning)
	}
	a.notef("%s", what)
}

func noneOf(ds loader.Diagnostics, severity loader.Severity) bool {
	for _, d := range ds {
		if d.Severity == severity {
			return false
		}
	}
	return true
}
