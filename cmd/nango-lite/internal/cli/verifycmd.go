package cli

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/internal/author/verify"
	"github.com/nango-lite/nango-lite/loader"
)

func verifyBlueprintsCommand(s *session.Session) *cobra.Command {
	o := verifyOptions{}
	cmd := &cobra.Command{
		Use:   "verify [name[:version]...] --against FILE|DIR",
		Short: "Hold blueprints against the documents that their providers publish",
		Long: `Verify compares a blueprint with what its provider publishes about its API: OpenAPI
3.x or 2.0, a Google discovery document, or the metadata of an authorization server
(RFC 8414), in JSON or YAML, packed by gzip or not. It reports, at the blueprint's
line and with the place in the document, where the two differ: addresses, scopes,
paths, methods, parameters, headers, largest pages, bodies and errors.

A difference is not yet a mistake of the blueprint. What a document has wrong stands
in a file of corrections, each with the page that says so; for the bundled catalog
they are part of the program. With a directory, documents are found by the name of
the blueprint or as the corrections say, and blueprints that have none are left out.

The exit code is 1 if there are differences. That a blueprint asks for another
version of the API than the document describes is a warning, and does not fail.`,
		Example: `  nango-lite --blueprints . blueprints verify acme --against openapi.json
  nango-lite blueprints verify --against ../openapi`,
		Annotations:       map[string]string{formatsKey: console.FormatGitHub},
		ValidArgsFunction: completer{s}.blueprints,
		RunE: func(_ *cobra.Command, args []string) error {
			return verifyBlueprints(s, args, o)
		},
	}
	cmd.Flags().StringArrayVar(&o.against, "against", nil, "`FILE` of a document, or a directory of documents; may be given more than once for files")
	cmd.Flags().StringVar(&o.corrections, "corrections", "", "`FILE` of corrections (default: those of the program for this name)")
	return cmd
}

type verifyOptions struct {
	against     []string
	corrections string
}

func verifyBlueprints(s *session.Session, args []string, o verifyOptions) error {
	dir, err := o.directory()
	if err != nil {
		return err
	}
	if dir == "" && len(args) != 1 {
		return console.Usagef("name one blueprint for the documents of --against, or give a directory of documents")
	}
	if o.corrections != "" && len(args) != 1 {
		return console.Usagef("--corrections goes with the name of one blueprint")
	}
	refs, broken, err := refs(s, args)
	if err != nil {
		return err
	}
	var found loader.Diagnostics
	held := 0
	progress := s.Progress("compared")
	defer progress.End()
	for _, ref := range refs {
		ds, compared, err := o.verify(s.Catalog(), ref, dir)
		if err != nil {
			return err
		}
		if compared {
			held++
		}
		found = append(found, ds...)
		progress.Step(len(refs))
	}
	progress.End()
	if err := writeDiagnostics(s, found.Sorted()); err != nil {
		return err
	}
	s.Notef("%s", verifySummary(held, len(refs), found))
	if broken || found.HasErrors() {
		return console.ErrReported
	}
	return nil
}

// directory returns the directory of --against; "" where there are files.
func (o verifyOptions) directory() (string, error) {
	if len(o.against) == 0 {
		return "", console.Usagef("say what to compare with: --against FILE or --against DIR")
	}
	for _, name := range o.against {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return "", err
		case info.IsDir() && len(o.against) > 1:
			return "", console.Usagef("--against takes files, or one directory")
		case info.IsDir():
			return name, nil
		}
	}
	return "", nil
}

func (o verifyOptions) verify(c *loader.Catalog, ref, dir string) (ds loader.Diagnostics, compared bool, err error) {
	name, version, _ := strings.Cut(ref, ":")
	corrections, err := o.corrected(name)
	if err != nil {
		return nil, false, err
	}
	var docs []*verify.Document
	if dir != "" {
		docs, err = verify.Directory(dir).Documents(corrections, name, version)
	} else {
		docs, err = openAll(o.against)
	}
	if err != nil || len(docs) == 0 {
		return nil, false, err
	}
	return slices.Concat(corrections.Apply(docs), verify.Check(c, ref, docs)), true, nil
}

func (o verifyOptions) corrected(name string) (*verify.Corrections, error) {
	if o.corrections != "" {
		return verify.OpenCorrections(o.corrections)
	}
	return verify.Bundled(name)
}

func openAll(files []string) (docs []*verify.Document, err error) {
	for _, file := range files {
		doc, openErr := verify.Open(file)
		err = errors.Join(err, openErr)
		docs = append(docs, doc)
	}
	return docs, err
}

func verifySummary(held, all int, found loader.Diagnostics) string {
	summary := console.Plural(held, "version") + " compared"
	if all > held {
		summary += ", " + console.Plural(all-held, "version") + " without a document"
	}
	for _, severity := range []loader.Severity{loader.Error, loader.Warning} {
		if !noneOf(found, severity) {
			summary += ", " + session.Count(found, severity)
		}
	}
	return summary
}
