// Nango-lite authorises, calls and watches APIs that are named in a YAML file.
// Run "nango-lite help" to see its commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/cli"
	_ "github.com/nango-lite/nango-lite/cmd/nango-lite/internal/quick" // answers "version"
)

func main() { os.Exit(run()) }

// run ends with the first interrupt; a second one kills the program, should it
// not come to an end.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, cli.Deps{})
}
