package page

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes p as a page of Markdown.
func (p *Page) Markdown(w io.Writer) error {
	var b strings.Builder
	f := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	f("# %s\n\n", inline(p.DisplayName))
	if p.Deprecated() {
		f("> %s\n\n", inline(p.deprecation()))
	}
	f("%s\n\n", inline(p.Comment))
	f("`%s`", p.Ref())
	if p.DocsURL != "" {
		f(" · [documentation](%s)", p.DocsURL)
	}
	f("\n\n## How to use it\n\n```yaml\n%s```\n\n%s\n\n```sh\n%s\n```\n\nWithout an account, against a simulator:\n\n```sh\n%s\n```\n\n%s\n",
		p.Use.YAML, inline(p.Use.Fill()), strings.Join(p.Use.Connect, "\n"), strings.Join(p.Use.Try, "\n"), inline(p.Use.Override))
	writeInputs(&b, "What you must bring", p.Bring)
	writeInputs(&b, "What the user types", p.Type)
	f("\n## Coverage\n\n| | part | how | played |\n| --- | --- | --- | --- |\n")
	for _, r := range p.Coverage {
		f("| %s | %s | %s | %s |\n", r.Mark(), inline(r.Part), inline(r.How), inline(strings.Join(r.Steps, ", ")))
	}
	f("\n%s\n\n```sh\n%s\n```\n", whatPlays, p.Play)
	writeFacts(&b, "Authorization", p.Auth)
	writeInputs(&b, "What a connection knows", p.Known)
	writeFacts(&b, "Calls", p.Requests)
	f("\n## Rate limit\n\n%s\n", inline(strings.Join(p.RateLimit, " ")))
	if len(p.Errors) > 0 {
		f("\n## What errors mean\n\n| answer | kind |\n| --- | --- |\n")
		for _, m := range p.Errors {
			f("| %s | %s |\n", inline(m.When), inline(m.Kind))
		}
	}
	if len(p.Operations) > 0 {
		f("\n## Operations\n\n%s\n\n| operation | what it does | effect | inputs |\n| --- | --- | --- | --- |\n", whatOperationsAre)
		for _, o := range p.Operations {
			name := "`" + o.Name + "`"
			if o.DocsURL != "" {
				name = "[" + name + "](" + o.DocsURL + ")"
			}
			f("| %s | %s | %s | %s |\n", name, inline(o.Summary), inline(string(o.Effect)), inline(o.Takes()))
		}
		f("\n```sh\n%s\n```\n", p.OperationsCommand())
	}
	if len(p.Notes) > 0 {
		f("\n## Field notes\n\n")
		for _, n := range p.Notes {
			about, source := "", ""
			if n.About != "" {
				about = "**" + inline(n.About) + "**: "
			}
			if n.DocsURL != "" {
				source = " ([source](" + n.DocsURL + "))"
			}
			f("- %s%s%s\n", about, inline(n.Text), source)
		}
	}
	if len(p.Versions) > 1 {
		f("\n## Versions\n\n| version | mode | |\n| --- | --- | --- |\n")
		for _, v := range p.Versions {
			comment := v.Comment
			if v.Status == deprecated {
				comment = "Deprecated. " + comment
			}
			f("| %s | %s | %s |\n", v.Name, v.AuthMode, inline(comment))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeInputs(b *strings.Builder, title string, list []Input) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n| name | what | |\n| --- | --- | --- |\n", title)
	for _, in := range list {
		what := strings.TrimSpace(strings.TrimSuffix(in.Title, ".") + ". " + in.Description)
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", in.Name, inline(what), inline(strings.Join(in.Traits(), ", ")))
	}
}

func writeFacts(b *strings.Builder, title string, list []Fact) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n| | |\n| --- | --- |\n", title)
	for _, f := range list {
		value := inline(f.Value)
		if f.Code {
			value = "`" + strings.ReplaceAll(strings.ReplaceAll(f.Value, "|", `\|`), "\n", "`<br>`") + "`"
		}
		fmt.Fprintf(b, "| %s | %s |\n", inline(f.Label), value)
	}
}

var escapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", `\<`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "\n", " ")

// inline returns text as Markdown that shows just that.
func inline(s string) string { return escapes.Replace(s) }
