package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkStart is what a person waits for at a prompt: a process, from its start
// to its end. "empty" is a Go program that does nothing.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
	build := func(name, source string) string {
		path := filepath.Join(dir, name)
		if out, err := exec.Command("go", "build", "-o", path, source).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		return path
	}
	empty := build("empty", write("empty.go", "package main\n\nfunc main() {}\n"))
	program := build("nango-lite", ".")
	config := write("integrations.yaml", "integrations:\n    airtable: {extends_blueprint: \"airtable:v0\"}\n")
	for _, run := range []struct {
		name string
		args []string
	}{
		{"empty", []string{empty}},
		{"version", []string{program, "version"}},
		{"help", []string{program, "help"}},
		{"list", []string{program, "blueprints", "list"}},
		{"show", []string{program, "blueprints", "show", "airtable"}},
		{"validate", []string{program, "-c", config, "validate"}},
	} {
		b.Run(run.name, func(b *testing.B) {
			for b.Loop() {
				if err := exec.Command(run.args[0], run.args[1:]...).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
