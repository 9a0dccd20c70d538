// Package cli is the command line. Start with [Run], which is the whole program:
// main gives it the process's own streams, tests give it theirs and a clock that
// stands still.
//
// Each command is a file. What they share: app.go holds the flags that all have
// and what is made from them, config.go loads integrations, store.go opens the
// place where connections live, play.go swaps providers for the sandbox, trace.go
// puts into words what the engine does.
//
// Data goes to stdout, everything else to stderr.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // something was found, or a call failed
	exitUsage   = 2 // the command line makes no sense
)

// IO holds the streams of a run.
type IO struct {
	In  io.Reader
	Out io.Writer // data, and nothing else
	Err io.Writer // everything else
}

// Deps are what a run takes from its surroundings. The zero Deps are the
// process's own.
type Deps struct {
	// Now returns the time. If nil, time.Now is used.
	Now func() time.Time

	// LookupEnv reads a variable. If nil, os.LookupEnv is used.
	LookupEnv func(name string) (string, bool)

	// Transport carries requests, unless a sandbox in the process answers them.
	// If nil, the engine's default is used.
	Transport http.RoundTripper

	// Browse opens a browser. If nil, the desktop's is used.
	Browse func(ctx context.Context, url string) error

	// Ask asks a person for a line. If nil, the terminal is used; if In is none,
	// nobody is asked.
	Ask func(question string, secret bool) (string, error)
}

// Run runs the command that args name, without the program's name, and returns
// the exit code: 0 if all went well, 1 if something was found or a call failed,
// 2 if args make no sense.
func Run(ctx context.Context, args []string, streams IO, deps Deps) int {
	a := newApp(streams, deps)
	defer a.close()
	root := a.root()
	root.SetArgs(args)
	markRunErrors(root)
	cmd, err := root, checkArgs(args)
	if err == nil {
		cmd, err = root.ExecuteContextC(ctx)
	}
	if err == nil {
		return exitOK
	}
	var ran *runError
	if !errors.As(err, &ran) || errors.As(err, new(usageError)) {
		text := strings.Join(strings.Fields(oneLine(err.Error())), " ") // cobra's suggestions take lines
		fmt.Fprintf(a.io.Err, "error: %s\nRun '%s --help' for usage.\n", text, cmd.CommandPath())
		return exitUsage
	}
	if !errors.Is(err, errReported) {
		a.writeError(ran.err)
	}
	return exitFailure
}

// errReported ends a run whose findings have been printed.
var errReported = errors.New("reported")

// A usageError says that the command line makes no sense. Cobra's own errors mean
// that as well, whatever their type.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// A runError comes from a command, and not from reading its flags.
type runError struct{ err error }

func (e *runError) Error() string { return e.err.Error() }
func (e *runError) Unwrap() error { return e.err }

// markRunErrors tells apart what commands return from what cobra does, and has
// cobra say how a command goes instead of counting arguments.
func markRunErrors(cmd *cobra.Command) {
	if check := cmd.Args; check != nil && !cmd.HasSubCommands() {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if err != nil && !errors.As(err, new(usageError)) {
				err = usagef("it goes like this: %s", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
			}
			return err
		}
	}
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := run(cmd, args); err != nil {
				return &runError{err}
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		markRunErrors(c)
	}
}

// oneLine keeps an error, which may quote what somebody else wrote, on its line
// and the terminal in its senses.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// lookupEnv reads a variable through Deps.
func (d *Deps) lookupEnv(name string) (string, bool) {
	if d.LookupEnv != nil {
		return d.LookupEnv(name)
	}
	return os.LookupEnv(name)
}
