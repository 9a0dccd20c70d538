package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// An errorStep answers with errors.
type errorStep struct{ *Entry }

func errorChecks(e *Entry, _ Options) ([]check, string) {
	in := e.Played
	var checks []check
	add := func(name string, a answer) {
		errorStep{e}.name(&a)
		checks = append(checks, check{name, errorStep{e}.maps(a)}, check{name + ", made again or not", errorStep{e}.repeats(a)})
	}
	samples := 0
	for i, s := range in.Samples {
		if s.Kind == schema.SampleError || s.Kind == schema.SampleRateLimited {
			a := sampled(s.Response)
			if s.Kind == schema.SampleRateLimited && s.Response.Status == 0 {
				a.status = http.StatusTooManyRequests
			}
			add(fmt.Sprintf("sample %d", i+1), a)
			samples++
		}
	}
	about := plural(samples, "sample")
	base := shape(in)
	if r := in.Requests.Errors; r != nil {
		for i := range r.Rules {
			for j, a := range alternatives(&r.Rules[i].When, base, r.Code) {
				add(fmt.Sprintf("rule %d.%d", i+1, j+1), a)
				if other, ok := withOtherStatus(a, &r.Rules[i].When); ok {
					add(fmt.Sprintf("rule %d.%d with status %d", i+1, j+1, other.status), other)
				}
			}
			for j, a := range neighbours(&r.Rules[i].When, base, r.Code) {
				add(fmt.Sprintf("beside rule %d.%d", i+1, j+1), a)
			}
		}
		about += ", " + plural(len(r.Rules), "rule")
	}
	for i, n := range in.Notes {
		if n.When != nil {
			for j, a := range alternatives(n.When, base, codePath(in)) {
				add(fmt.Sprintf("note %d.%d", i+1, j+1), a)
			}
			for j, a := range neighbours(n.When, base, codePath(in)) {
				add(fmt.Sprintf("beside note %d.%d", i+1, j+1), a)
			}
		}
	}
	for _, status := range []int{400, 401, 402, 403, 404, 405, 409, 410, 412, 422, 429, 451, 500, 503} {
		add(fmt.Sprintf("status %d", status), answer{status: status, header: http.Header{}, body: map[string]any{}})
	}
	return checks, about
}

// withOtherStatus returns a with a status that would have another meaning without
// the rule, if the rule leaves the status open.
func withOtherStatus(a answer, when *schema.Condition) (answer, bool) {
	if len(when.Status) > 0 || a.status < 400 {
		return a, false
	}
	other := a.clone()
	if other.status = http.StatusForbidden; a.status == http.StatusForbidden {
		other.status = http.StatusBadRequest
	}
	return other, true
}

// name gives an answer a request id, where this API has it.
func (e errorStep) name(a *answer) {
	r := e.Played.Requests.Errors
	if r == nil || r.RequestID == nil {
		return
	}
	if r.RequestID.Header != "" {
		a.header.Set(r.RequestID.Header, "bench-request-1")
	}
	if r.RequestID.Body != "" && isContainer(a.body) {
		a.body = schema.PutAt(a.body, r.RequestID.Body, "bench-request-1")
	}
}

// maps holds that CheckResponse makes of an answer what the entry says.
func (e errorStep) maps(a answer) func(context.Context) error {
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
		want := meaningOf(e.Played, &a)
		err = engine.CheckResponse(resp)
		if !want.failed {
			if err != nil {
				return fmt.Errorf("%s: got %v, want no error", a.describe(), err)
			}
			return nil
		}
		var got *engine.Error
		if !errors.As(err, &got) {
			return fmt.Errorf("%s: got %v, want an error of kind %s", a.describe(), err, want.kind)
		}
		for _, c := range []struct{ what, got, want string }{
			{"kind", string(got.Kind), string(want.kind)},
			{"code", got.Code, want.code},
			{"message", got.Message, strings.Join(strings.Fields(want.message), " ")}, // on one line
			{"request id", got.RequestID, want.requestID},
			{"hint", got.Hint, want.hint},
		} {
			if c.what == "message" && c.want == "" {
				continue // the entry does not say where; it may stand where messages usually do
			}
			if c.got != c.want {
				return fmt.Errorf("%s: %s %q, want %q", a.describe(), c.what, short(c.got), short(c.want))
			}
		}
		return nil
	}
}

// repeats holds that a GET is made again after an answer if the entry says so. The
// answer asks for no wait.
func (e errorStep) repeats(a answer) func(context.Context) error {
	return func(ctx context.Context) error {
		want := meaningOf(e.Played, &a)
		if want.expired || e.maxRetries() == 0 {
			return nil // the same request again, for another reason
		}
		quick := a.clone()
		quick.header.Set("Retry-After", "0")
		if meaningOf(e.Played, &quick).again != want.again {
			return nil // this API knows a limit by its Retry-After
		}
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		st.wire.reset(func(r *http.Request, n int) *answer {
			if n == 1 {
				return &quick
			}
			return ok(r, n)
		})
		if _, _, err := st.do(ctx, e.repeatable()); err != nil {
			return err
		}
		if got := len(st.wire.requests()); got != times(want.again) {
			return fmt.Errorf("%s: %s, want %d", a.describe(), plural(got, "attempt"), times(want.again))
		}
		return nil
	}
}
