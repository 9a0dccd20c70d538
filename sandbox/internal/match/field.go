package match

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// FitsField reports whether value is one that f declares.
func FitsField(f schema.Field, value string) bool {
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, value) {
		return false
	}
	re, err := regexp.Compile("^(?:" + f.Pattern + ")$")
	return f.Pattern == "" || err != nil || re.MatchString(value)
}

// URLPart returns what a placeholder matches in a URL, and an example of it.
func URLPart(i *schema.Integration, refs []schema.Ref, inHost bool) (pattern, example string) {
	var alternatives []string
	for _, ref := range refs {
		if ref.Func != "" {
			alternatives = append(alternatives, fieldPatterns(schema.Field{}, inHost)...)
			if example == "" {
				example = "sandbox"
			}
			continue
		}
		if ref.Name == "" {
			text := ref.Literal
			if inHost {
				if _, after, ok := strings.Cut(text, "://"); ok {
					text = strings.TrimSuffix(after, "/")
				}
				text = strings.ToLower(text)
			}
			alternatives = append(alternatives, regexp.QuoteMeta(text))
			if example == "" {
				example = ref.Literal
			}
			continue
		}
		field := i.Connection[strings.TrimPrefix(ref.Name, "connection.")].Field
		alternatives = append(alternatives, fieldPatterns(field, inHost)...)
		if example == "" {
			example = ExampleOf(ref.Name[strings.LastIndexByte(ref.Name, '.')+1:], field)
		}
	}
	return "(?:" + strings.Join(alternatives, "|") + ")", example
}

func fieldPatterns(f schema.Field, inHost bool) (out []string) {
	values := f.Enum
	if len(values) == 0 {
		switch {
		case !inHost:
			out = append(out, `[^/]+`)
		case f.Format == "uri":
			out = append(out, `[^/]+`)
		case f.Format == "hostname":
			out = append(out, `[a-z0-9._:\[\]-]+`)
		default:
			out = append(out, `[a-z0-9_-]+`)
		}
		values = []string{f.Example, f.Default}
		if f.Format == "uri" {
			defer func() { slices.Reverse(out) }() // a whole URL, path and all, before any host
		}
	}
	for _, v := range values {
		if v == "" {
			continue
		}
		if inHost {
			if _, after, ok := strings.Cut(v, "://"); ok {
				v = strings.TrimSuffix(after, "/")
			}
			v = strings.ToLower(v)
		}
		out = append(out, regexp.QuoteMeta(v))
	}
	return out
}

// ExampleOf returns a value for a field that nobody supplied.
func ExampleOf(name string, f schema.Field) string {
	switch {
	case f.Example != "":
		return f.Example
	case f.Default != "":
		return f.Default
	case len(f.Enum) > 0:
		return f.Enum[0]
	}
	switch f.Format {
	case "private_key":
		return PrivateKey
	case "hostname":
		return "sandbox.example.com"
	case "uri":
		return "https://sandbox.example.com"
	case "email":
		return "sandbox@example.com"
	case "uuid":
		return "00000000-0000-4000-8000-000000000001"
	case "integer":
		return "1"
	}
	return "sandbox-" + strings.ReplaceAll(name, "_", "-")
}
