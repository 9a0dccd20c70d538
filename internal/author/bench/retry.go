package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// A retryStep loses answers.
type retryStep struct{ *Entry }

func retryChecks(e *Entry, _ Options) ([]check, string) {
	in := e.Played
	r := in.Requests.Retries
	if r == nil {
		r = &schema.Retries{}
	}
	get := e.repeatable()
	var checks []check
	for status := 500; status <= 511; status++ {
		a := answer{status: status, header: http.Header{}}
		checks = append(checks, check{fmt.Sprintf("GET and %d", status), retryStep{e}.attempts(get, a, times(meaningOf(in, &a).again))})
	}
	if e.maxRetries() > 0 && e.probe().method == http.MethodGet {
		checks = append(checks, check{"a lost connection", retryStep{e}.survivesReset})
	}
	about := "GET after " + joined(retried(in)) + " and lost connections"
	if len(retried(in)) == 0 {
		return checks, about
	}
	down := answer{status: retried(in)[0], header: http.Header{}}
	unsafe := r.UnsafeMethods == "always" || r.IdempotencyKey != ""
	again := meaningOf(in, &down).again
	checks = append(checks,
		check{"until it gives up", retryStep{e}.givesUp(get, down)},
		check{"POST", retryStep{e}.attempts(call{method: http.MethodPost, path: "/bench/unsafe"}, down, times(again && unsafe))})
	for _, text := range r.Safe {
		method, path, _ := strings.Cut(text, " ")
		beside := strings.TrimSuffix(path, "/") + "-bench"
		if strings.HasSuffix(path, "*") {
			beside = path + "/bench" // any last segment fits
		}
		path, beside = strings.ReplaceAll(path, "*", "bench"), strings.ReplaceAll(beside, "*", "bench")
		checks = append(checks,
			check{text, retryStep{e}.attempts(call{method: method, path: path}, down, times(again))},
			check{"beside " + text, retryStep{e}.attempts(call{method: method, path: beside}, down, times(again && unsafe))})
	}
	if r.IdempotencyKey != "" {
		checks = append(checks, check{"idempotency_key", retryStep{e}.sendsKey(r.IdempotencyKey)})
	}
	if len(r.Safe) > 0 {
		about += ", and " + strings.Join(r.Safe, ", ")
	}
	return checks, about
}

func joined(list []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
}

func times(again bool) int {
	if again {
		return 2
	}
	return 1
}

func (e *Entry) maxRetries() int {
	if r := e.Played.Requests.Retries; r != nil && r.MaxRetries != nil {
		return *r.MaxRetries
	}
	return 3
}

// attempts holds that a call whose first answer is a has want attempts.
func (e retryStep) attempts(c call, a answer, want int) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		st.wire.reset(func(r *http.Request, n int) *answer {
			if n == 1 {
				return &a
			}
			return ok(r, n)
		})
		if _, _, err := st.do(ctx, c); err != nil {
			return err
		}
		if got := len(st.wire.requests()); got != min(want, e.maxRetries()+1) {
			return fmt.Errorf("%s after %d, want %d", plural(got, "attempt"), a.status, want)
		}
		for _, w := range st.waited() {
			if w > e.firstWait() {
				return fmt.Errorf("the engine waited %s; the first wait is at most %s", w, e.firstWait())
			}
		}
		return nil
	}
}

func (e retryStep) survivesReset(ctx context.Context) error {
	st, err := e.connected(ctx, setup{})
	if err != nil {
		return err
	}
	if err := st.provider.Fault(sandbox.FaultReset, 1); err != nil {
		return err
	}
	_, err = st.succeed(ctx, e.probe())
	return err
}

// givesUp holds that attempts end after max_retries.
func (e retryStep) givesUp(c call, a answer) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		st.wire.reset(func(*http.Request, int) *answer { return &a })
		if _, _, err := st.do(ctx, c); err != nil {
			return err
		}
		if got := len(st.wire.requests()); got != e.maxRetries()+1 {
			return fmt.Errorf("%s, want %d", plural(got, "attempt"), e.maxRetries()+1)
		}
		return nil
	}
}

// sendsKey holds that both attempts of a POST carry the same key.
func (e retryStep) sendsKey(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		st.wire.reset(func(r *http.Request, n int) *answer {
			if n == 1 {
				return &answer{status: retried(e.Played)[0]}
			}
			return ok(r, n)
		})
		if _, _, err := st.do(ctx, call{method: http.MethodPost, path: "/bench"}); err != nil {
			return err
		}
		var keys []string
		for _, r := range st.wire.requests() {
			keys = append(keys, r.header.Get(name))
		}
		if len(keys) < 2 || keys[0] == "" || len(slices.Compact(keys)) != 1 {
			return fmt.Errorf("the attempts of a POST carry %d different %s", len(keys), name)
		}
		return nil
	}
}
