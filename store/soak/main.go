// Command soak proves what a refresh promises, with processes that are real and die
// by SIGKILL, over a real store, against the sandbox on a port of this machine:
//
//	go run ./store/soak once              # each refresh token is redeemed once
//	go run ./store/soak lost -runs 500    # no connection dies that could live
//
// -store names a PostgreSQL server, as postgres://user@host/database; without it the
// processes share a SQLite file. The tests of this directory do the same with fewer
// runs. Exit code 1 means that a promise was broken.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	if isWorker() {
		os.Exit(worker())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "once" && args[0] != "lost" {
		return fmt.Errorf("usage: soak once|lost [flags]")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	store := flags.String("store", "", "URL of a PostgreSQL server; empty: a SQLite file")
	o, l := fullSize, lostSize{Runs: 500, AtOnce: 8}
	if args[0] == "once" {
		flags.IntVar(&o.Processes, "processes", o.Processes, "processes at once")
		flags.IntVar(&o.Callers, "callers", o.Callers, "callers in each of them")
		flags.IntVar(&o.Connections, "connections", o.Connections, "connections that they share")
		flags.DurationVar(&o.Answer, "answer", o.Answer, "how long the provider takes")
	} else {
		flags.IntVar(&l.Runs, "runs", l.Runs, "refreshes to interrupt")
		flags.IntVar(&l.AtOnce, "at-once", l.AtOnce, "of these at the same time")
		flags.Int64Var(&l.Seed, "seed", 1, "of the moments to kill at")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	p, err := newPlace(ctx, *store)
	if err != nil {
		return err
	}
	defer p.close()
	if args[0] == "once" {
		result, err := once(ctx, p, o)
		fmt.Print(result)
		return err
	}
	result, err := lost(ctx, p, l)
	fmt.Print(result)
	return err
}
