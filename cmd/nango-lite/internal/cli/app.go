package cli

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// An app is one run: its flags, and what was opened on the way.
type app struct {
	io   IO
	deps Deps

	files      []string // -c
	blueprints []string
	store      string
	keys       string // a file
	envFile    string
	sandbox    string // empty: the real providers
	trace      bool
	format     string
	verbose    bool

	start   time.Time
	lines   *bufio.Reader // of answers typed at the terminal
	closers []io.Closer
}

func newApp(streams IO, deps Deps) *app {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	streams.Err = &turnWriter{w: streams.Err}
	return &app{io: streams, deps: deps, start: deps.Now()}
}

// A turnWriter takes one write at a time: the engine tells of a refresh from a
// goroutine of its own.
type turnWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (t *turnWriter) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.w.Write(b)
}

// onClose has c closed at the end of the run, the last first.
func (a *app) onClose(c io.Closer) { a.closers = append(a.closers, c) }

func (a *app) close() {
	for _, c := range slices.Backward(a.closers) {
		if err := c.Close(); err != nil {
			fmt.Fprintf(a.io.Err, "warning: %s\n", oneLine(err.Error()))
		}
	}
}

// defaultFile is read where -c names none.
const defaultFile = "integrations.yaml"

// inProcess is what --sandbox without a URL means.
const inProcess = "in-process"

// Formats of --format.
const (
	formatText     = "text"
	formatJSON     = "json"
	formatGitHub   = "github"
	formatMarkdown = "markdown"
)

// root builds the tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "nango-lite",
		Short: "Name an API in YAML; get a client that is already authorised.",
		Long: `nango-lite reads integrations.yaml and calls the APIs it names: authorised,
refreshed, throttled, retried and logged.

On a fresh machine, without accounts or secrets:
  nango-lite init notion
  nango-lite --sandbox --trace call notion /v1/users`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          help,
	}
	root.SetIn(a.io.In)
	root.SetOut(a.io.Out)
	root.SetErr(a.io.Err)
	root.SuggestionsMinimumDistance = 2
	a.flags(root)
	root.AddGroup(&cobra.Group{ID: "config", Title: "Configuration:"}, &cobra.Group{ID: "use", Title: "Connections and calls:"})
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("config", a.initCommand(), a.validateCommand(), a.explainCommand(), a.blueprintsCommand(), a.schemaCommand())
	add("use", a.connectCommand(), a.connectionsCommand(), a.callCommand(), a.sandboxCommand(), a.storeCommand(), a.keysCommand())
	root.AddCommand(a.versionCommand())
	return root
}

func (a *app) flags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.SortFlags = false
	f.StringArrayVarP(&a.files, "config", "c", []string{defaultFile}, "integrations `FILE`; may be given more than once")
	f.StringArrayVar(&a.blueprints, "blueprints", nil, "`DIR` of blueprints over the bundled ones; may be given more than once")
	f.StringVar(&a.store, "store", "", "where connections live: a path, sqlite:PATH, or a postgres:// `URL` (default: a file in your data directory)")
	f.StringVar(&a.keys, "keys", "", "`FILE` of the keys that seal connections (default: NANGO_LITE_KEYS, or else a file beside them)")
	f.StringVar(&a.envFile, "env-file", "", "`FILE` of variables (default: .env beside the integrations file)")
	f.Var((*sandboxFlag)(&a.sandbox), "sandbox", "play the providers instead of calling them: in this process, or at the URL of a running 'nango-lite sandbox'")
	f.Lookup("sandbox").NoOptDefVal = noSandboxURL
	f.BoolVar(&a.trace, "trace", false, "explain on stderr what is done and why")
	f.StringVar(&a.format, "format", formatText, "text or json; for validate also github, for a blueprint's page markdown")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "write the engine's log to stderr")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.checkFlags(cmd) }
}

// A sandboxFlag takes a URL, or nothing at all.
type sandboxFlag string

// noSandboxURL is what the flag gets where it has no value; help shows it as
// --sandbox[=URL].
const noSandboxURL = "URL"

func (s *sandboxFlag) Set(text string) error {
	if text == noSandboxURL {
		text = inProcess
	}
	*s = sandboxFlag(text)
	return nil
}

func (s *sandboxFlag) String() string { return string(*s) }

// Type is that of flags that are written without a value.
func (s *sandboxFlag) Type() string { return "bool" }

// checkArgs finds the address of a sandbox that stands apart from its flag, which
// would be taken for a command or a path.
func checkArgs(args []string) error {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if arg == "--sandbox" && i+1 < len(args) && isAddress(args[i+1]) {
			return usagef("the address of a sandbox is written with =: --sandbox=%s", args[i+1])
		}
	}
	return nil
}

// isAddress reports whether text is an origin, or nearly so: a host and a port.
func isAddress(text string) bool {
	u, err := url.Parse(text)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return strings.Trim(u.Path, "/") == "" && u.RawQuery == ""
	}
	_, port, err := net.SplitHostPort(text)
	return err == nil && port != "" && strings.Trim(port, "0123456789") == ""
}

// formatsKey is the annotation of commands that know other formats than text and
// JSON.
const formatsKey = "formats"

func (a *app) checkFlags(cmd *cobra.Command) error {
	formats := []string{formatText, formatJSON}
	if more := cmd.Annotations[formatsKey]; more != "" {
		formats = append(formats, more)
	}
	if !slices.Contains(formats, a.format) {
		return usagef("--format is %s, not %q", strings.Join(formats, " or "), a.format)
	}
	if a.sandbox != "" && a.sandbox != inProcess {
		if u, err := url.Parse(a.sandbox); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return usagef("--sandbox=%s is not the URL of a sandbox, such as http://127.0.0.1:3004; without =URL it is played in this process", a.sandbox)
		}
	}
	return nil
}

func (a *app) json() bool { return a.format == formatJSON }

// help is what groups of commands do when none is named.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// notef tells the person at the terminal something that is not data.
func (a *app) notef(format string, args ...any) {
	fmt.Fprintf(a.io.Err, format+"\n", args...)
}

// isTerminal reports whether stream is a terminal.
func isTerminal(stream any) bool {
	if t, ok := stream.(*turnWriter); ok {
		stream = t.w
	}
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}
