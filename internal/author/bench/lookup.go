package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A lookUpStep looks up fields once there are credentials.
type lookUpStep struct{ *Entry }

// lookUpChecks are those of the fields that are looked up once there is a
// connection.
func (e lookUpStep) lookUpChecks() (checks []check) {
	for _, name := range slices.Sorted(maps.Keys(e.Played.Connection)) {
		f := e.Played.Connection[name]
		if f.From != schema.FromRequest || f.Request == nil {
			continue
		}
		checks = append(checks, check{"looking up " + name, e.looksUp(name, f, nil)})
		if e.shares(name) {
			continue // a changed answer would change the other, too
		}
		checks = append(checks,
			check{"looking up " + name + " in vain", e.looksUp(name, f, nothing)},
			check{"looking up " + name + ", refused", e.looksUp(name, f, func(_ schema.ConnectionField, _ string, a *answer) { a.status = http.StatusForbidden })})
		if f.List != nil {
			checks = append(checks,
				check{"looking up " + name + ", one", e.looksUp(name, f, only)},
				check{"looking up " + name + ", another", e.looksUp(name, f, another)},
				check{"looking up " + name + ", chosen before", e.choosesBefore(name, f)})
			for path := range f.List.When {
				checks = append(checks, check{"looking up " + name + ", other " + path, e.looksUp(name, f, other(path))})
			}
		}
	}
	return checks
}

// shares reports whether another field is looked up by the same request.
func (e lookUpStep) shares(name string) bool {
	r := e.Played.Connection[name].Request
	for other, f := range e.Played.Connection {
		if o := f.Request; o != nil && other != name && or(o.Method, http.MethodGet) == or(r.Method, http.MethodGet) && o.URL == r.URL && o.Path == r.Path {
			return true
		}
	}
	return false
}

// nothing takes the value, or all that there is to choose, out of an answer.
func nothing(f schema.ConnectionField, name string, a *answer) {
	if f.List == nil {
		schema.RemoveAt(a.body, or(f.Path, name))
		return
	}
	a.body = schema.PutAt(a.body, f.List.Items, []any{})
}

// only leaves the first of what there is to choose.
func only(f schema.ConnectionField, _ string, a *answer) {
	if fit := fitting(f, a.body); len(fit) > 0 {
		a.body = schema.PutAt(a.body, f.List.Items, []any{fit[0]})
	}
}

// another adds one more.
func another(f schema.ConnectionField, _ string, a *answer) {
	if fit := fitting(f, a.body); len(fit) > 0 {
		more := schema.PutAt(plain(fit[0]), f.List.Value, at(fit[0], f.List.Value)+"0")
		a.body = schema.PutAt(a.body, f.List.Items, append(slices.Clone(fit), more))
	}
}

// other adds one that is not to choose, because of what stands at path.
func other(path string) func(schema.ConnectionField, string, *answer) {
	return func(f schema.ConnectionField, _ string, a *answer) {
		if fit := fitting(f, a.body); len(fit) > 0 {
			more := schema.PutAt(schema.PutAt(plain(fit[0]), f.List.Value, at(fit[0], f.List.Value)+"0"), path, "bench-other")
			a.body = schema.PutAt(a.body, f.List.Items, []any{fit[0], more})
		}
	}
}

// fitting returns the items of a list that there are to choose from.
func fitting(f schema.ConnectionField, body any) (fit []any) {
	list, _ := schema.At(body, f.List.Items)
	items, _ := list.([]any)
	for _, item := range items {
		ok := at(item, f.List.Value) != ""
		for path, want := range f.List.When {
			got, has := schema.At(item, path)
			ok = ok && has && schema.Accepts(want, got)
		}
		if ok {
			fit = append(fit, item)
		}
	}
	return fit
}

// looksUp holds that a field has what its answer says, changed or not, or is left to
// be chosen, or that nothing is stored.
func (e lookUpStep) looksUp(name string, f schema.ConnectionField, change func(schema.ConnectionField, string, *answer)) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.stage(setup{})
		if err != nil {
			return err
		}
		var said answer
		st.wire.lookUp = func(field string, a *answer) {
			if field != name {
				return
			}
			if change != nil {
				change(f, name, a)
			}
			said = a.clone()
		}
		c, err := st.connectOpen(ctx, st.key, nil)
		stored := err == nil
		if stored { // what it needs may have to be chosen first
			c, err = st.choose(ctx, c, name)
		}
		var values []string
		switch {
		case said.status != http.StatusOK:
		case f.List == nil:
			if v := at(said.body, or(f.Path, name)); v != "" {
				values = []string{v}
			}
		default:
			for _, item := range fitting(f, said.body) {
				values = append(values, at(item, f.List.Value))
			}
		}
		switch {
		case len(values) == 0 && (f.Optional || f.Default != ""):
			return err
		case len(values) == 0:
			if err == nil {
				return errors.New("a connection was made without what it needs")
			}
			if stored {
				return nil
			}
			return st.nothingStored(ctx)
		case err != nil:
			return err
		case len(values) > 1:
			return st.leavesOpen(ctx, c, name, f, said.body)
		}
		return carries(c, name, f, values[0])
	}
}

// carries holds that a connection has a value, and keeps it where it belongs.
func carries(c *engine.Connection, name string, f schema.ConnectionField, want string) error {
	got, kept := c.Fields[name], c.Credentials.Fields["connection."+name].Reveal()
	if f.Secret {
		got, kept = kept, got
	}
	if got != want || kept != "" {
		return fmt.Errorf("connection.%s is not what was looked up", name)
	}
	return nil
}

// leavesOpen holds that one of several is the user's to choose.
func (st *stage) leavesOpen(ctx context.Context, c *engine.Connection, name string, f schema.ConnectionField, said any) error {
	if f.Default == "" && carries(c, name, f, "") != nil {
		return fmt.Errorf("connection.%s has a value, and there are several to choose from", name)
	}
	got, err := st.engine.Choices(ctx, c.Key, name)
	if errors.Is(err, engine.ErrOpenField) {
		return nil // another comes first, and has a check of its own
	}
	if err != nil {
		return err
	}
	var want []engine.Choice
	for _, item := range fitting(f, said) {
		v := at(item, f.List.Value)
		one := engine.Choice{Value: v, Title: v}
		if title := at(item, f.List.Title); f.List.Title != "" && title != "" {
			one.Title = title
		}
		want = append(want, one)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("there are %v to choose from, and the answer has %v", got, want)
	}
	set, err := st.engine.SetFields(ctx, c.Key, map[string]string{name: want[0].Value})
	if err != nil {
		return err
	}
	return carries(set, name, f, want[0].Value)
}

// choosesBefore holds that what is chosen beforehand is taken, if it is there to be
// chosen.
func (e lookUpStep) choosesBefore(name string, f schema.ConnectionField) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.stage(setup{})
		if err != nil {
			return err
		}
		c, err := st.connect(ctx, st.key)
		if err != nil {
			return err
		}
		v := c.Fields[name]
		if f.Secret {
			v = c.Credentials.Fields["connection."+name].Reveal()
		}
		again, err := st.connectOpen(ctx, st.key, map[string]string{name: v})
		if err != nil || len(e.Played.Connection) > 1 {
			return err // it may still wait for another
		}
		return carries(again, name, f, v)
	}
}

// choose takes the first where a connection leaves a choice, except of one field.
func (st *stage) choose(ctx context.Context, c *engine.Connection, except string) (*engine.Connection, error) {
	for {
		open, err := st.engine.OpenFields(c)
		if err != nil {
			return nil, err
		}
		name, v := "", ""
		for _, f := range open {
			if f.Name == except || !f.Choice {
				continue
			}
			choices, err := st.engine.Choices(ctx, c.Key, f.Name)
			if errors.Is(err, engine.ErrOpenField) {
				continue // another comes first
			}
			if err != nil {
				return nil, err
			}
			if len(choices) > 0 {
				name, v = f.Name, choices[0].Value
				break
			}
		}
		if name == "" {
			return c, nil
		}
		if c, err = st.engine.SetFields(ctx, c.Key, map[string]string{name: v}); err != nil {
			return nil, err
		}
	}
}

// A lookUp is how a wire knows the look-ups of a field.
type lookUp struct {
	name, method string
	url          *regexp.Regexp
	atBase       bool // it counts against the budget
}

func lookUpsOf(in *schema.Integration) (list []lookUp) {
	for _, name := range slices.Sorted(maps.Keys(in.Connection)) {
		if r := in.Connection[name].Request; r != nil {
			target := r.URL
			if r.Path != "" {
				target = in.Requests.BaseURL + r.Path
			}
			list = append(list, lookUp{name, or(r.Method, http.MethodGet), urlPattern(target), r.AtBase(in.Requests.BaseURL)})
		}
	}
	return list
}

// lookedUp returns the fields that a request is the look-up of.
func (w *wire) lookedUp(r *http.Request) (names []string) {
	where := r.URL.Scheme + "://" + r.URL.Host + r.URL.EscapedPath()
	for _, l := range w.lookUps {
		if l.method == r.Method && l.url.MatchString(where) {
			names = append(names, l.name)
		}
	}
	return names
}

// spent returns how much of a connection's budget went into look-ups.
func (w *wire) spent(b *schema.Budget, k engine.Key) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.looked {
		if b.Scope != "connection" || c == k {
			n++
		}
	}
	return n
}

// lookUpRequest lets a look-up by.
func (w *wire) lookUpRequest(r *http.Request, names []string) (*http.Response, error) {
	atBase := slices.ContainsFunc(w.lookUps, func(l lookUp) bool { return l.atBase && slices.Contains(names, l.name) })
	if c, ok := engine.ConnectionFromContext(r.Context()); ok && atBase {
		w.mu.Lock()
		w.looked = append(w.looked, c.Key)
		w.mu.Unlock()
	}
	resp, err := w.send(r)
	if err != nil || w.lookUp == nil {
		return resp, err
	}
	a := readAnswer(resp)
	for _, name := range names {
		w.lookUp(name, &a)
	}
	return a.response(r), nil
}
