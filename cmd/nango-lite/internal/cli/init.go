package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/internal/author/page"
	"github.com/nango-lite/nango-lite/schema"
)

func initCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "init [blueprint...]",
		Short: "Write an integrations file to start from",
		Long: `Init writes integrations.yaml (or the file that -c names) with a block for each
blueprint. Beside it come .env.example with the variables that it takes, and
integrations.schema.json, by which editors complete and check the file. It never
overwrites a file. Without a version a blueprint is the newest.`,
		Example:           "  nango-lite init notion\n  nango-lite init github airtable:v0",
		ValidArgsFunction: completer{s}.blueprints,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(s.Files) != 1 {
				return console.Usagef("init writes one file, and -c names %d", len(s.Files))
			}
			return runInit(s, s.Files[0], args)
		},
	}
}

func runInit(s *session.Session, name string, refs []string) error {
	var blocks [][]string
	var variables []string
	seen := map[string]bool{}
	for _, ref := range refs {
		e, err := lookup(s, ref)
		if err != nil {
			return err
		}
		if seen[e.blueprint.Name] {
			return console.Usagef("blueprint %q is named twice", e.blueprint.Name)
		}
		seen[e.blueprint.Name] = true
		lines, vars := page.Block(e.blueprint, e.name)
		blocks = append(blocks, lines)
		variables = append(variables, vars...)
	}
	if err := writeNew(name, initialFile(blocks)); err != nil {
		return err
	}
	s.Notef("wrote %s", name)
	if err := writeSchema(s, filepath.Join(filepath.Dir(name), schemaFile)); err != nil {
		return err
	}
	if err := writeEnvExample(s, filepath.Join(filepath.Dir(name), ".env.example"), variables); err != nil {
		return err
	}
	nextSteps(s, name, refs)
	return nil
}

// schemaFile lies beside the integrations file, so that editors find it without a
// network and it fits the program that reads the file.
const schemaFile = "integrations.schema.json"

// initialFile is the integrations file. Its first line tells editors what may
// stand in it.
func initialFile(blocks [][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# yaml-language-server: $schema=%s\n\n", schemaFile)
	b.WriteString("# ${NAME} takes a variable from the environment, or from .env beside this file.\n")
	if len(blocks) == 0 {
		b.WriteString("# Add a block for each API: 'nango-lite blueprints list' shows which are known.\nintegrations: {}\n")
		return b.String()
	}
	b.WriteString("integrations:\n")
	for i, lines := range blocks {
		if i > 0 {
			b.WriteString("\n")
		}
		for _, line := range lines {
			if line != "" {
				line = "    " + line
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// writeSchema leaves a file alone that is there: it may be of another version, or
// none of ours.
func writeSchema(s *session.Session, name string) error {
	err := writeNew(name, string(schema.IntegrationsJSON))
	if errors.Is(err, fs.ErrExist) {
		if there, err := os.ReadFile(name); err != nil || !bytes.Equal(there, schema.IntegrationsJSON) {
			s.Notef("left %s alone; 'nango-lite schema integrations' prints the one of this version", name)
		}
		return nil
	}
	if err == nil {
		s.Notef("wrote %s", name)
	}
	return err
}

// writeEnvExample leaves a file alone that is there: many projects have one.
func writeEnvExample(s *session.Session, name string, variables []string) error {
	var b strings.Builder
	b.WriteString("# Copy this file to .env, fill it in, and keep .env out of version control.\n")
	for _, v := range variables {
		b.WriteString(v + "=\n")
	}
	err := writeNew(name, b.String())
	switch {
	case errors.Is(err, fs.ErrExist) && len(variables) > 0:
		s.Notef("left %s alone; it needs %s", name, strings.Join(variables, ", "))
		return nil
	case errors.Is(err, fs.ErrExist):
		return nil
	case err == nil:
		s.Notef("wrote %s", name)
	}
	return err
}

// An existsError is fs.ErrExist, in words that say it once.
type existsError struct{ name string }

func (e existsError) Error() string { return e.name + " is there already and stays as it is" }

func (e existsError) Is(target error) bool { return target == fs.ErrExist }

// writeNew writes a file that must not be there yet.
func writeNew(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return existsError{name}
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func nextSteps(s *session.Session, name string, refs []string) {
	config := ""
	if name != session.DefaultFile {
		config = " -c " + name
	}
	s.Notef("\nnext:")
	if len(refs) == 0 {
		s.Notef("  nango-lite blueprints list  look for an API, and paste its block into %s", name)
		return
	}
	first, _, _ := strings.Cut(refs[0], ":")
	_ = console.WriteColumns(s.Err, [][]string{
		{"  nango-lite blueprints show " + refs[0], "what to bring, and what to know"},
		{"  nango-lite" + config + " validate", "what is still to fill in"},
		{"  nango-lite" + config + " --sandbox connect " + first, "try it without an account"},
	})
}
