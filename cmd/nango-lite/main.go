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
// Unless GOGC says how it is to be, garbage may grow to twice of what lives, where Go's
// default is once: a server spends a tenth less processor time on a call, for 7 MiB. Most
// commands end before it pays to collect any: for a second it may grow to 16 MB, rather than 4.
func run() int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
		time.AfterFunc(time.Second, func() { debug.SetGCPercent(200) })
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, cli.Deps{})
}
