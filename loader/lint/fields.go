package lint

import (
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// fields checks what users are asked for.
func fields(v *version) {
	for _, name := range slices.Sorted(maps.Keys(v.Connection)) {
		f := v.Connection[name]
		v.fieldValues("connection."+name, f.Field)
		v.filled(name, f)
		switch {
		case f.From == schema.FromUser:
			v.typed("connection", name, f.Field)
		case f.IsChoice() && f.Title == "":
			v.reportKey("field-title", []string{"connection", name}, fmt.Sprintf("users choose %q, and it has no title", name), "")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.Credentials)) {
		v.fieldValues("credentials."+name, v.Credentials[name])
		v.typed("credentials", name, v.Credentials[name])
	}
}

// filled reports a field that no connection of this mode can ever have.
func (v *version) filled(name string, f schema.ConnectionField) {
	var missing string
	mode := v.Auth.AuthMode
	switch {
	case f.From == schema.FromCallback && !mode.Consents():
		missing = "callback"
	case f.From == schema.FromTokenResponse && !mode.Consents() && !(mode.Issues() && v.Auth.TokenURL != ""):
		missing = "token answer"
	default:
		return
	}
	v.reportKey("unfilled-field", []string{"connection", name}, fmt.Sprintf("%q comes from the %s, and %s has none", name, missing, mode), "a version that extends another takes a field away with null")
}

func (v *version) typed(section, name string, f schema.Field) {
	if f.Title == "" {
		v.reportKey("field-title", []string{section, name}, fmt.Sprintf("users are asked for %q, and it has no title", name), "")
	}
	if f.Example == "" && f.Default == "" && (f.Pattern != "" || f.Format != "" && f.Format != "private_key" && !f.Optional) {
		v.reportKey("field-example", []string{section, name}, fmt.Sprintf("%q has a form, and no example shows it", name), "")
	}
}

func (v *version) fieldValues(at string, f schema.Field) {
	check := func(path, text string) {
		if why := misfit(f, text); why != "" {
			v.report("field-mismatch", path, fmt.Sprintf("%q %s", text, why), "")
		}
	}
	if f.Example != "" {
		check(at+".example", f.Example)
	}
	if f.Default != "" {
		check(at+".default", f.Default)
	}
	for i, text := range f.Enum {
		if slices.Index(f.Enum, text) < i {
			v.report("field-mismatch", at+".enum."+strconv.Itoa(i), fmt.Sprintf("%q stands in the list already", text), "")
			continue
		}
		check(at+".enum."+strconv.Itoa(i), text)
	}
}

// misfit says in what respect text is no value of f.
func misfit(f schema.Field, text string) string {
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, text) {
		return "is not in the field's enum"
	}
	if p, err := regexp.Compile(`^(?:` + f.Pattern + `)$`); err == nil && f.Pattern != "" && !p.MatchString(text) {
		return "does not match the field's pattern"
	}
	if fits := formats[f.Format]; fits != nil && !fits(text) {
		return "is not of the format " + f.Format
	}
	return ""
}

var (
	hostname = lazyregexp.New(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(:[0-9]{1,5})?$`)
	uuid     = lazyregexp.New(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	integer  = lazyregexp.New(`^-?[0-9]+$`)
)

var formats = map[string]func(string) bool{
	"hostname": func(s string) bool { return hostname().MatchString(s) },
	"uuid":     func(s string) bool { return uuid().MatchString(s) },
	"integer":  func(s string) bool { return integer().MatchString(s) },
	"email": func(s string) bool {
		a, err := mail.ParseAddress(s)
		return err == nil && a.Address == s
	},
	"uri": func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
	},
}
