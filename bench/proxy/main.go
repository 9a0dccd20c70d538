// Proxy measures what the server's proxy and token endpoint cost, beside nginx, beside
// net/http/httputil.ReverseProxy and beside a handler that does nothing but check a key.
// All of them run at once, each in a process of its own, and take turns.
//
//	go run ./bench/proxy [-for 5s] [-rounds 3] [-connections 100000]
//
// It needs wrk and nginx, which Debian has as packages, and Linux: what a process has used is read
// from /proc. It prints tables in Markdown.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"time"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == "play" {
		fatal(play(os.Args[2], os.Args[3:]))
		return
	}
	each := flag.Duration("for", 5*time.Second, "how long wrk asks in a turn")
	rounds := flag.Int("rounds", 3, "turns of each; the median counts")
	stored := flag.Int("connections", 100_000, "connections in the store")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fatal(measure(ctx, *each, *rounds, *stored))
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/proxy:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, each time.Duration, rounds, stored int) error {
	for _, program := range []string{"wrk", "nginx", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is not installed: apt-get install wrk nginx-light", program)
		}
	}
	s, err := setUp(ctx, stored)
	if err != nil {
		return err
	}
	defer s.end()
	ask := asking{script: s.script, each: each, rounds: rounds}
	proxied := []*process{s.nginx, s.reverse, s.ours}
	fmt.Printf("The proxy: an upstream of 1 KiB of JSON, %d connections stored, the median of %d turns of %s.\n\n", stored, rounds, each)
	for _, n := range []int{1, 16, 64} {
		found, err := ask.turns(ctx, n, proxied)
		if err != nil {
			return err
		}
		table(n, found, s.reverse.name)
	}
	fmt.Printf("The token endpoint, from the cache, beside a handler that checks a key.\n\n")
	ask.script = s.tokenScript
	found, err := ask.turns(ctx, 64, []*process{s.empty.at("/token"), s.ours.at("/oauth/token")})
	if err != nil {
		return err
	}
	table(64, found, s.empty.name)
	return s.memoryAndStart(ctx)
}
