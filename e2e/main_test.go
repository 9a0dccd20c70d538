package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var (
	npm     string // the directory of our scripts and the packages they need
	program string // the built nango-lite
	scratch string // goes when the tests have ended

	raceEnabled bool // the tests run with the race detector
)

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// needPrograms builds the program once, and skips a test where those that it runs
// against are not there. go test keeps a result until something that the tests
// asked for has changed, and notes that from m.Run on; so all of it is done here,
// and nothing in TestMain.
func needPrograms(t *testing.T) {
	t.Helper()
	dir := os.Getenv("NANGO_LITE_TEST_NPM")
	if dir == "" {
		t.Skip("NANGO_LITE_TEST_NPM is not set: npm ci --prefix e2e/npm && NANGO_LITE_TEST_NPM=$PWD/e2e/npm go test ./e2e")
	}
	if err := build(dir); err != nil {
		t.Fatal(err)
	}
}

// build finds the packages, once, and makes the program.
func build(dir string) error {
	packages.Do(func() { packagesErr = find(dir) })
	if packagesErr != nil {
		return packagesErr
	}
	return buildProgram()
}

var packages sync.Once
var packagesErr error

func find(dir string) (err error) {
	if npm, err = filepath.Abs(dir); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(npm, "node_modules")); err != nil {
		return fmt.Errorf("NANGO_LITE_TEST_NPM: %w (npm ci in that directory makes it)", err)
	}
	return nil
}

// buildProgram makes the program, once, with the race detector if the tests have it.
var buildProgram = sync.OnceValue(buildOnce)

func buildOnce() (err error) {
	if err := noteSources(); err != nil {
		return err
	}
	if scratch, err = os.MkdirTemp("", "nango-lite-e2e-"); err != nil {
		return err
	}
	program = filepath.Join(scratch, "nango-lite")
	args := []string{"build", "-buildvcs=false", "-o", program}
	if raceEnabled {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "../cmd/nango-lite")...).CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

// noteSources looks at every file that the program is made from: those that go
// build reads, go test does not see.
func noteSources() error {
	return filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		_, err = os.Stat(name)
		return err
	})
}
