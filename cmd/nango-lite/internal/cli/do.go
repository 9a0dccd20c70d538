package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// doFlags are those of do, beside the inputs.
type doFlags struct {
	connection string
	input      string
	paginate   bool
	dryRun     bool
}

func doCommand(s *session.Session) *cobra.Command {
	var flags doFlags
	cmd := &cobra.Command{
		Use:   "do <integration> <operation> [--INPUT value …]",
		Short: "Do what the integration declares as an operation",
		Long: `Do calls a declared operation. Each of its inputs is a flag; 'nango-lite operations
<integration> <operation>' and '--help' after the name list them. A list is a flag that
is given more than once, an object is JSON. The result is JSON on stdout.

An operation that reads a list gives one page, as {"items": […], "next_cursor": "…"};
--cursor goes on there, and --paginate reads all pages and writes the items, one a line.

What the operation's schema refuses is said before anything is sent. An operation that
is not declared repeatable reaches the provider at most once.`,
		Example: `  nango-lite do notion search --query tide
  nango-lite do github create_issue --owner tern --repo kelp --title 'Buoy drifts'
  nango-lite do notion search --input filter.json --paginate
  nango-lite --sandbox do notion search --query tide`,
		DisableFlagParsing: true, // which flags there are depends on the operation
	}
	f := cmd.Flags()
	f.StringVar(&flags.connection, "connection", "", "`ID` of the connection (default: the only one there is)")
	f.StringVar(&flags.input, "input", "", "`FILE` with the inputs as one JSON object, or - for stdin; flags count before it")
	f.BoolVar(&flags.paginate, "paginate", false, "read all pages and write the items, one a line (--format json: one array)")
	f.BoolVar(&flags.dryRun, "dry-run", false, "print the request that would be sent, with placeholders where credentials go, and send nothing")
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		return completer{s}.operation(cmd, args, toComplete)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return doer{caller{s}}.run(cmd, args, &flags) }
	return cmd
}

// A doer calls operations.
type doer struct{ caller }

func (d doer) run(cmd *cobra.Command, args []string, flags *doFlags) error {
	line, err := d.parseNames(cmd, args)
	if err != nil || line == nil {
		return err
	}
	u, err := d.Use(cmd.Context(), line.integration)
	if err != nil {
		return err
	}
	op := u.Integration.Operations[line.operation]
	if op == nil {
		return unknownOperation(u.Integration, line.operation)
	}
	inputs, err := d.parseInputs(cmd, line, op)
	if err != nil || inputs == nil {
		return err
	}
	if err := inputs.readFile(d.Session, flags.input); err != nil {
		return err
	}
	if flags.paginate && op.Pages == nil {
		return console.Usagef("%s has no pages: leave out --paginate", line.operation)
	}
	if flags.dryRun {
		return d.preview(cmd.Context(), u, line.operation, inputs.values)
	}
	k, err := d.pickForCall(cmd.Context(), u, flags.connection)
	if err != nil {
		return err
	}
	if flags.paginate {
		return d.each(cmd.Context(), u, k, line.operation, inputs.values)
	}
	result, err := u.Engine.Do(cmd.Context(), k, line.operation, inputs.values)
	if err != nil {
		return err
	}
	return d.write(result)
}

// unknownOperation says which operations there are.
func unknownOperation(in *schema.Integration, name string) error {
	names := slices.Sorted(maps.Keys(in.Operations))
	if len(names) == 0 {
		return console.Usagef("%s declares no operations; 'call' makes any request", in.Name)
	}
	if name == "" {
		return console.Usagef("say which operation: %s", console.DidYouMean("", names))
	}
	return console.Usagef("%s has no operation %q; %s", in.Name, name, console.DidYouMean(name, names))
}

// each writes the items of all pages.
func (d doer) each(ctx context.Context, u *session.Use, k engine.Key, operation string, inputs map[string]any) error {
	items := itemWriter{out: d.Out, array: d.JSON()}
	for item, err := range u.Engine.Each(ctx, k, operation, inputs) {
		if err != nil {
			return errors.Join(err, items.breakOff())
		}
		if err := items.write(item); err != nil {
			return err
		}
	}
	return items.close()
}

// write writes a result: indented for people, on one line for programs.
func (d doer) write(result json.RawMessage) error {
	if string(result) == "null" {
		d.Notef("done; the answer says nothing more")
		return nil
	}
	var out bytes.Buffer
	if console.IsTerminal(d.Out) {
		_ = json.Indent(&out, result, "", "  ") // it was read as JSON
	} else {
		_ = json.Compact(&out, result)
	}
	out.WriteByte('\n')
	_, err := d.Out.Write(out.Bytes())
	return err
}

// preview writes the request without its credentials, which stay the placeholders that
// the file has.
func (d doer) preview(ctx context.Context, u *session.Use, operation string, inputs map[string]any) error {
	in := u.Integration
	r, err := u.Engine.OperationRequest(ctx, engine.Key{Integration: in.Name, ConnectionID: session.DefaultConnection}, operation, inputs)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s%s\n", r.Method, strings.TrimSuffix(in.Requests.BaseURL, "/"), r.URL.RequestURI())
	lines := map[string]string{}
	for name, text := range in.Requests.Headers {
		lines[http.CanonicalHeaderKey(name)] = text
	}
	for name, values := range r.Header {
		lines[name] = strings.Join(values, ", ")
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&b, "%s: %s\n", name, console.OneLine(lines[name]))
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		var shown bytes.Buffer
		if json.Indent(&shown, body, "", "  ") != nil {
			shown.Write(body)
		}
		fmt.Fprintf(&b, "\n%s\n", shown.String())
	}
	_, err = io.WriteString(d.Out, b.String())
	return err
}

// readFile lays the inputs of a file under those that flags gave.
func (i *inputs) readFile(s *session.Session, name string) error {
	if name == "" {
		return nil
	}
	data, err := readNamed(s.In, name)
	if err != nil {
		return fmt.Errorf("read the inputs: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var given map[string]any
	if err := decoder.Decode(&given); err != nil || given == nil || decoder.More() {
		return console.Usagef("--input wants one JSON object")
	}
	for name, v := range given {
		if _, ok := i.values[name]; !ok {
			i.values[name] = v
		}
	}
	return nil
}

func readNamed(stdin io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}
