package sample

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// HandingOut returns the integration with the values that the look-ups of the
// sandbox answer with as the only ones that their fields can have.
func HandingOut(i *schema.Integration) (*schema.Integration, error) {
	order, cycle := schema.LookUps(i.Connection, &i.Requests)
	if len(order)+len(cycle) == 0 {
		return i, nil
	}
	s, err := Compile(i)
	if err != nil {
		return nil, err
	}
	out := *i
	out.Connection = map[string]schema.ConnectionField{}
	for name, f := range i.Connection {
		if f.From == schema.FromRequest && f.Request != nil {
			if found := handedOut(&f, name, s.LookUp(i, name, &f)); len(found) > 0 {
				f.Enum, f.Example = found, found[0]
			}
		}
		out.Connection[name] = f
	}
	return &out, nil
}

// handedOut returns the values for a field in an answer.
func handedOut(f *schema.ConnectionField, name string, body any) (found []string) {
	if f.List == nil {
		if v, ok := schema.At(body, answerPath(f, name)); ok && message.Text(v) != "" {
			return []string{message.Text(v)}
		}
		return nil
	}
	list, _ := schema.At(body, f.List.Items)
	items, _ := list.([]any)
	for _, item := range items {
		fits := true
		for path, want := range f.List.When {
			got, ok := schema.At(item, path)
			fits = fits && ok && schema.Accepts(want, got)
		}
		if v, ok := schema.At(item, f.List.Value); ok && fits && message.Text(v) != "" {
			found = append(found, message.Text(v))
		}
	}
	return found
}

func answerPath(f *schema.ConnectionField, name string) string {
	if f.Path != "" {
		return f.Path
	}
	return name
}

// LookUp returns what a field is looked up in: the sample's body, or one that is made
// up.
func (s *Samples) LookUp(i *schema.Integration, name string, f *schema.ConnectionField) any {
	from, path := s.lookUps, f.Request.URL
	if f.Request.Path != "" {
		from, path = s.Api, f.Request.Path
	} else if u, err := url.Parse(filledWith(i, path)); err == nil {
		path = u.EscapedPath()
	}
	path, _, _ = strings.Cut(filledWith(i, path), "?")
	for n := range from {
		if one := &from[n]; one.method == MethodOf(f) && one.re.MatchString(path) && len(handedOut(f, name, one.Answer.Body)) > 0 {
			return message.Clone(one.Answer.Body)
		}
	}
	value := any(match.ExampleOf(name, f.Field))
	if f.List == nil {
		return schema.PutAt(nil, answerPath(f, name), value)
	}
	var item any
	for path, want := range f.List.When {
		if list, ok := want.([]any); ok && len(list) > 0 {
			want = list[0]
		}
		if want == "*" {
			want = "sandbox"
		}
		item = schema.PutAt(item, path, want)
	}
	if f.List.Title != "" {
		item = schema.PutAt(item, f.List.Title, "Sandbox "+name)
	}
	return schema.PutAt(nil, f.List.Items, []any{schema.PutAt(item, f.List.Value, value)})
}

func MethodOf(f *schema.ConnectionField) string {
	if f.Request.Method == "" {
		return http.MethodGet
	}
	return f.Request.Method
}

// filledWith returns a template with the examples of its placeholders.
func filledWith(i *schema.Integration, text string) string {
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return text
	}
	var b strings.Builder
	for _, p := range t.Parts {
		b.WriteString(p.Literal)
		if p.Refs != nil {
			_, example := match.URLPart(i, p.Refs, false)
			b.WriteString(example)
		}
	}
	return b.String()
}
