package cli

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/schema"
)

func operationsCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "operations <integration> [operation]",
		Short: "List and explain the operations of an integration",
		Example: `  nango-lite operations notion
  nango-lite operations notion search`,
		Args: cobra.MaximumNArgs(2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completer{s}.operation(cmd, args, toComplete)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return console.Usagef("say which integration: %s", arguments{s}.known(cmd.Context()))
			}
			in, err := s.Integration(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			d := doer{caller{s}}
			if len(args) == 1 {
				return d.listOperations(in)
			}
			if in.Operations[args[1]] == nil {
				return unknownOperation(in, args[1])
			}
			return d.explainOperation(in.Name, args[1], in.Operations[args[1]])
		},
	}
}

// A shownOperation is an operation as JSON shows it.
type shownOperation struct {
	Name        string         `json:"name"`
	Summary     string         `json:"summary"`
	Description string         `json:"description,omitempty"`
	DocsURL     string         `json:"docs_url,omitempty"`
	Effect      schema.Effect  `json:"effect"`
	Repeat      schema.Repeat  `json:"repeat"`
	Method      string         `json:"method"`
	Path        string         `json:"path"`
	Pages       bool           `json:"pages"`
	Input       map[string]any `json:"input,omitempty"`
	Output      *schema.Output `json:"output,omitempty"`
}

func shownOperationOf(name string, o *schema.Operation) shownOperation {
	return shownOperation{
		Name: name, Summary: o.Summary, Description: o.Description, DocsURL: o.DocsURL, Effect: o.Does(), Repeat: o.Repeats(false),
		Method: o.Request.Verb(), Path: o.Request.Path, Pages: o.Pages != nil, Input: o.Input, Output: o.Output,
	}
}

func (d doer) listOperations(in *schema.Integration) error {
	names := slices.Sorted(maps.Keys(in.Operations))
	shown := make([]shownOperation, len(names))
	var rows [][]string
	for i, name := range names {
		shown[i] = shownOperationOf(name, in.Operations[name])
		rows = append(rows, []string{name, string(shown[i].Effect), console.OneLine(shown[i].Summary)})
	}
	if d.JSON() {
		return d.WriteJSON(shown)
	}
	if len(names) == 0 {
		d.Notef("%s declares no operations; 'call' makes any request", in.Name)
		return nil
	}
	return d.WriteTable(console.Table{
		Head: []string{"OPERATION", "EFFECT", "DOES"}, Rows: rows, Style: console.InColumn(1, map[string]console.Style{string(schema.EffectDestroy): console.Doubtful}),
	})
}

// explainOperation writes what a caller needs to know.
func (d doer) explainOperation(integration, name string, o *schema.Operation) error {
	shown := shownOperationOf(name, o)
	if d.JSON() {
		return d.WriteJSON(shown)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", console.OneLine(o.Summary))
	if o.Description != "" {
		fmt.Fprintf(&b, "%s\n\n", console.OneLine(o.Description))
	}
	rows := [][]string{{"request", shown.Method + " " + o.Request.Path}, {"effect", string(shown.Effect)}, {"repeat", string(shown.Repeat)}}
	if shown.Pages {
		rows = append(rows, []string{"pages", "yes: --paginate reads all, --cursor goes on"})
	}
	if o.DocsURL != "" {
		rows = append(rows, []string{"docs", o.DocsURL})
	}
	if err := console.WriteColumns(&b, rows); err != nil {
		return err
	}
	line := []string{"do", integration, name}
	if inputs := o.Inputs(); len(inputs) > 0 {
		b.WriteString("\nInputs:\n")
		rows := [][]string{}
		for _, in := range inputs {
			rows = append(rows, []string{"  --" + flagName(in.Name), cmp.Or(in.Type, "any"), usageOf(in)})
			if in.Required {
				line = append(line, "--"+flagName(in.Name), strings.ToUpper(in.Name))
			}
		}
		if err := console.WriteColumns(&b, rows); err != nil {
			return err
		}
	}
	fmt.Fprintf(&b, "\n  %s\n", d.CommandLine(line...))
	_, err := io.WriteString(d.Out, b.String())
	return err
}

// operation offers integrations, their operations, and the inputs of one.
func (c completer) operation(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	if len(args) == 0 {
		return c.integrations(cmd, args, toComplete)
	}
	if c.CheckFiles() != nil {
		return nil, none
	}
	cfg, _ := c.LoadFiles(cmd.Context(), c.Files, &session.Inventions{})
	if cfg == nil || cfg.Integrations[args[0]] == nil {
		return nil, none
	}
	operations := cfg.Integrations[args[0]].Operations
	var words []string
	if len(args) == 1 {
		for _, name := range slices.Sorted(maps.Keys(operations)) {
			words = append(words, name+"\t"+console.OneLine(operations[name].Summary))
		}
		return words, none
	}
	if o := operations[args[1]]; o != nil && strings.HasPrefix(toComplete, "-") {
		for _, in := range o.Inputs() {
			words = append(words, "--"+flagName(in.Name)+"\t"+usageOf(in))
		}
	}
	return words, none
}
