// Nango-lite authorises, calls and watches APIs that are named in a YAML file.
// Run "nango-lite help" to see its commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/cli"
	_ "github.com/nango-lite/nango-lite/cmd/nango-lite/internal/quick" // answers "version"
)

func main() { os.Exit(run()) }

// run ends with the first interrupt; a second one kills the program, should it
// not come to an end.
//
// Most commands end before it pays to collect their garbage: for a second that is put off
// until there are 16 MB of it, rather than 4, unless GOGC says how it is to be.
func run() int {
	if os.Getenv("GOGC") == "" {
		usual := debug.SetGCPercent(400)
		time.AfterFunc(time.Second, func() { debug.SetGCPercent(usual) })
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, cli.Deps{})
}
