// Package render fills the placeholders of templates at call time. How a value
// is written depends on where it lands: a URL's host takes a label, path and
// query are percent-encoded, a header takes one line. Start with [URL] or
// [Header]. Errors name placeholders and never quote values.
package render

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// Values gives the value of a placeholder, or false if there is none.
type Values func(name string) (string, bool)

// A MissingError says that a placeholder has no value.
type MissingError struct{ Name string }

func (e *MissingError) Error() string { return "no value for ${" + e.Name + "}" }

// literal stands for the name of what is quoted in a template.
const literal = "'"

// value returns the first alternative of p that has a value, and its name.
func value(p schema.Part, values Values) (text, name string, err error) {
	for i := range p.Refs {
		r := &p.Refs[i]
		switch {
		case r.Name != "":
			if v, ok := values(r.Name); ok {
				return v, r.Name, nil
			}
		case r.Func == "":
			return r.Literal, literal, nil
		default:
			v, err := call(r, values)
			if err == nil {
				return v, "", nil
			}
			if !isMissing(err) {
				return "", "", err
			}
		}
	}
	return "", "", missing(p.Refs, values)
}

// Text fills t without any escaping, for request bodies whose encoder escapes.
func Text(t schema.Template, values Values) (string, error) {
	if len(t.Parts) == 1 && t.Parts[0].Refs == nil { // the common case: no placeholder
		return t.Parts[0].Literal, nil
	}
	var few [4]string // most templates are a word and a value
	texts := few[:0]
	for _, p := range t.Parts {
		v := p.Literal
		if p.Refs != nil {
			var err error
			if v, _, err = value(p, values); err != nil {
				return "", err
			}
		}
		texts = append(texts, v)
	}
	return strings.Join(texts, ""), nil
}

// Header fills t for a header: CR, LF and NUL are refused.
func Header(t schema.Template, values Values) (string, error) {
	text, err := Text(t, values)
	if err != nil {
		return "", err
	}
	if err := OneLine(text); err != nil {
		return "", err
	}
	return text, nil
}

var (
	label    = lazyregexp.New(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	hostname = lazyregexp.New(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(:[0-9]{1,5})?$`)
)

// A section is the part of a URL that a placeholder stands in.
type section int

const (
	origin section = iota // before any text: the value may be a whole origin
	scheme                // in the scheme: nothing may stand here
	host
	path
	query
)

// URL fills t, which is the template of a URL. format tells the declared format
// of a placeholder (see schema.Field): by default a value in the host is one
// label; hostname allows dots and a port; uri, at the very start, a whole origin
// with a path. The result's host is where the template put it.
func URL(t schema.Template, values Values, format func(name string) string) (*url.URL, error) {
	var b strings.Builder
	in := origin
	for _, p := range t.Parts {
		if p.Refs == nil {
			b.WriteString(p.Literal)
			in = sectionOf(b.String())
			continue
		}
		v, name, err := value(p, values)
		if err != nil {
			return nil, err
		}
		escaped, err := escape(v, name, in, format)
		if err != nil {
			return nil, err
		}
		b.WriteString(escaped)
		if in == origin {
			in = sectionOf(b.String())
		}
	}
	u, err := url.Parse(b.String())
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("what comes out is not an http URL with a host")
	}
	return u, nil
}

// Path fills t, which is a path below a base URL, perhaps with a query.
func Path(t schema.Template, values Values) (string, error) {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Refs == nil {
			b.WriteString(p.Literal)
			continue
		}
		v, name, err := value(p, values)
		if err != nil {
			return "", err
		}
		in := path
		if strings.Contains(b.String(), "?") {
			in = query
		}
		escaped, err := escape(v, name, in, nil)
		if err != nil {
			return "", err
		}
		b.WriteString(escaped)
	}
	return b.String(), nil
}

// sectionOf returns the section at the end of text, the URL so far.
func sectionOf(text string) section {
	if text == "" {
		return origin
	}
	_, rest, ok := strings.Cut(text, "://")
	switch {
	case !ok:
		return scheme
	case strings.Contains(rest, "?"):
		return query
	case strings.Contains(rest, "/"):
		return path
	}
	return host
}

func escape(v, name string, in section, format func(string) string) (string, error) {
	switch name {
	case "":
		name = "…" // what a function makes
	case literal: // the blueprint's own words, which no field has to allow
		name, format = "…", func(string) string { return map[section]string{origin: "uri", host: "hostname"}[in] }
	}
	switch in {
	case origin:
		return wholeOrigin(v, name, format)
	case scheme:
		return "", fmt.Errorf("${%s} stands in the scheme of a URL", name)
	case host:
		if label().MatchString(v) || format != nil && format(name) == "hostname" && hostname().MatchString(v) {
			return v, nil
		}
		return "", fmt.Errorf("the value of ${%s} is not a host name of the declared form", name)
	case path:
		if v == "." || v == ".." {
			return "", fmt.Errorf("the value of ${%s} is a dot segment", name)
		}
		return url.PathEscape(v), nil
	}
	return strings.ReplaceAll(url.QueryEscape(v), "+", "%20"), nil
}

// wholeOrigin checks a value that stands at the start of a URL.
func wholeOrigin(v, name string, format func(string) string) (string, error) {
	if format == nil || format(name) != "uri" {
		return "", fmt.Errorf("${%s} stands for a whole origin, but its format is not uri", name)
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !hostname().MatchString(u.Host) {
		return "", fmt.Errorf("the value of ${%s} is not an http origin", name)
	}
	return strings.TrimRight(v, "/"), nil
}
