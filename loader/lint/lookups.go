package lint

import (
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/schema"
)

// lookUps: the sample of a look-up must hold what the field says, and every sample of
// one must be one.
func lookUps(v *version) {
	used := map[int]bool{}
	for _, name := range slices.Sorted(maps.Keys(v.Connection)) {
		f := v.Connection[name]
		if f.Request == nil {
			continue
		}
		kind, path := schema.SampleLookUp, v.lookUpPath(name, f.Request)
		if f.Request.Path != "" {
			kind = schema.SampleAPI
		}
		for i, s := range v.of(kind) {
			if s.Request == nil || method(s.Request.Method) != method(f.Request.Method) || !samePath(path, s.Request.Path) || statusOf(s.Response) >= 300 {
				continue
			}
			used[i] = true
			v.lookUpSample(i, s, name, f)
		}
	}
	for i, s := range v.of(schema.SampleLookUp) {
		switch {
		case s.Request == nil:
			v.report("sample-request", sampleAt(i, ""), "a sample of a look-up says what is asked", "request.path is the path of its url")
		case !used[i]:
			v.report("sample-look-up", sampleAt(i, ".request"), "nothing is looked up by "+method(s.Request.Method)+" "+s.Request.Path, "request.path is the path of a look-up's url")
		}
	}
}

// lookUpPath checks where a look-up goes, and returns its path.
func (v *version) lookUpPath(name string, r *schema.LookUp) string {
	at := "connection." + name + ".request."
	if r.Path != "" {
		v.path(at+"path", r.Path)
		return r.Path
	}
	v.url(at+"url", r.URL)
	t, err := schema.ParseTemplate(r.URL)
	if err != nil {
		return ""
	}
	u, err := url.Parse(filled(t))
	if err != nil {
		return ""
	}
	return u.Path
}

func (v *version) lookUpSample(i int, s schema.Sample, name string, f schema.ConnectionField) {
	report := func(format string, args ...any) {
		v.report("sample-look-up", sampleAt(i, ".response.body"), fmt.Sprintf(format, args...), "")
	}
	if f.List == nil {
		path := f.Path
		if path == "" {
			path = name
		}
		text, ok := schema.TextAt(s.Response.Body, path)
		switch {
		case !ok && !f.Optional && f.Default == "":
			report("nothing at %q, where connection.%s is looked up", path, name)
		case ok && misfit(f.Field, text) != "":
			report("what connection.%s is looked up in %s", name, misfit(f.Field, text))
		}
		return
	}
	list, _ := schema.At(s.Response.Body, f.List.Items)
	items, ok := list.([]any)
	if !ok {
		report("no list at %q, where connection.%s is looked up", f.List.Items, name)
		return
	}
	found := false
	for _, item := range items {
		text, ok := schema.TextAt(item, f.List.Value)
		if !ok || !matches(schema.Condition{Body: f.List.When}, schema.SampleResponse{Body: item}, nil) {
			continue
		}
		found = true
		if why := misfit(f.Field, text); why != "" {
			report("%q, which connection.%s could be, %s", text, name, why)
		}
		if _, ok := schema.TextAt(item, f.List.Title); f.List.Title != "" && !ok {
			report("nothing at %q in an item, where connection.%s has its title", f.List.Title, name)
		}
	}
	if !found {
		report("no item has what connection.%s could be", name)
	}
}
