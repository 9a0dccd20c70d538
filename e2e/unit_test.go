package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The unit in deploy/ has no key that systemd does not know, and lets the program do little.
func TestUnit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd-analyze: apt-get install systemd && go test ./e2e")
	}
	if err := buildProgram(); err != nil {
		t.Fatal(err)
	}
	const name = "nango-lite@.service"
	unit := strings.ReplaceAll(readFile(t, "../deploy/"+name), "/usr/local/bin/nango-lite", program)
	dir := t.TempDir()
	file := filepath.Join(dir, name)
	analyze := func(unit string, args ...string) outcome {
		if err := os.WriteFile(file, []byte(unit), 0o644); err != nil {
			t.Fatal(err)
		}
		return start(t, dir, os.Environ(), "systemd-analyze", args...).end()
	}

	// What is wrong with a unit it tells, and still exits with 0.
	verify := []string{"verify", "--man=no", filepath.Join(dir, "nango-lite@3003.service")}
	if out := analyze(unit, verify...); out.code != 0 || out.stderr != "" {
		t.Errorf("verify: exit %d\n%s", out.code, out.stderr)
	}
	for _, mistake := range [][2]string{
		{"NoNewPrivileges=", "NoNewPrivilege="},
		{"\nType=exec", "\nType=program"},
		{"SystemCallFilter=@system-service", "SystemCallFilter=@services"},
		{program, "/usr/local/bin/another"},
	} {
		if analyze(strings.Replace(unit, mistake[0], mistake[1], 1), verify...).stderr == "" {
			t.Errorf("nobody notices %q in place of %q", mistake[1], mistake[0])
		}
	}

	// In tenths: systemd 252 rates it 1.2, and what is not confined at all 9.6.
	security := []string{"security", "--offline=true", "--threshold=20", file}
	if out := analyze(unit, security...); out.code != 0 {
		t.Errorf("security: exit %d\n%s%s", out.code, out.stdout, out.stderr)
	}
	if out := analyze(strings.ReplaceAll(unit, "SystemCallFilter=", "#"), security...); out.code == 0 {
		t.Errorf("security notices nothing without SystemCallFilter=:\n%s", out.stdout)
	}
}
