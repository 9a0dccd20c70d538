package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/schema"
)

// An operationLine is what a command line says of an operation: its names, and the
// arguments after them.
type operationLine struct {
	integration, operation string
	rest                   []string
}

// parseNames reads the flags of the program, and the first two words beside them. It
// returns nil where help was wanted and has been given.
func (d doer) parseNames(cmd *cobra.Command, args []string) (*operationLine, error) {
	f := cmd.Flags()
	f.AddFlagSet(cmd.InheritedFlags())
	cmd.InitDefaultHelpFlag()
	f.SetInterspersed(false)
	var names []string
	for len(names) < 2 {
		if err := f.Parse(args); err != nil {
			return nil, console.UsageError{Err: err}
		}
		if args = f.Args(); len(args) == 0 {
			break
		}
		names, args = append(names, args[0]), args[1:]
	}
	if err := checkFlags(d.Session, cmd); err != nil {
		return nil, err
	}
	if wanted, _ := f.GetBool("help"); wanted && len(names) < 2 {
		return nil, cmd.Help()
	}
	switch len(names) {
	case 0:
		return nil, console.Usagef("say which integration: %s", arguments{d.Session}.known(cmd.Context()))
	case 1:
		in, err := d.Integration(cmd.Context(), names[0])
		if err != nil {
			return nil, err
		}
		return nil, unknownOperation(in, "")
	}
	return &operationLine{names[0], names[1], args}, nil
}

// inputs are what flags gave to an operation.
type inputs struct{ values map[string]any }

// parseInputs reads the rest of a command line, where each input is a flag. It returns
// nil where help was wanted and has been given.
func (d doer) parseInputs(cmd *cobra.Command, line *operationLine, op *schema.Operation) (*inputs, error) {
	f := cmd.Flags()
	of := &inputs{map[string]any{}}
	declared := op.Inputs()
	if op.Pages != nil {
		declared = append(declared, schema.Input{Name: "cursor", Type: "string", Description: "Where the list goes on: next_cursor of the page before."})
	}
	for _, in := range declared {
		name := flagName(in.Name)
		if f.Lookup(name) != nil {
			name = "input-" + name // the program has a flag of that name
		}
		f.Var(&inputFlag{in: in, into: of.values}, name, usageOf(in))
		if in.Type == "boolean" {
			f.Lookup(name).NoOptDefVal = "true"
		}
	}
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName { return pflag.NormalizedName(flagName(name)) })
	f.SetInterspersed(true)
	if err := f.Parse(line.rest); err != nil {
		return nil, console.UsageError{Err: inputError(err, declared)}
	}
	if err := checkFlags(d.Session, cmd); err != nil {
		return nil, err
	}
	if wanted, _ := f.GetBool("help"); wanted {
		return nil, d.explainOperation(line.integration, line.operation, op)
	}
	if rest := f.Args(); len(rest) > 0 {
		return nil, console.Usagef("%q is too much: an input is a flag, such as --%s %s", rest[0], exampleFlag(declared), rest[0])
	}
	return of, nil
}

func flagName(name string) string { return strings.ReplaceAll(name, "_", "-") }

func exampleFlag(declared []schema.Input) string {
	if len(declared) == 0 {
		return "NAME"
	}
	return flagName(declared[0].Name)
}

// inputError says of a flag that is not there which is meant.
func inputError(err error, declared []schema.Input) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	names := make([]string, len(declared))
	for i, in := range declared {
		names[i] = flagName(in.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("%w; the operation has no inputs", err)
	}
	return fmt.Errorf("%w; %s", err, console.DidYouMean(unknown.GetSpecifiedName(), names))
}

// usageOf describes an input on one line.
func usageOf(in schema.Input) string {
	text := console.OneLine(in.Description)
	var more []string
	if in.Required {
		more = append(more, "required")
	}
	if len(in.Enum) > 0 {
		words := make([]string, len(in.Enum))
		for i, v := range in.Enum {
			words[i] = fmt.Sprint(v)
		}
		more = append(more, "one of "+strings.Join(words, ", "))
	}
	if in.Default != nil {
		more = append(more, fmt.Sprintf("default %v", in.Default))
	}
	if len(more) > 0 {
		text = strings.TrimSpace(text + " (" + strings.Join(more, "; ") + ")")
	}
	return text
}

// An inputFlag is one input on the command line.
type inputFlag struct {
	in   schema.Input
	into map[string]any
}

// Type is shown in the help.
func (f *inputFlag) Type() string {
	switch f.in.Type {
	case "":
		return "value"
	case "boolean":
		return "bool" // needs no value
	case "array", "object":
		return "JSON"
	}
	return f.in.Type
}

func (f *inputFlag) String() string { return "" }

// Set reads one value. A list takes its elements one by one, or all at once as JSON.
func (f *inputFlag) Set(text string) error {
	switch f.in.Type {
	case "array":
		var all []any
		if strings.HasPrefix(text, "[") && decode(text, &all) == nil {
			f.into[f.in.Name] = all
			return nil
		}
		items, _ := f.in.Schema["items"].(map[string]any)
		kind, _ := items["type"].(string)
		v, err := scalar(kind, text)
		if err != nil {
			return err
		}
		list, _ := f.into[f.in.Name].([]any)
		f.into[f.in.Name] = append(slices.Clip(list), v)
		return nil
	}
	v, err := scalar(f.in.Type, text)
	f.into[f.in.Name] = v
	return err
}

// scalar reads a value of a type of JSON Schema. Of no declared type, it is JSON where it
// reads as JSON, and a text otherwise.
func scalar(kind, text string) (any, error) {
	var v any
	switch kind {
	case "string":
		return text, nil
	case "boolean":
		return strconv.ParseBool(text)
	case "integer", "number":
		if decode(text, &v) != nil {
			return nil, fmt.Errorf("it is not a number")
		}
		if _, ok := v.(json.Number); !ok {
			return nil, fmt.Errorf("it is not a number")
		}
		return v, nil
	case "object":
		if decode(text, &v) != nil {
			return nil, fmt.Errorf("it is not JSON")
		}
		return v, nil
	}
	if decode(text, &v) != nil {
		return text, nil
	}
	return v, nil
}

func decode(text string, into any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return errors.New("more than one value")
	}
	return nil
}
