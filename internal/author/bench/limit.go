package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// A limitStep is told to wait, in every way that is declared.
type limitStep struct{ *Entry }

// pause is what providers ask for here.
const pause = time.Second

// slack is how far a wait may be off: dates and epochs know whole seconds.
const slack = 50 * time.Millisecond

func limitChecks(e *Entry, opts Options) ([]check, string) {
	in := e.Played
	checks := []check{{"the sandbox's 429", limitStep{e}.waitsFor429}}
	base := limitStep{e}.limitShape()
	for i, c := range detect(in) {
		for j, a := range alternatives(&c, base, codePath(in)) {
			name := fmt.Sprintf("detect %d.%d", i+1, j+1)
			if len(c.Header) == 0 || a.header.Get("Retry-After") == "" {
				stripWaits(in, &a)
				restore(&c, &a)
			}
			a.header.Set("Retry-After", "1")
			checks = append(checks, check{name, limitStep{e}.waits(a, pause)})
		}
		for j, a := range neighbours(&c, base, codePath(in)) {
			checks = append(checks, check{fmt.Sprintf("beside detect %d.%d", i+1, j+1), limitStep{e}.judges(a)})
		}
	}
	waits := []schema.Wait(nil)
	if in.Requests.RateLimit != nil {
		waits = in.Requests.RateLimit.Wait
	}
	for i, w := range waits {
		checks = append(checks, check{"wait by " + w.Header + w.Body, limitStep{e}.waitsBy(base, map[int]time.Duration{i: pause})})
		for j := i + 1; j < len(waits); j++ {
			if waits[j].Header != w.Header || w.Header == "" {
				checks = append(checks, check{"order of waits", limitStep{e}.waitsBy(base, map[int]time.Duration{i: pause, j: 3 * pause})})
			}
		}
	}
	if least, _ := e.untold(); least < 2*pause || opts.Patient {
		checks = append(checks, check{"with nothing said", limitStep{e}.waitsUntold(base)})
	}
	about := "waited as " + plural(len(detect(in)), "condition") + " and Retry-After say"
	if len(waits) > 0 {
		about += ", and " + plural(len(waits), "place") + " that tell how long"
	}
	if r := in.Requests.RateLimit; r != nil && r.Remaining != nil {
		checks = append(checks, check{"nothing remaining", limitStep{e}.waitsAhead})
		about += "; ahead of it when nothing is left"
	}
	if opts.Patient {
		checks = append(checks, check{"a wait that is too long", limitStep{e}.refusesLongWait(base, 1)}, check{"the longest wait", limitStep{e}.refusesLongWait(base, -1)})
	}
	return checks, about
}

// waitsFor429 holds that a call is made again after the sandbox's refusal, which
// says in all ways that this API has how long to wait.
func (e limitStep) waitsFor429(ctx context.Context) error {
	st, err := e.connected(ctx, setup{})
	if err != nil {
		return err
	}
	if err := st.provider.Fault(sandbox.FaultRateLimited, 1); err != nil {
		return err
	}
	return st.waitsOnce(ctx, pause, pause) // dates may be up to a second late
}

// waits holds that an answer is waited for as long as it says.
func (e limitStep) waits(a answer, want time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		st.wire.reset(func(_ *http.Request, n int) *answer { return first(n, &a) })
		if err := st.waitsOnce(ctx, want, 0); err != nil {
			return fmt.Errorf("%s: %w", a.describe(), err)
		}
		return nil
	}
}

// waitsOnce makes a call that has to wait once, for want or up to more on top.
func (st *stage) waitsOnce(ctx context.Context, want, more time.Duration) error {
	start := time.Now()
	if _, err := st.succeed(ctx, st.entry.probe()); err != nil {
		return err
	}
	if n := len(st.wire.requests()); n != 2 {
		return fmt.Errorf("%s, want 2", plural(n, "request"))
	}
	if took := time.Since(start); took < want-slack {
		return fmt.Errorf("the second attempt came after %s; %s was asked for", took, want)
	}
	for _, w := range st.waited() {
		if w >= want-slack && w <= want+more+slack {
			return nil
		}
	}
	return fmt.Errorf("the engine waited %s; %s was asked for", st.waited(), want)
}

// judges holds that an answer which is not quite "too many requests" is taken for
// what the rest of the blueprint makes of it.
func (e limitStep) judges(a answer) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.connected(ctx, setup{once: true})
		if err != nil {
			return err
		}
		st.wire.reset(func(*http.Request, int) *answer { return &a })
		_, resp, err := st.do(ctx, e.probe())
		if err != nil {
			return err
		}
		if want := meaningOf(e.Played, &a); engine.ErrorKind(engine.CheckResponse(resp)) != want.kind {
			return fmt.Errorf("%s: got kind %q, want %q", a.describe(), engine.ErrorKind(engine.CheckResponse(resp)), want.kind)
		}
		return nil
	}
}

// limitShape is how this API says "too many requests", without saying how long.
func (e limitStep) limitShape() answer {
	for _, s := range e.Played.Samples {
		if s.Kind == schema.SampleRateLimited {
			a := sampled(s.Response)
			if s.Response.Status == 0 {
				a.status = http.StatusTooManyRequests
			}
			return a
		}
	}
	return alternatives(&detect(e.Played)[0], answer{status: http.StatusTooManyRequests, header: http.Header{}, body: map[string]any{}}, codePath(e.Played))[0]
}

// stripWaits takes out of an answer all that says how long to wait.
func stripWaits(in *schema.Integration, a *answer) {
	a.header.Del("Retry-After")
	a.header.Del("RateLimit")
	r := in.Requests.RateLimit
	if r == nil {
		return
	}
	waits := slices.Clone(r.Wait)
	if r.Remaining != nil {
		a.header.Del(r.Remaining.Header)
		if r.Remaining.Reset != nil {
			waits = append(waits, r.Remaining.Reset.Wait())
		}
	}
	for _, w := range waits {
		if w.Header != "" {
			a.header.Del(w.Header)
		}
		if w.Body != "" {
			schema.RemoveAt(a.body, w.Body)
		}
	}
}

// restore puts back the headers that c asks for.
func restore(c *schema.Condition, a *answer) {
	for name, v := range c.Header {
		if v == "*" {
			v = "1"
		}
		a.header.Set(name, v)
	}
}

// waitsBy holds that the places of rate_limit.wait are read, the first one first.
// waits are what they say, by their index.
func (e limitStep) waitsBy(base answer, waits map[int]time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		a := e.saying(st, base, waits)
		if !isLimited(e.Played, &a) {
			return nil // it is told by its header, which this one does not have
		}
		first := slices.Min(keys(waits))
		st.wire.reset(func(_ *http.Request, n int) *answer {
			if n > 1 {
				return nil
			}
			a := e.saying(st, base, waits)
			return &a
		})
		if err := st.waitsOnce(ctx, waits[first], 0); err != nil {
			return fmt.Errorf("%s: %w", a.describe(), err)
		}
		return nil
	}
}

func keys(m map[int]time.Duration) []int {
	var list []int
	for k := range m {
		list = append(list, k)
	}
	return list
}

// saying returns base with waits said in their places, and with the time: dates
// are read by the provider's clock.
func (e limitStep) saying(st *stage, base answer, waits map[int]time.Duration) answer {
	a := base.clone()
	now := st.clock.now().Truncate(time.Second)
	stripWaits(e.Played, &a)
	a.header.Set("Date", now.UTC().Format(http.TimeFormat))
	if r := e.Played.Requests.RateLimit; r != nil && r.Remaining != nil {
		a.header.Set(r.Remaining.Header, "0")
	}
	for i, d := range waits {
		say(&a, e.Played.Requests.RateLimit.Wait[i], now, d)
	}
	return a
}

func say(a *answer, w schema.Wait, now time.Time, d time.Duration) {
	end := now.Add(d)
	value := strconv.Itoa(int(d / time.Second))
	switch w.Format {
	case "milliseconds":
		value = strconv.FormatInt(d.Milliseconds(), 10)
	case "date":
		value = end.UTC().Format(http.TimeFormat)
	case "iso_date":
		value = end.UTC().Format(time.RFC3339)
	case "epoch_seconds":
		value = strconv.FormatInt(end.Unix(), 10)
	case "epoch_milliseconds":
		value = strconv.FormatInt(end.UnixMilli(), 10)
	case "ratelimit":
		value = "limit=10, remaining=0, reset=" + value
	}
	if w.Header != "" {
		a.header.Set(w.Header, value)
	}
	if w.Body != "" {
		a.body = schema.PutAt(a.body, w.Body, value)
	}
}

// waitsUntold holds that the wait after an answer which says nothing is the one
// that retries declare, at least half of it.
func (e limitStep) waitsUntold(base answer) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		a := base.clone()
		stripWaits(e.Played, &a)
		if !isLimited(e.Played, &a) {
			return nil
		}
		st.wire.reset(func(_ *http.Request, n int) *answer { return first(n, &a) })
		if _, err := st.succeed(ctx, e.probe()); err != nil {
			return err
		}
		least, most := e.untold()
		if w := st.waited(); len(w) == 0 || w[0] < least-slack || w[0] > most+slack {
			return fmt.Errorf("the engine waited %s, want %s to %s", w, least, most)
		}
		return nil
	}
}

// untold is how long a call may wait after an answer that says nothing.
func (e *Entry) untold() (least, most time.Duration) {
	if r := e.Played.Requests.RateLimit; r != nil && r.DefaultWaitSeconds != nil {
		wait := time.Duration(*r.DefaultWaitSeconds * float64(time.Second))
		return wait, wait
	}
	most = e.firstWait()
	return most / 2, most
}

func (e *Entry) firstWait() time.Duration {
	if r := e.Played.Requests.Retries; r != nil && r.TimeBetweenRetriesSec != nil {
		return time.Duration(*r.TimeBetweenRetriesSec * float64(time.Second))
	}
	return 500 * time.Millisecond
}

// waitsAhead holds that nothing is sent after an answer which says that nothing is
// left, until the declared reset.
func (e limitStep) waitsAhead(ctx context.Context) error {
	r := e.Played.Requests.RateLimit.Remaining
	for _, left := range []string{"0", "50"} {
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		st.wire.after = func(_ *http.Request, n int, a *answer) {
			now := st.clock.now().Truncate(time.Second)
			a.header.Set("Date", now.UTC().Format(http.TimeFormat))
			a.header.Set(r.Header, left)
			if n == 1 && r.Reset != nil {
				say(a, r.Reset.Wait(), now, pause)
			}
			if n > 1 {
				a.header.Set(r.Header, "50")
			}
		}
		for range 2 {
			if _, err := st.succeed(ctx, e.probe()); err != nil {
				return err
			}
		}
		w := st.waited()
		seen := st.wire.requests()
		last := seen[len(seen)-1]
		apart, really := last.at.Sub(seen[0].at), last.really.Sub(seen[0].really)
		if left == "0" && r.Reset != nil {
			if (apart-pause).Abs() > slack || really < pause-slack {
				return fmt.Errorf("%s: 0: the next call came after %s; the reset is %s ahead", r.Header, min(apart, really), pause)
			}
		} else if len(w) > 0 {
			return fmt.Errorf("%s: %s: the engine waited %s before the next call", r.Header, left, w)
		}
	}
	return nil
}

// refusesLongWait holds that a wait longer than max_wait_seconds ends the call, and
// one that is just not does not. by is how many seconds it is longer.
func (e limitStep) refusesLongWait(base answer, by int) func(context.Context) error {
	return func(ctx context.Context) error {
		most := 60.0
		if r := e.Played.Requests.Retries; r != nil && r.MaxWaitSeconds != nil {
			most = *r.MaxWaitSeconds
		}
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		a := base.clone()
		stripWaits(e.Played, &a)
		for _, c := range detect(e.Played) {
			if !isLimited(e.Played, &a) {
				restore(&c, &a)
			}
		}
		a.header.Set("Retry-After", strconv.Itoa(int(most)+by))
		st.wire.reset(func(_ *http.Request, n int) *answer { return first(n, &a) })
		got, _, err := st.do(ctx, e.probe())
		if err != nil {
			return err
		}
		if waited := len(st.waited()) > 0; waited != (by < 0) {
			return fmt.Errorf("Retry-After: %d was waited for: %t, with max_wait_seconds %g; the call ended with %d", int(most)+by, waited, most, got.status)
		}
		return nil
	}
}
