package nangolite_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const module = "github.com/nango-lite/nango-lite"

// rooms are the arrows of the design: what each directory may import. Paths below
// a room belong to it. A new room needs a line here, and so does a new arrow.
var rooms = map[string]struct {
	reaches []string // our rooms that it may reach, itself aside
	uses    []string // other modules that it imports directly: exactly these
	why     string
}{
	"blueprints": {why: "data; a leaf"},
	"schema":     {reaches: []string{"internal/rawjson"}, why: "the words of the format"},
	"loader": {
		reaches: []string{"schema", "blueprints", "internal/lazyregexp", "internal/media", "internal/suggest", "internal/xmldoc"},
		uses:    []string{"github.com/a8m/envsubst", "github.com/santhosh-tekuri/jsonschema/v5", "gopkg.in/yaml.v3"},
		why:     "files in, schema.Config out; no engine",
	},
	"internal/benchtest":  {why: "benchmarks take turns; a leaf"},
	"internal/form":       {why: "forms and queries as browsers read them; a leaf"},
	"internal/lazyregexp": {why: "patterns that are compiled when they are needed; a leaf"},
	"internal/media":      {why: "what kind of document a label says; a leaf"},
	"internal/rawjson":    {why: "where the values of JSON begin and end; a leaf"},
	"internal/suggest":    {why: "the name that was likely meant; a leaf"},
	"internal/weburl":     {why: "URLs compared as URLs; a leaf"},
	"internal/xmldoc":     {why: "XML read by the paths of JSON; a leaf"},
	"internal/pace":       {why: "times that the proofs of store/soak shorten; a leaf"},
	"connection": {
		reaches: []string{"schema"},
		uses:    []string{"golang.org/x/oauth2"},
		why:     "what is kept, and what a store promises",
	},
	"engine": {
		reaches: []string{"connection", "schema", "internal/form", "internal/lazyregexp", "internal/media", "internal/pace", "internal/rawjson", "internal/suggest", "internal/weburl", "internal/xmldoc"},
		uses:    []string{"github.com/aws/smithy-go/aws-http-auth", "github.com/golang-jwt/jwt/v5", "github.com/hashicorp/go-retryablehttp", "golang.org/x/oauth2"},
		why:     "hosts embed it: no YAML, no drivers, no command line",
	},
	"sandbox": {
		reaches: []string{"schema", "internal/lazyregexp"},
		uses:    []string{"github.com/go-jose/go-jose/v4"},
		why:     "never engine: the two must be able to disagree; signatures are judged by others' code",
	},
	"store/seal":      {reaches: []string{"connection", "schema"}, why: "sealing is plain cryptography"},
	"store/record":    {why: "what a server keeps beside connections; a leaf"},
	"store/internal":  {reaches: []string{"connection", "store/record", "store/seal"}, why: "what both dialects share"},
	"store/postgres":  {reaches: []string{"connection", "schema", "store/internal", "store/record", "store/seal"}, uses: []string{"github.com/jackc/pgx/v5"}, why: "one driver"},
	"store/sqlite":    {reaches: []string{"connection", "schema", "store/internal", "store/record", "store/seal"}, uses: []string{"modernc.org/sqlite"}, why: "one driver"},
	"store/storetest": {reaches: []string{"connection", "internal/benchtest", "schema", "store/record", "store/seal"}, uses: []string{"github.com/google/go-cmp"}, why: "the promises of a store"},
	"store/soak": {
		reaches: []string{"connection", "engine", "internal/pace", "sandbox", "schema", "store/postgres", "store/seal", "store/sqlite"},
		uses:    []string{"github.com/jackc/pgx/v5"},
		why:     "proofs over real processes: a program of ours, and no part of what hosts embed",
	},
	"server/tools": {
		reaches: []string{"engine", "schema"},
		uses:    []string{"github.com/modelcontextprotocol/go-sdk"},
		why:     "operations as tools of the Model Context Protocol; a server without them does not link its library",
	},
	"server": {
		reaches: []string{"schema", "connection", "engine", "internal/form", "internal/lazyregexp", "store/record"},
		uses:    []string{"github.com/coder/websocket"},
		why:     "an http.Handler that a host can mount: no drivers, no loader, no telemetry",
	},
	"telemetry":               {reaches: []string{"engine"}, why: "what adapters share; it links neither of them"},
	"telemetry/internal":      {reaches: []string{"engine", "schema"}, why: "labels, and a stage for tests"},
	"telemetry/opentelemetry": {reaches: []string{"engine", "telemetry/internal"}, uses: []string{"go.opentelemetry.io/otel", "go.opentelemetry.io/otel/metric", "go.opentelemetry.io/otel/trace"}, why: "the API alone; the SDK is the host's"},
	"telemetry/prom":          {reaches: []string{"engine", "telemetry/internal"}, uses: []string{"github.com/prometheus/client_golang"}, why: "one client"},
	"docs":                    {reaches: []string{"schema"}, uses: []string{"gopkg.in/yaml.v3"}, why: "its generator makes reference pages from the schema"},
	"internal/author": {
		reaches: []string{"blueprints", "schema", "loader", "engine", "internal/lazyregexp", "internal/suggest", "internal/media", "internal/xmldoc", "sandbox"},
		uses:    []string{"gopkg.in/yaml.v3"},
		why:     "the tools of blueprint authors: bench, page, mutate; no command line and no store",
	},
	"cmd/nango-lite": {
		reaches: []string{"blueprints", "schema", "connection", "loader", "internal/author", "internal/form", "internal/lazyregexp", "internal/media", "internal/suggest", "internal/weburl", "engine", "sandbox", "server", "server/tools", "store/postgres", "store/record", "store/seal", "store/sqlite", "telemetry", "telemetry/prom"},
		uses:    []string{"github.com/prometheus/client_golang", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term"},
		why:     "the only place that knows everything",
	},
	"bench": {reaches: []string{"connection", "schema", "store/record", "store/seal", "store/sqlite"}, why: "programs that measure the built command beside others; no part of what hosts embed"},
	"e2e":   {why: "tests alone: they start the built program"},
}

// hosting is what must not come with a package that hosts embed, by whatever way.
var hosting = []string{
	"gopkg.in/yaml.v3", "github.com/santhosh-tekuri/jsonschema", "github.com/a8m/envsubst",
	"modernc.org", "github.com/jackc", "database/sql", "github.com/spf13", "go.opentelemetry.io",
	"github.com/prometheus",
}

// keeping is what a store does not know: it keeps what others obtain.
var keeping = []string{module + "/engine", module + "/loader", module + "/sandbox"}

// unreachable names what no path of imports, direct or not, may lead to.
var unreachable = map[string][]string{
	"engine":          append([]string{module + "/loader", module + "/blueprints", module + "/sandbox"}, hosting...),
	"connection":      append([]string{module + "/engine", module + "/loader"}, hosting...),
	"store/seal":      keeping,
	"store/internal":  keeping,
	"store/postgres":  keeping,
	"store/sqlite":    keeping,
	"store/storetest": keeping,
	"loader":          {"modernc.org", "github.com/jackc", "database/sql"},
	"sandbox":         append([]string{module + "/loader", module + "/engine"}, hosting...),
	"schema":          hosting,
}

// walls names what a package behind the engine's door must not reach: it can be read, and
// tested, without.
var walls = map[string][]string{
	"engine/internal/fault":   {"plan", "token", "refresh", "layer", "oauthwire", "render"},
	"engine/internal/plan":    {"token", "refresh", "oauthwire", "layer"},
	"engine/internal/token":   {"refresh"},
	"engine/internal/refresh": {"plan", "token", "layer", "oauthwire", "render"},
	"engine/internal/layer":   {"plan", "call", "session", "carrier", "refresh", "mode"},
	"engine/internal/carrier": {"call", "session", "refresh", "token", "mode"},
	"engine/internal/session": {"call", "carrier", "token", "mode"},
	"engine/internal/call":    {"session", "refresh", "token", "oauthwire", "consent", "authserver", "mode"},
}

// serverRooms are the arrows behind the server's door: what each room below
// server/internal may import of the others. A room without a list can be read, and tested,
// without any.
var serverRooms = map[string][]string{
	"answer":      nil,
	"apikey":      nil,
	"audit":       nil,
	"calls":       nil,
	"credentials": nil,
	"ident":       nil,
	"roster":      nil,
	"tags":        nil,

	"access":  {"answer", "apikey"},
	"agent":   {"access", "answer", "apikey", "input"},
	"input":   {"answer"},
	"page":    {"answer"},
	"webhook": {"credentials", "tags"},

	"operate": {"access", "answer", "apikey", "input"},
	"proxy":   {"access", "answer", "apikey", "input"},
	"rest":    {"access", "answer", "apikey", "audit", "credentials", "ident", "input", "tags"},
	"token":   {"access", "answer", "apikey", "audit", "input"},

	"ui": {"access", "answer", "apikey", "audit", "calls", "connect/site", "ident", "input", "page"},

	"connect/fault":   {"answer"},
	"connect/site":    {"answer", "connect/fault", "page"},
	"connect/socket":  {"answer", "connect/site", "input"},
	"connect/result":  {"answer", "connect/fault", "connect/site", "connect/socket", "page"},
	"connect/session": {"access", "answer", "apikey", "connect/fault", "connect/result", "connect/site", "ident", "input", "tags"},
	"connect/ask":     {"connect/fault", "connect/result", "connect/session", "connect/site"},
	"connect/flow":    {"answer", "connect/fault", "connect/result", "ident"},
	"connect/choose":  {"answer", "connect/fault", "connect/flow", "connect/result", "connect/session", "connect/site", "ident", "input", "page"},
	"connect/consent": {"answer", "connect/ask", "connect/choose", "connect/fault", "connect/flow", "connect/result", "connect/session", "connect/site", "ident", "input", "page"},
	"connect/typed":   {"answer", "connect/ask", "connect/fault", "connect/result", "connect/session", "credentials", "input"},
	"connect/again":   {"answer", "connect/fault", "connect/result", "connect/session", "connect/site", "ident", "page"},
	"connect/hosted":  {"answer", "connect/ask", "connect/fault", "connect/result", "connect/session", "connect/site", "input", "page"},
	"connect": {
		"access", "answer", "connect/again", "connect/ask", "connect/choose", "connect/consent", "connect/flow", "connect/hosted", "connect/result", "connect/session",
		"connect/site", "connect/socket", "connect/typed",
	},
}

func TestImportsFollowTheDesign(t *testing.T) {
	pkgs := listPackages(t)
	used := map[string]map[string]bool{} // room -> modules
	for _, p := range sorted(pkgs) {
		name := roomOf(p.path())
		if !p.ours() || name == module { // the root holds tests alone
			continue
		}
		room, ok := rooms[name]
		if !ok {
			t.Errorf("%s: no line in rooms; say what this room may import", p.path())
			continue
		}
		for _, imp := range p.Imports {
			to := pkgs[imp]
			switch {
			case to.ours() && roomOf(to.path()) != name && !slices.Contains(room.reaches, roomOf(to.path())):
				t.Errorf("%s imports %s; %s may reach %v (%s)", p.path(), to.path(), name, room.reaches, room.why)
			case !to.ours() && to.Module.Path != "":
				if used[name] == nil {
					used[name] = map[string]bool{}
				}
				used[name][to.Module.Path] = true
			}
		}
	}
	for name, room := range rooms {
		if got := slices.Sorted(maps.Keys(used[name])); hasPackages(pkgs, name) && !slices.Equal(got, room.uses) {
			t.Errorf("%s uses the modules %q, want %q (%s)", name, got, room.uses, room.why)
		}
	}
}

func TestNothingLeadsToWhatARoomMustNotReach(t *testing.T) {
	pkgs := listPackages(t)
	for _, p := range sorted(pkgs) {
		if !p.ours() {
			continue
		}
		banned := slices.Clone(unreachable[roomOf(p.path())])
		for _, room := range walls[p.path()] {
			banned = append(banned, module+"/engine/internal/"+room)
		}
		for _, banned := range banned {
			if way := wayTo(pkgs, p.ImportPath, banned); way != nil {
				t.Errorf("%s reaches %s: %s", p.path(), banned, strings.Join(way, " -> "))
			}
		}
	}
}

func TestServerRoomsFollowTheirArrows(t *testing.T) {
	const inside = "server/internal/"
	pkgs, seen := listPackages(t), map[string]bool{}
	for _, p := range sorted(pkgs) {
		room, ok := strings.CutPrefix(p.path(), inside)
		if !p.ours() || !ok {
			continue
		}
		seen[room] = true
		var got []string
		for _, imp := range p.Imports {
			if to, ok := strings.CutPrefix(pkgs[imp].path(), inside); ok {
				got = append(got, to)
			}
		}
		if want := serverRooms[room]; !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("%s imports the rooms %q, want exactly %q", p.path(), got, want)
		}
	}
	for room := range serverRooms {
		if !seen[room] {
			t.Errorf("serverRooms speaks of %s, which is not there", room)
		}
	}
	if len(seen) != len(serverRooms) {
		t.Errorf("there are %d rooms, and serverRooms has %d", len(seen), len(serverRooms))
	}
}

func TestWallsAreThere(t *testing.T) {
	for room, banned := range walls {
		for _, p := range append([]string{room}, banned...) {
			if dir := filepath.Join("engine/internal", path.Base(p)); len(matches(t, filepath.Join(dir, "*.go"))) == 0 {
				t.Errorf("walls speaks of %s, which is not there", dir)
			}
		}
	}
}

func matches(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestOnlyTestPackagesReachTesting(t *testing.T) {
	pkgs := listPackages(t)
	for _, p := range sorted(pkgs) {
		if !p.ours() || strings.HasSuffix(p.Name, "test") {
			continue
		}
		if way := wayTo(pkgs, p.ImportPath, "testing"); way != nil {
			t.Errorf("%s is not named *test, yet reaches testing: %s", p.path(), strings.Join(way, " -> "))
		}
	}
}

// A goPackage is one answer of go list, test files left out.
type goPackage struct {
	ImportPath string
	Name       string
	Imports    []string
	Module     struct{ Path string } // empty for the standard library
}

func (p goPackage) ours() bool   { return p.Module.Path == module }
func (p goPackage) path() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// listPackages returns our packages and all that they reach, by import path.
func listPackages(t *testing.T) map[string]goPackage {
	t.Helper()
	// go test keeps a result until a file that the test itself read has changed;
	// what go list reads it does not see.
	goFiles(t)
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Name,Imports,Module", "./...")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	pkgs := map[string]goPackage{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		pkgs[p.ImportPath] = p
	}
	if len(pkgs) < 10 {
		t.Fatalf("go list found %d packages; something is wrong with this test", len(pkgs))
	}
	return pkgs
}

func sorted(pkgs map[string]goPackage) []goPackage {
	return slices.SortedFunc(maps.Values(pkgs), func(a, b goPackage) int { return cmp.Compare(a.ImportPath, b.ImportPath) })
}

// roomOf returns the longest room that holds the package at p.
func roomOf(p string) string {
	for room := p; room != "."; room = path.Dir(room) {
		if _, ok := rooms[room]; ok {
			return room
		}
	}
	return p
}

func hasPackages(pkgs map[string]goPackage, room string) bool {
	for _, p := range pkgs {
		if p.ours() && roomOf(p.path()) == room {
			return true
		}
	}
	return false
}

// wayTo returns a chain of imports from one package to banned or something below
// it, or nil if there is none.
func wayTo(pkgs map[string]goPackage, from, banned string) []string {
	cameFrom := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == banned || strings.HasPrefix(at, banned+"/") {
			var way []string
			for ; at != ""; at = cameFrom[at] {
				way = append(way, at)
			}
			slices.Reverse(way)
			return way
		}
		for _, imp := range pkgs[at].Imports {
			if _, seen := cameFrom[imp]; !seen {
				cameFrom[imp] = at
				queue = append(queue, imp)
			}
		}
	}
	return nil
}

// innocent are literals that are a blueprint's name by chance, as "file: name".
var innocent = []string{"server/internal/operate/action.go: openai"} // a format of tools, as other servers take it

func TestNoCodeKnowsAProvider(t *testing.T) {
	names, hosts := catalog(t)
	files := token.NewFileSet()
	for _, name := range goFiles(t) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, lit := range literals(file) {
			if host := hosts.FindString(strings.ReplaceAll(lit.text, module, "")); host != "" {
				t.Errorf("%s: %q holds %q, the host of a blueprint; provider facts live in blueprints/", files.Position(lit.pos), lit.text, host)
			}
			if lit.chooses && names[lit.text] && !slices.Contains(innocent, filepath.ToSlash(name)+": "+lit.text) {
				t.Errorf("%s: code that depends on the blueprint %q; what is special about it belongs into its data", files.Position(lit.pos), lit.text)
			}
		}
	}
}

func TestHostsAreFoundInLiterals(t *testing.T) {
	hosts := hostPattern([]string{"api.notion.com", "zendesk.com"})
	for text, want := range map[string]string{
		"https://api.notion.com/v1":                        "api.notion.com",
		"api.notion.com:443":                               "api.notion.com",
		"https://" + "${connection.subdomain}.zendesk.com": "zendesk.com",
		"https://xapi.notion.com":                          "",
		"https://api.notion.community":                     "",
		"API.NOTION.COM":                                   "API.NOTION.COM",
	} {
		if got := hosts.FindString(text); strings.Trim(got, "./:") != want {
			t.Errorf("in %q found %q, want %q", text, got, want)
		}
	}
}

// A literal is a string in the source; chooses says that code branches on it: it
// is compared, a case, an index or a map's key.
type literal struct {
	pos     token.Pos
	text    string
	chooses bool
}

// literals returns the string literals of file, import paths left out.
func literals(file *ast.File) []literal {
	chooses, skip := map[ast.Expr]bool{}, map[ast.Expr]bool{}
	var found []literal
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			skip[n.Path] = true
		case *ast.BinaryExpr:
			chooses[n.X] = n.Op == token.EQL || n.Op == token.NEQ
			chooses[n.Y] = chooses[n.X]
		case *ast.CaseClause:
			for _, e := range n.List {
				chooses[e] = true
			}
		case *ast.IndexExpr:
			chooses[n.Index] = true
		case *ast.KeyValueExpr:
			chooses[n.Key] = true
		case *ast.BasicLit:
			if n.Kind == token.STRING && !skip[n] {
				text, _ := strconv.Unquote(n.Value)
				found = append(found, literal{n.Pos(), text, chooses[n]})
			}
		}
		return true
	})
	return found
}

// goFiles returns the Go files of the repository, relative to its root.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go"):
			_, err = os.Stat(name) // so that go test sees that this file matters
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// catalog returns the names of the bundled blueprints, and a pattern that finds
// the hosts that they send requests to.
func catalog(t *testing.T) (names map[string]bool, hosts *regexp.Regexp) {
	t.Helper()
	files, err := filepath.Glob("blueprints/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no blueprints: %v", err)
	}
	names = map[string]bool{}
	var found []string
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var blueprint struct {
			Name     string
			Versions map[string]struct{ Auth, Requests yaml.Node }
		}
		if err := yaml.Unmarshal(data, &blueprint); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		names[blueprint.Name] = true
		for _, v := range blueprint.Versions {
			found = append(found, hostsBelow(&v.Auth)...)
			found = append(found, hostsBelow(&v.Requests)...)
		}
	}
	return names, hostPattern(found)
}

// authority is what stands between the scheme and the path; of a host with
// placeholders, only the part behind the last one is the provider's.
var authority = regexp.MustCompile(`^https?://(?:[^/?#]*\})?\.?([^/?#:$]*)`)

// hostsBelow returns the hosts of the URLs under node.
func hostsBelow(node *yaml.Node) (hosts []string) {
	if m := authority.FindStringSubmatch(node.Value); m != nil && strings.Contains(m[1], ".") {
		hosts = append(hosts, m[1])
	}
	for _, child := range node.Content {
		hosts = append(hosts, hostsBelow(child)...)
	}
	return hosts
}

// hostPattern matches one of hosts, or a host below it, wherever it stands.
func hostPattern(hosts []string) *regexp.Regexp {
	quoted := make([]string, len(hosts))
	for i, h := range hosts {
		quoted[i] = regexp.QuoteMeta(h)
	}
	return regexp.MustCompile(`(?i)(?:^|[^a-z0-9-])(?:` + strings.Join(quoted, "|") + `)(?:$|[^a-z0-9-])`)
}
