package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Most scripts wait longer for a time to come than they compute, so more than one for each
// processor runs at once, unless -parallel says how many.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"nango-lite": main})
}

// TestScript runs the program as its users do. Each script has a data directory
// of its own, and $EXAMPLE is integrations.example.yaml.
func TestScript(t *testing.T) {
	example, err := filepath.Abs("../../integrations.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	blueprints := filepath.Join(filepath.Dir(example), "testdata", "blueprints")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data"))
			env.Setenv("EXAMPLE", example)
			env.Setenv("BLUEPRINTS", blueprints) // of APIs that do not exist
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "postgres" {
				return os.Getenv(postgresEnv) != "", nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sandboxup": sandboxUp,
			"consent":   consent,
			"sqlite":    sqliteDo,
			"jsonkeys":  jsonKeys,
			"mode":      mode,
			"database":  database,
			"damage":    damage,

			"certificate": certificate,
			"tlsserver":   tlsserver,
			"taken":       taken,
			"ahead":       ahead,
			"tear":        tear,
		},
	})
}

// TestVersionIsQuick holds that "version" is answered before the packages are
// initialized that cost most of a start.
func TestVersionIsQuick(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), "nango-lite ") {
		t.Fatalf("got %q, %v", out, err)
	}
	for _, slow := range []string{"jsonschema", "sqlite", "net/http @", "cobra", "nango-lite/sandbox"} {
		if strings.Contains(trace.String(), slow) {
			t.Errorf("%s was initialized first", slow)
		}
	}
}
