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
		{in: "${base64(oauth_client_secret, ':')}", want: []Part{{Refs: []Ref{{Func: "base64", Args: [][]Ref{{{Name: "oauth_client_secret"}}, {{Literal: ":"}}}}}}}},
		{in: "${ a||f( g(),b || ')' ) || 'x' }", want: []Part{{Refs: []Ref{{Name: "a"}, {Func: "f", Args: [][]Ref{{{Func: "g"}}, {{Name: "b"}, {Literal: ")"}}}}, {Literal: "x"}}}}},
		{in: "${f(}", err: "not a name"},
		{in: "${f(a}", err: "not well formed"},
		{in: "${f(a,)}", err: "not a name"},
		{in: "${f(a b)}", err: "not well formed"},
		{in: "${f(a))}", err: "not well formed"},
		{in: "${a, b}", err: "not well formed"},
		{in: "${a.b(c)}", err: "not well formed"},
		{in: "${f (a)}", err: "not a name"},
		{in: "${F(a)}", err: "not a name"},
		{in: "${" + strings.Repeat("f(", 9) + strings.Repeat(")", 9) + "}", err: "too deep"},
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
		if p.Refs[0].IsLiteral() {
			b.WriteString(p.Refs[0].Literal)
			continue
		}
		writeRefs(&b, p.Refs)
	}
	return b.String()
}

func writeRefs(b *strings.Builder, refs []Ref) {
	for _, r := range refs {
		b.WriteString("\x00" + r.Name + r.Literal + "\x02" + r.Func)
		for _, a := range r.Args {
			b.WriteString("\x03")
			writeRefs(b, a)
		}
		b.WriteString("\x01")
	}
}

func FuzzParseTemplate(f *testing.F) {
	for _, seed := range []string{"", "Bearer ${access_token}", "$${x}", "${a || 'b}'}", "$$${", "x$", "${'$$'}${raw.a.b}", "{access_token}", "${base64(a, ':', hex(sha1(b||'}')))}", "${now('iso')}${f(g(),h)}"} {
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
		_, _, _ = parsed.CheckFunctions(), parsed.Refs(), parsed.Generated()
		mixed := Template{Parts: slices.Concat([]Part{{Literal: a}}, parsed.Parts, []Part{{Literal: a}})}
		again, err := ParseTemplate(mixed.String())
		if err != nil || render(again) != render(mixed) {
			t.Fatalf("%q: got %q, %v; want %q", mixed.String(), render(again), err, render(mixed))
		}
	})
}
