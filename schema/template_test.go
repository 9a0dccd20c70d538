package schema

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParseTemplate(t *testing.T) {
	name := func(names ...string) Part {
		var p Part
		for _, n := range names {
			if text, ok := strings.CutPrefix(n, "'"); ok {
				p.Refs = append(p.Refs, Ref{Literal: strings.TrimSuffix(text, "'")})
			} else {
				p.Refs = append(p.Refs, Ref{Name: n})
			}
		}
		return p
	}
	text := func(s string) Part { return Part{Literal: s} }
	for _, row := range []struct {
		in   string
		want []Part
		err  string
	}{
		{in: ""},
		{in: "plain $5 and $NAME", want: []Part{text("plain $5 and $NAME")}},
		{in: "Bearer ${access_token}", want: []Part{text("Bearer "), name("access_token")}},
		{in: "${connection.a-b}${raw.team.id}", want: []Part{name("connection.a-b"), name("raw.team.id")}},
		{in: "${ a || b||'x || }' }.", want: []Part{name("a", "b", "'x || }'"), text(".")}},
		{in: "$${access_token}", want: []Part{text("${access_token}")}},
		{in: "$$${x}", want: []Part{text("$${x}")}},
		{in: "a$${b}${c}", want: []Part{text("a${b}"), name("c")}},
		{in: "${'$'}${a}", want: []Part{name("'$'"), name("a")}},
		{in: "${", err: "without closing brace"},
		{in: "${'}", err: "without closing brace"},
		{in: "${}", err: "not a name"},
		{in: "${NAME}", err: "not a name"},
		{in: "${a | b}", err: "not a name"},
		{in: "${a || }", err: "not a name"},
		{in: "${'a' 'b'}", err: "not a name"},
	} {
		got, err := ParseTemplate(row.in)
		if row.err != "" {
			if err == nil || !strings.Contains(err.Error(), row.err) {
				t.Errorf("ParseTemplate(%q): got error %v, want %q", row.in, err, row.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got.Parts, row.want) {
			t.Errorf("ParseTemplate(%q) = %+v, %v; want %+v", row.in, got.Parts, err, row.want)
		}
	}
}

// TestTemplateString: text beside a placeholder never becomes one.
func TestTemplateString(t *testing.T) {
	token := Part{Refs: []Ref{{Name: "access_token"}}}
	for _, parts := range [][]Part{
		{{Literal: "$"}, {Literal: "{access_token}"}},
		{{Literal: "x$"}, token},
		{{Literal: "$$$"}, token, {Literal: "{a}"}},
		{{Literal: "$${"}, token},
		{token, {Literal: "$"}},
		{{Literal: "${access_token}"}, {Literal: "$${x}"}},
	} {
		want := render(Template{Parts: parts})
		again, err := ParseTemplate(Template{Parts: parts}.String())
		if err != nil || render(again) != want {
			t.Errorf("%+v: got %q, %v; want %q (text %q)", parts, render(again), err, want, Template{Parts: parts}.String())
		}
	}
}

// render fills each placeholder with its names.
func render(t Template) string {
	var b strings.Builder
	for _, p := range t.Parts {
		b.WriteString(p.Literal)
		if p.Refs == nil {
			continue
		}
		if p.Refs[0].Name == "" {
			b.WriteString(p.Refs[0].Literal)
			continue
		}
		for _, r := range p.Refs {
			b.WriteString("\x00" + r.Name + r.Literal + "\x01")
		}
	}
	return b.String()
}

func FuzzParseTemplate(f *testing.F) {
	for _, seed := range []string{"", "Bearer ${access_token}", "$${x}", "${a || 'b}'}", "$$${", "x$", "${'$$'}${raw.a.b}", "{access_token}"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if got, err := ParseTemplate(EscapeTemplate(a)); err != nil || render(got) != a {
			t.Fatalf("EscapeTemplate(%q) gives %q, %v", a, render(got), err)
		}
		parsed, err := ParseTemplate(b)
		if err != nil {
			return
		}
		mixed := Template{Parts: slices.Concat([]Part{{Literal: a}}, parsed.Parts, []Part{{Literal: a}})}
		again, err := ParseTemplate(mixed.String())
		if err != nil || render(again) != render(mixed) {
			t.Fatalf("%q: got %q, %v; want %q", mixed.String(), render(again), err, render(mixed))
		}
	})
}
