package cli

import (
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/version"
)

// root builds the tree of commands.
func root(s *session.Session) *cobra.Command {
	root := &cobra.Command{
		Use:   "nango-lite",
		Short: "Name an API in YAML; get a client that is already authorised.",
		Long: `nango-lite reads integrations.yaml and calls the APIs it names: authorised,
refreshed, throttled, retried and logged.

On a fresh machine, without accounts or secrets:
  nango-lite init notion
  nango-lite --sandbox --trace call notion /v1/users`,
		Version:       version.Current().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          help,
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate("{{.Version}}\n")
	flags(s, root)
	root.AddGroup(&cobra.Group{ID: "config", Title: "Configuration:"}, &cobra.Group{ID: "use", Title: "Connections and calls:"})
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("config", initCommand(s), validateCommand(s), explainCommand(s), lockCommand(s), doctorCommand(s), blueprintsCommand(s), schemaCommand(s))
	add("use", connectCommand(s), connectionsCommand(s), callCommand(s), doCommand(s), operationsCommand(s), mcpCommand(s), sandboxCommand(s), serveCommand(s), storeCommand(s), keysCommand(s), apiKeysCommand(s), auditCommand(s), importCommand(s))
	root.AddCommand(versionCommand(s))
	return root
}

func flags(s *session.Session, root *cobra.Command) {
	f := root.PersistentFlags()
	f.SortFlags = false
	f.StringArrayVarP(&s.Files, "config", "c", []string{session.DefaultFile}, "integrations `FILE`; may be given more than once")
	f.StringArrayVar(&s.BlueprintDirs, "blueprints", nil, "`DIR` of blueprints over the bundled ones; may be given more than once")
	f.StringVar(&s.StoreAt, "store", "", "where connections live: a path, sqlite:PATH, or a postgres:// `URL` (default: a file in your data directory)")
	f.StringVar(&s.KeyFile, "keys", "", "`FILE` of the keys that seal connections (default: NANGO_LITE_KEYS, or else a file beside them)")
	f.StringVar(&s.EnvFile, "env-file", "", "`FILE` of variables (default: .env beside the integrations file)")
	f.Var((*sandboxFlag)(&s.Sandbox), "sandbox", "play the providers instead of calling them: in this process, or at the URL of a running 'nango-lite sandbox'")
	f.Lookup("sandbox").NoOptDefVal = noSandboxURL
	f.BoolVar(&s.Trace, "trace", false, "explain on stderr what is done and why")
	f.StringVar(&s.Format, "format", console.FormatText, "text or json; for validate also github, for a blueprint's page markdown")
	f.BoolVarP(&s.Verbose, "verbose", "v", false, "write the engine's log to stderr")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return checkFlags(s, cmd) }
}

// A sandboxFlag takes a URL, or nothing at all.
type sandboxFlag string

// noSandboxURL is what the flag gets where it has no value; help shows it as
// --sandbox[=URL].
const noSandboxURL = "URL"

func (s *sandboxFlag) Set(text string) error {
	if text == noSandboxURL {
		text = session.InProcess
	}
	*s = sandboxFlag(text)
	return nil
}

func (s *sandboxFlag) String() string { return string(*s) }

// Type is that of flags that are written without a value.
func (s *sandboxFlag) Type() string { return "bool" }

func checkFlags(s *session.Session, cmd *cobra.Command) error {
	formats := []string{console.FormatText, console.FormatJSON}
	if more := cmd.Annotations[formatsKey]; more != "" {
		formats = append(formats, more)
	}
	if !slices.Contains(formats, s.Format) {
		return console.Usagef("--format is %s, not %q", strings.Join(formats, " or "), s.Format)
	}
	if s.Sandbox != "" && s.Sandbox != session.InProcess {
		if u, err := url.Parse(s.Sandbox); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return console.Usagef("--sandbox=%s is not the URL of a sandbox, such as http://127.0.0.1:3004; without =URL it is played in this process", s.Sandbox)
		}
	}
	return nil
}
