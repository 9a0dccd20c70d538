package main

import (
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// A result is what one turn of wrk has found.
type result struct {
	perSecond float64
	p99       time.Duration
	cpu       time.Duration // of the process, for a request
}

// asking is how wrk asks.
type asking struct {
	script string
	each   time.Duration
	rounds int
}

// turns lets wrk ask each process in turn, and returns the medians.
func (a asking) turns(ctx context.Context, connections int, processes []*process) (map[string]result, error) {
	all := map[string][]result{}
	for range a.rounds {
		for _, p := range processes {
			r, err := a.turn(ctx, connections, p)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			all[p.name] = append(all[p.name], r)
		}
	}
	found := map[string]result{}
	for name, rs := range all {
		found[name] = result{
			median(rs, func(r result) float64 { return r.perSecond }),
			median(rs, func(r result) time.Duration { return r.p99 }),
			median(rs, func(r result) time.Duration { return r.cpu }),
		}
	}
	return found, nil
}

func median[T cmp.Ordered](rs []result, of func(result) T) T {
	values := make([]T, len(rs))
	for i, r := range rs {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

var (
	perSecondLine = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	p99Line       = regexp.MustCompile(`\n\s+99%\s+(\S+)`)
	requestsLine  = regexp.MustCompile(`(\d+) requests in`)
	failedLine    = regexp.MustCompile(`(?:Non-2xx|Socket errors).*`)
)

func (a asking) turn(ctx context.Context, connections int, p *process) (r result, err error) {
	before, err := p.used()
	if err != nil {
		return r, err
	}
	out, err := exec.CommandContext(ctx, "wrk", "-t1", "-c", strconv.Itoa(connections), "-d", fmt.Sprintf("%ds", int(a.each.Seconds())),
		"--latency", "-s", a.script, p.url).CombinedOutput()
	if err != nil {
		return r, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	after, err := p.used()
	if err != nil {
		return r, err
	}
	if failed := failedLine.Find(out); failed != nil {
		return r, fmt.Errorf("wrk says: %s", failed)
	}
	number := func(re *regexp.Regexp) string {
		if m := re.FindSubmatch(out); m != nil {
			return string(m[1])
		}
		err = fmt.Errorf("wrk printed\n%s", out)
		return ""
	}
	r.perSecond, _ = strconv.ParseFloat(number(perSecondLine), 64)
	r.p99, _ = time.ParseDuration(number(p99Line))
	if n, _ := strconv.Atoi(number(requestsLine)); n > 0 {
		r.cpu = (after - before) / time.Duration(n)
	}
	return r, err
}

// table prints what was found, each beside the one named.
func table(connections int, found map[string]result, beside string) {
	base := found[beside]
	fmt.Printf("| %d at once | requests a second | of %s | p99 | times | CPU a request | times |\n|---|---|---|---|---|---|---|\n", connections, beside)
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		r := found[name]
		fmt.Printf("| %s | %.0f | %.2f | %s | %.2f | %s | %.2f |\n", name, r.perSecond, r.perSecond/base.perSecond,
			r.p99.Round(10*time.Microsecond), float64(r.p99)/float64(base.p99), r.cpu.Round(100*time.Nanosecond), float64(r.cpu)/float64(base.cpu))
	}
	fmt.Println()
}
