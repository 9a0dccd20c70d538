package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// An installation is nango-lite as one person has it: a home, an
// integrations.yaml, an environment.
type installation struct {
	t   *testing.T
	dir string
	env []string
}

// install makes one. Nothing of the environment of the tests reaches it.
func install(t *testing.T, config string, env ...string) *installation {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "integrations.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return &installation{t, dir, append(env, "HOME="+dir, "PATH="+os.Getenv("PATH"))}
}

// start starts nango-lite with its own file of connections.
func (n *installation) start(args ...string) *process {
	n.t.Helper()
	return start(n.t, n.dir, n.env, program, append([]string{"--store", filepath.Join(n.dir, "connections.db")}, args...)...)
}

// run runs nango-lite to its end.
func (n *installation) run(args ...string) outcome {
	n.t.Helper()
	return n.start(args...).end()
}

// must is run for what has to succeed; it returns what was printed.
func (n *installation) must(args ...string) string {
	n.t.Helper()
	out := n.run(args...)
	if out.code != 0 {
		n.t.Fatalf("nango-lite %q: exit %d\n%s%s", args, out.code, out.stdout, out.stderr)
	}
	return out.stdout
}
