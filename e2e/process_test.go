package e2e

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a program may take, all in all. Nothing here needs more
// than some seconds, and a browser half a minute; a loaded machine might.
const patience = 5 * time.Minute

// A process is a program that runs beside the test, and ends with it.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr noted
	late   func() bool // its time is over
}

// start starts a program with that environment and nothing else.
func start(t *testing.T, dir string, env []string, name string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience+*shells)
	p := &process{t: t, cmd: exec.CommandContext(ctx, name, args...), late: func() bool { return errors.Is(ctx.Err(), context.DeadlineExceeded) }}
	p.cmd.Dir = dir
	p.cmd.Env = env
	p.cmd.Stderr = &p.stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	p.cmd.WaitDelay = 5 * time.Second
	stdout, err := p.cmd.StdoutPipe()
	if err == nil {
		p.stdin, err = p.cmd.StdinPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	t.Cleanup(func() {
		cancel()
		_ = p.cmd.Wait() // already waited for, or interrupted
	})
	return p
}

// startNode starts a script of the npm directory under Node.js.
func startNode(t *testing.T, env []string, script string, args ...string) *process {
	t.Helper()
	env = append(env, "PATH="+os.Getenv("PATH"))
	return start(t, npm, env, "node", append([]string{filepath.Join(npm, script)}, args...)...)
}

// line returns the next line that the program prints.
func (p *process) line() string {
	p.t.Helper()
	s, err := p.stdout.ReadString('\n')
	if err != nil {
		p.t.Fatalf("%s ended (%v) before it said what was waited for:\n%s\n%s", filepath.Base(p.cmd.Path), err, s, &p.stderr)
	}
	return strings.TrimSuffix(s, "\n")
}

// end waits for the program's end and returns the rest of what it printed.
func (p *process) end() outcome {
	p.t.Helper()
	_ = p.stdin.Close()
	rest, err := io.ReadAll(p.stdout)
	if p.late() {
		p.t.Fatalf("%s had not ended after %s:\n%s\n%s", filepath.Base(p.cmd.Path), patience, rest, &p.stderr)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	err = p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return outcome{string(rest), p.stderr.String(), p.cmd.ProcessState.ExitCode()}
}

// An outcome is what a program left behind.
type outcome struct {
	stdout, stderr string
	code           int
}

// noted is a buffer that may be read while a program writes to it.
type noted struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *noted) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(b)
}

func (n *noted) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}
