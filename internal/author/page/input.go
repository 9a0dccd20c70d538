package page

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// An Input is a value that the blueprint cannot know.
type Input struct {
	Name        string   `json:"name"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Format      string   `json:"format,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Example     string   `json:"example,omitempty"`
	Default     string   `json:"default,omitempty"`
	From        string   `json:"from,omitempty"` // where a connection learns it
	Optional    bool     `json:"optional,omitempty"`
	Secret      bool     `json:"secret,omitempty"`
}

// typed lists what each user types, in the order in which it is asked.
func typed(v *schema.Version) []Input {
	out := []Input{}
	for _, name := range v.ConnectionNames() {
		if f := v.Connection[name]; f.From == schema.FromUser {
			out = append(out, inputOf(name, f.Field))
		}
	}
	names := slices.Clone(v.Auth.OwnCredentials())
	for _, name := range v.CredentialNames() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		out = append(out, inputOf(name, v.Auth.OwnField(name, v.Credentials[name])))
	}
	return out
}

// known lists what a connection learns while it is made.
func known(v *schema.Version) []Input {
	out := []Input{}
	for _, name := range v.ConnectionNames() {
		f := v.Connection[name]
		if f.From == schema.FromUser {
			continue
		}
		in := inputOf("connection."+name, f.Field)
		switch {
		case f.IsChoice():
			in.From = "list at " + lookUpInWords(f.Request) + ", chosen where there are several"
		case f.Request != nil:
			in.From = "answer to " + lookUpInWords(f.Request) + ", " + cmp.Or(f.Path, name)
		case f.From == schema.FromCallback:
			in.From = "callback, " + cmp.Or(f.Path, name)
		default:
			in.From = "token answer, " + cmp.Or(f.Path, name)
		}
		out = append(out, in)
	}
	return out
}

func lookUpInWords(r *schema.LookUp) string {
	return cmp.Or(r.Method, "GET") + " " + r.URL + r.Path
}

func inputOf(name string, f schema.Field) Input {
	if f.Title == "" {
		f.Title = schema.TitleOf(name[strings.LastIndexByte(name, '.')+1:])
	}
	return Input{Name: name, Title: f.Title, Description: f.Description, Format: f.Format, Pattern: f.Pattern, Enum: f.Enum,
		Example: f.Example, Default: f.Default, Optional: f.Optional || f.Default != "", Secret: f.Secret}
}

// Traits are the short facts about an input, in words.
func (in Input) Traits() []string {
	var out []string
	if in.Format == "private_key" {
		out = append(out, "in PEM")
	} else if in.Format != "" {
		out = append(out, in.Format)
	}
	if len(in.Enum) > 0 {
		out = append(out, strings.Join(in.Enum, " or "))
	}
	if in.Pattern != "" && in.Format == "" && len(in.Enum) == 0 {
		out = append(out, "of the form "+in.Pattern)
	}
	if in.Example != "" && in.Example != in.Default {
		out = append(out, "such as "+in.Example)
	}
	if in.Default != "" {
		out = append(out, in.Default+" unless said otherwise")
	} else if in.Optional {
		out = append(out, "optional")
	}
	if in.Secret {
		out = append(out, "secret")
	}
	if in.From != "" {
		out = append(out, "from the "+in.From)
	}
	return out
}
