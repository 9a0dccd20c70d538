package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// An operationStep does a declared operation. What it has to send, and what of the
// answer is its result, is read here once more.
type operationStep struct {
	*Entry
	name string
	op   *schema.Operation // as it is played
}

func operationChecks(e *Entry, o Options) ([]check, string) {
	var checks []check
	for _, name := range slices.Sorted(maps.Keys(e.Played.Operations)) {
		s := operationStep{e, name, e.Played.Operations[name]}
		for i, input := range exampleInputs(s.op) {
			checks = append(checks, check{fmt.Sprintf("%s, example %d", name, i+1), s.answers(input)})
		}
		checks = append(checks, check{name + ", wrong inputs", s.refusesWrong}, check{name + ", what is told", s.told})
		checks = append(checks, s.repetitionChecks(o)...)
	}
	return checks, plural(len(e.Played.Operations), "operation") + ": what is sent, what comes of it, and how often"
}

// answers holds that an operation sends what it declares, once, and gives what it
// declares of the answer.
func (e operationStep) answers(input map[string]any) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		var got *answer
		st.wire.after = func(_ *http.Request, _ int, a *answer) { shown := a.clone(); got = &shown }
		result, err := st.engine.Do(ctx, st.key, e.name, input)
		if err != nil {
			return err
		}
		seen := st.wire.requests()
		if len(seen) != 1 {
			return fmt.Errorf("%s, want one", plural(len(seen), "request"))
		}
		if err := e.sends(seen[0], input); err != nil {
			return err
		}
		if g, w := encode(decode(result)), encode(e.resultOf(got)); g != w {
			return fmt.Errorf("the result is %s, and the answer gives %s", short(g), short(w))
		}
		return st.wire.err()
	}
}

// resultOf picks out of an answer what the operation gives.
func (e operationStep) resultOf(a *answer) any {
	if e.op.Pages == nil {
		return e.picked(a.body)
	}
	p := e.pagination()
	items, _ := schema.At(a.body, p.Items)
	list, _ := items.([]any)
	out := []any{}
	for _, item := range list {
		out = append(out, e.picked(item))
	}
	page := map[string]any{"items": out}
	if p.Kind == "cursor" {
		if next := at(a.body, p.Cursor.Response); next != "" {
			page["next_cursor"] = next
		}
	}
	return page
}

// pagination is what holds for the operation's list.
func (e operationStep) pagination() schema.Pagination {
	var p schema.Pagination
	if declared := e.Played.Requests.Pagination; declared != nil {
		p = declared.At(e.op.Request.Verb(), e.op.Request.Path)
	}
	return p.Over(e.op.Pages.Pagination)
}

func (e operationStep) picked(v any) any {
	o := e.op.Output
	if o == nil {
		return v
	}
	if o.Path != "" {
		v, _ = schema.At(v, o.Path)
	}
	if len(o.Fields) == 0 {
		return v
	}
	if list, ok := v.([]any); ok {
		out := make([]any, len(list))
		for i := range list {
			out[i] = fieldsOf(list[i], o.Fields)
		}
		return out
	}
	return fieldsOf(v, o.Fields)
}

func fieldsOf(v any, fields map[string]string) any {
	out := map[string]any{}
	for name, path := range fields {
		if found, ok := schema.At(v, path); ok {
			out[name] = found
		}
	}
	return out
}

// refusesWrong holds that inputs which the schema does not allow reach nobody.
func (e operationStep) refusesWrong(ctx context.Context) error {
	st, err := e.connected(ctx, setup{})
	if err != nil {
		return err
	}
	for _, w := range wrongInputs(e.op) {
		_, err := st.engine.Do(ctx, st.key, e.name, w.input)
		if !errors.Is(err, engine.ErrInvalidInput) {
			return fmt.Errorf("%s is taken: %v", w.what, err)
		}
	}
	if n := len(st.wire.requests()); n > 0 {
		return fmt.Errorf("%s for inputs that were refused", plural(n, "request"))
	}
	return nil
}

// told holds that those who choose by effect and repetition are told what is declared.
func (e operationStep) told(ctx context.Context) error {
	st, err := e.stage(setup{})
	if err != nil {
		return err
	}
	all, err := st.engine.Operations(integration)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(o engine.Operation) bool { return o.Name == e.name })
	if i < 0 {
		return errors.New("the engine has no such operation")
	}
	want := e.op.Effect
	if want == "" {
		want = map[string]schema.Effect{"": "read", http.MethodGet: "read", http.MethodHead: "read", http.MethodDelete: "destroy"}[e.op.Request.Method]
	}
	if want == "" {
		want = "write"
	}
	if got := all[i].Does(); got != want {
		return fmt.Errorf("the effect is %q, want %q", got, want)
	}
	return nil
}

// repeatable reads whether the operation may be asked for again where it is not known
// whether it was done: what is declared, or else what only reads, PUT, DELETE, and
// everything where there is an idempotency key.
func (e operationStep) repeatable() bool {
	if e.op.Repeat != "" {
		return e.op.Repeat != "never"
	}
	r := e.Played.Requests.Retries
	verb := strings.ToUpper(or(e.op.Request.Method, http.MethodGet))
	return e.op.Effect == "read" || r != nil && r.IdempotencyKey != "" || verb == http.MethodPut || verb == http.MethodDelete ||
		e.op.Effect == "" && (verb == http.MethodGet || verb == http.MethodHead)
}
