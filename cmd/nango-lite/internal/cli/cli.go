// Package cli is the command line. Start with [Run], which is the whole program:
// main gives it the process's own streams, tests give it theirs and a clock that
// stands still.
//
// Each command is a file, and root.go holds them all. They share a
// [session.Session]: the flags, the configuration, the store, and an engine.
//
// Data goes to stdout, everything else to stderr.
package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
)

// IO holds the streams of a run.
type IO = console.IO

// Deps are what a run takes from its surroundings. The zero Deps are the process's
// own.
type Deps = session.Deps

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // something was found, or a call failed
	exitUsage   = 2 // the command line makes no sense
)

// Run runs the command that args name, without the program's name, and returns
// the exit code: 0 if all went well, 1 if something was found or a call failed,
// 2 if args make no sense.
func Run(ctx context.Context, args []string, streams IO, deps Deps) int {
	s := session.New(streams, deps)
	defer s.Close()
	root := root(s)
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
	if !errors.As(err, &ran) || errors.As(err, new(console.UsageError)) {
		text := strings.Join(strings.Fields(console.OneLine(err.Error())), " ") // cobra's suggestions take lines
		fmt.Fprintf(s.Err, "error: %s\nRun '%s --help' for usage.\n", text, cmd.CommandPath())
		return exitUsage
	}
	if !errors.Is(err, console.ErrReported) {
		s.WriteError(ran.err)
	}
	return exitFailure
}

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
			if err != nil && !errors.As(err, new(console.UsageError)) {
				err = console.Usagef("it goes like this: %s", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
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
