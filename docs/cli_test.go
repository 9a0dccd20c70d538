package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/sandbox"
)

// program builds nango-lite once, and returns the directory it is in, which is
// removed when all tests have run.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "nango-lite-docs")
	if err != nil {
		return "", err
	}
	built = dir
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../cmd/nango-lite").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
})

var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// A terminal runs commands as a new user's shell would: in an empty directory,
// with an empty home and nothing set.
type terminal struct {
	dir, env string
	vars     []string // beside PATH and HOME
}

func newTerminal(t *testing.T) terminal {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh; .ci/run has one")
	}
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return terminal{dir: t.TempDir(), env: bin}
}

// run returns what a command writes to stdout and stderr.
func (tm terminal) run(t *testing.T, command string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = tm.dir
	cmd.Env = []string{"PATH=" + tm.env + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + tm.dir}
	cmd.Env = append(cmd.Env, tm.vars...)
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	return string(out)
}

// Every console block of these pages is run. The blocks of a page share a
// directory, so that one may build on those before it.
func TestConsoleBlocks(t *testing.T) {
	for _, name := range []string{"cli.md", "sandbox.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tm, page := newTerminal(t), read(t, name)
			var fresh []string
			all := blocks(t, name)
			all = slices.DeleteFunc(all, func(b block) bool { return b.lang != "console" })
			for _, b := range all {
				got := tm.session(t, b.text)
				diff := cmp.Diff(steady(got), steady(b.text))
				if diff == "" {
					got = b.text // a rewrite changes no times alone
				} else if !*update {
					t.Errorf("%s:%d: run go test ./docs -update\n(-run +shown):\n%s", name, b.line, diff)
				}
				fresh = append(fresh, got)
			}
			if *update {
				for i, b := range slices.Backward(all) {
					page = replaceBlock(page, b, fresh[i])
				}
				if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// session runs the commands of a block and returns it with what they write.
func (tm terminal) session(t *testing.T, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		b.WriteString(line)
		for out := range strings.Lines(tm.run(t, command)) {
			b.WriteString(shorten(strings.TrimRight(out, "\n")) + "\n")
		}
	}
	return b.String()
}

// widest is how much of a line a page shows.
const widest = 150

func shorten(line string) string {
	if r := []rune(line); len(r) > widest {
		return string(r[:widest-1]) + "…"
	}
	return line
}

var (
	offsets   = regexp.MustCompile(`(?m)^ *\+\d+\.\d{3}s`)
	durations = regexp.MustCompile(`after \d[\d.]*(µs|ms|s)`)
	budgets   = regexp.MustCompile(`(?m)^.* the budget of .*\n`) // met only if the machine is fast
	cutOff    = regexp.MustCompile(`(?m)^(.{100}).*…$`)          // where a line was cut depends on how long it took
	instants  = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ`)
)

// steady returns text without what differs from run to run.
func steady(text string) string {
	text = budgets.ReplaceAllString(text, "")
	text = offsets.ReplaceAllString(text, "+TIME")
	text = durations.ReplaceAllString(text, "after DURATION")
	text = cutOff.ReplaceAllString(text, "$1…")
	return instants.ReplaceAllString(text, "INSTANT")
}

// The page has every command, with the help that it prints.
func TestCommandsPageShowsTheHelp(t *testing.T) {
	const name = "cli.md"
	tm, page := newTerminal(t), read(t, name)
	var shown []string
	for _, b := range slices.Backward(blocks(t, name)) {
		command, ok := strings.CutPrefix(b.mark, "help: ")
		if !ok {
			continue
		}
		shown = append(shown, strings.TrimPrefix(command, "nango-lite "))
		got := tm.run(t, command+" --help")
		if command != "nango-lite" {
			got, _, _ = strings.Cut(got, "\nGlobal Flags:")
		}
		got = strings.TrimRight(got, "\n") + "\n"
		if *update {
			page = replaceBlock(page, b, got)
		} else if diff := cmp.Diff(got, b.text); diff != "" {
			t.Errorf("%s:%d: run go test ./docs -update\n(-help +shown):\n%s", name, b.line, diff)
		}
	}
	if *update {
		if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range tm.commands(t, "") {
		if !slices.Contains(shown, c) {
			t.Errorf("%s does not show the help of %q", name, c)
		}
	}
}

var listed = regexp.MustCompile(`(?m)^  ([a-z-]+) +\S`)

// commands returns the commands below a command that do something themselves.
func (tm terminal) commands(t *testing.T, parent string) []string {
	help := tm.run(t, "nango-lite "+parent+" --help")
	_, help, _ = strings.Cut(help, "[command]\n")
	help, _, _ = strings.Cut(help, "\nFlags:")
	var out []string
	for _, m := range listed.FindAllStringSubmatch(help, -1) {
		if m[1] == "help" || parent == "completion" {
			continue // cobra's own
		}
		name := strings.TrimSpace(parent + " " + m[1])
		below := tm.commands(t, name)
		if below == nil || name == "completion" {
			out = append(out, name)
		}
		out = append(out, below...)
	}
	return out
}

// The page about the sandbox says what it plays of each mode.
func TestSandboxPageHasEveryMode(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "sandbox.md"), "| mode | plays |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, mode := range authModes(t) {
		if !strings.Contains(table, "`"+mode+"`") {
			t.Errorf("sandbox.md does not say what is played of %s", mode)
		}
	}
}

// It has every fault.
func TestSandboxPageHasEveryFault(t *testing.T) {
	page := read(t, "sandbox.md")
	for _, f := range sandbox.Faults() {
		if !strings.Contains(page, "`"+string(f)+"`") {
			t.Errorf("sandbox.md does not mention the fault %q", f)
		}
	}
}
