package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nango-lite": main})
}

// TestScript runs the program as its users do. Each script has a data directory
// of its own, and $EXAMPLE is integrations.example.yaml.
func TestScript(t *testing.T) {
	example, err := filepath.Abs("../../integrations.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data"))
			env.Setenv("EXAMPLE", example)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sandboxup": sandboxUp,
			"consent":   consent,
			"jsonkeys":  jsonKeys,
			"mode":      mode,
		},
	})
}
