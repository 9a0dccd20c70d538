package cli

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// A newBlueprint is what an author says about an API.
type newBlueprint struct {
	Name, DisplayName, Maintainer, DocsURL string
	Mode                                   schema.AuthMode
	AuthorizationURL, TokenURL, RequestURL string
	BaseURL, VerifyPath                    string
	Headers                                []newHeader
}

type newHeader struct{ Name, Value string }

func newBlueprintCommand(s *session.Session) *cobra.Command {
	var b newBlueprint
	var mode, dir string
	var headers []string
	cmd := &cobra.Command{
		Use:   "new <name>",
		Short: "Write a blueprint to start from",
		Long: `New writes DIR/NAME.yaml with a sample of each kind to edit. What the flags do not
say is asked at the terminal; in a script it is an error. It never overwrites.`,
		Example: "  nango-lite blueprints new acme --auth-mode API_KEY --base-url https://api.acme.example \\\n    --docs-url https://docs.acme.example --header 'X-API-Key=${api_key}'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b.Name, b.Mode = args[0], schema.AuthMode(mode)
			file := filepath.Join(dir, b.Name+".yaml")
			if !newName().MatchString(b.Name) {
				return console.Usagef("%q is not a name for a blueprint: those hold lower-case letters, digits and '-'", b.Name)
			}
			if _, err := os.Stat(file); err == nil {
				return fmt.Errorf("%s is there already and stays as it is", file)
			}
			if err := complete(s, cmd.Context(), &b); err != nil {
				return err
			}
			if err := b.setHeaders(headers); err != nil {
				return err
			}
			return writeBlueprint(s, dir, &b)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&b.DisplayName, "display-name", "", "name of the product, for people (default: the name with a capital)")
	f.StringVar(&mode, "auth-mode", "", "kind of credentials: "+strings.Join(modeNames(), ", "))
	f.StringVar(&b.BaseURL, "base-url", "", "root of the API")
	f.StringVar(&b.AuthorizationURL, "authorization-url", "", "page where users consent (OAuth)")
	f.StringVar(&b.TokenURL, "token-url", "", "token endpoint (OAuth), or where a login or an app gets its token")
	f.StringVar(&b.RequestURL, "request-url", "", "temporary-credential endpoint (OAuth 1.0a)")
	f.StringVar(&b.DocsURL, "docs-url", "", "the provider's API documentation")
	f.StringVar(&b.VerifyPath, "verify-path", "/me", "path of a cheap GET that proves credentials")
	f.StringVar(&b.Maintainer, "maintainer", "Your Name <you@example.com>", "who to ask")
	f.StringArrayVar(&headers, "header", nil, "`NAME=VALUE` for every call; may be given more than once")
	f.StringVarP(&dir, "output", "o", "blueprints", "`DIR` to write to")
	_ = cmd.RegisterFlagCompletionFunc("auth-mode", cobra.FixedCompletions(modeNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

var newName = lazyregexp.New(`^[a-z0-9][a-z0-9-]*$`)

func modeNames() (names []string) {
	for _, m := range schema.Modes {
		names = append(names, string(m.Name))
	}
	return names
}

// A newQuestion is about something that an author has to say.
type newQuestion struct {
	flag, title string
	value       *string
	fallback    string
	endpoint    string // the endpoint that it is about, asked of modes that have it; empty: asked of all
}

// complete asks for what is missing, and checks all.
func complete(s *session.Session, ctx context.Context, b *newBlueprint) error {
	urls := []newQuestion{
		{flag: "base-url", title: "Root of the API, such as https://api.acme.example", value: &b.BaseURL},
		{flag: "request-url", title: "Temporary-credential endpoint", value: &b.RequestURL, endpoint: "request_url"},
		{flag: "authorization-url", title: "Page where users consent", value: &b.AuthorizationURL, endpoint: "authorization_url"},
		{flag: "token-url", title: "Token endpoint", value: &b.TokenURL, endpoint: "token_url"},
		{flag: "docs-url", title: "The provider's API documentation", value: &b.DocsURL},
	}
	mode := newQuestion{
		flag: "auth-mode", title: "Kind of credentials (" + strings.Join(modeNames(), ", ") + "; empty for OAUTH2)",
		value: (*string)(&b.Mode), fallback: string(schema.OAuth2),
	}
	if err := askAll(s, ctx, b, append([]newQuestion{mode}, urls...)); err != nil {
		return err
	}
	if !b.Mode.Known() {
		return console.Usagef("--auth-mode is %s, not %q", strings.Join(modeNames(), " or "), b.Mode)
	}
	if b.DisplayName == "" {
		b.DisplayName = strings.ToUpper(b.Name[:1]) + b.Name[1:]
	}
	for _, q := range urls {
		u, err := url.Parse(*q.value)
		if *q.value != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			return console.Usagef("--%s is an https URL, such as https://api.acme.example", q.flag)
		}
		if *q.value != "" && !q.fits(b.Mode) {
			return console.Usagef("--%s is not for auth mode %s", q.flag, b.Mode)
		}
	}
	b.BaseURL = strings.TrimRight(b.BaseURL, "/")
	if !strings.HasPrefix(b.VerifyPath, "/") {
		return console.Usagef("--verify-path begins with /")
	}
	return nil
}

func (q newQuestion) fits(mode schema.AuthMode) bool {
	return q.endpoint == "" || slices.Contains(mode.Mode().Endpoints, q.endpoint)
}

// askAll asks what the flags have left open. A script must say it all.
func askAll(s *session.Session, ctx context.Context, b *newBlueprint, questions []newQuestion) error {
	var missing []string
	for _, q := range questions {
		if *q.value != "" || !q.fits(b.Mode) {
			continue
		}
		if !s.CanAsk() {
			missing = append(missing, "--"+q.flag)
			continue
		}
		text, err := s.AskLine(ctx, q.title+": ", console.OpenLine)
		if err != nil {
			return err
		}
		if *q.value = strings.TrimSpace(text); *q.value == "" {
			*q.value = q.fallback
		}
		if *q.value == "" {
			return console.Usagef("a blueprint needs --%s", q.flag)
		}
	}
	if len(missing) > 0 {
		return console.Usagef("stdin is no terminal to ask at; say %s", strings.Join(missing, " "))
	}
	return nil
}

// setHeaders takes NAME=VALUE. The usual Authorization is for those who send the
// credential in no header of their own.
func (b *newBlueprint) setHeaders(given []string) error {
	sent := false
	for _, h := range given {
		name, value, ok := strings.Cut(h, "=")
		if !ok || name == "" {
			return console.Usagef("--header wants NAME=VALUE")
		}
		t, err := schema.ParseTemplate(value)
		if err != nil {
			return console.Usagef("--header %s: %v", name, err)
		}
		sent = sent || strings.EqualFold(name, "Authorization")
		for _, ref := range t.Refs() {
			sent = sent || schema.IsCredential(ref, nil)
		}
		b.Headers = append(b.Headers, newHeader{name, value})
	}
	if usual := b.Mode.Mode().Authorization; usual != "" && !sent {
		b.Headers = append([]newHeader{{"Authorization", usual}}, b.Headers...)
	}
	return nil
}

//go:embed newblueprint.yaml.tmpl
var newBlueprintText string

var newBlueprintTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{"yaml": yamlText}).Parse(newBlueprintText))
})

func writeBlueprint(s *session.Session, dir string, b *newBlueprint) error {
	var text strings.Builder
	if err := newBlueprintTemplate().Execute(&text, b); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f := fileIn(dir, b.Name+".yaml")
	if err := writeNew(f.name, text.String()); err != nil {
		return err
	}
	s.Notef("wrote %s", f.name)
	stillTemplate := func(d loader.Diagnostic) bool { return d.Code == "template-left" } // what is said below
	if found := loader.Diagnostics(slices.DeleteFunc([]loader.Diagnostic(lintFile(s, f)), stillTemplate)); len(found) > 0 {
		if err := writeDiagnostics(s, found); err != nil {
			return err
		}
		if found.HasErrors() {
			return console.ErrReported
		}
	}
	s.Notef("\nnext:")
	s.Notef("  edit it: samples and notes are there to be replaced")
	s.Notef("  nango-lite blueprints lint %s", f.name)
	s.Notef("  nango-lite --blueprints %s blueprints show %s", filepath.ToSlash(filepath.Clean(dir)), b.Name)
	return nil
}

var (
	// plainText matches texts, URLs and headers that YAML reads as themselves.
	plainText     = lazyregexp.New(`^[A-Za-z/][^:#"'{}\[\],\\\x00-\x1f]*$|^https://[^\s:#"'{}\[\],\\]+$|^[A-Za-z-]+ \$\{[a-z_.]+\}$`)
	notPlainWords = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
)

// yamlText writes a text as a YAML scalar that reads as it.
func yamlText(s string) string {
	if plainText().MatchString(s) && strings.TrimSpace(s) == s && !slices.Contains(notPlainWords, strings.ToLower(s)) {
		return s
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}
