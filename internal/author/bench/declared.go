package bench

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// urlPattern matches what a template of a URL may become, its query left out.
func urlPattern(text string) *regexp.Regexp { return regexp.MustCompile(urlText(text) + "$") }

// nearlyURL matches it with a slash more or less at the end, too.
func nearlyURL(text string) *regexp.Regexp {
	text, _, _ = strings.Cut(text, "?")
	return regexp.MustCompile(urlText(strings.TrimSuffix(text, "/")) + "/?$")
}

func urlText(text string) string {
	text, _, _ = strings.Cut(text, "?")
	re := "^"
	if t, err := schema.ParseTemplate(text); err == nil {
		for _, p := range t.Parts {
			if p.Refs == nil {
				re += regexp.QuoteMeta(p.Literal)
			} else {
				re += ".+?"
			}
		}
	}
	return re
}

// sameValue compares what was sent with what is declared, as far as it is known
// here.
func sameValue(r *http.Request, in *schema.Integration, where, text, got string) error {
	t, err := schema.ParseTemplate(text)
	if err != nil || text == "" {
		return nil
	}
	want := "(?s)^"
	for _, p := range t.Parts {
		if p.Refs == nil {
			want += regexp.QuoteMeta(p.Literal)
		} else if v, known := valueOf(r, in, p.Refs[0]); known {
			want += regexp.QuoteMeta(v)
		} else {
			want += unknownValue(p.Refs[0])
		}
	}
	if !regexp.MustCompile(want + "$").MatchString(got) {
		return fmt.Errorf("%s of a request is not what the blueprint declares", where)
	}
	return nil
}

// unknownValue matches what a placeholder may give: a time in s or ms is a number.
func unknownValue(ref schema.Ref) string {
	if ref.Func == "now" && ref.NowFormat() != "iso" {
		return "[0-9]+"
	}
	return ".*"
}

func valueOf(r *http.Request, in *schema.Integration, ref schema.Ref) (string, bool) {
	field, ok := strings.CutPrefix(ref.Name, "connection.")
	switch {
	case ref.IsLiteral():
		return ref.Literal, true
	case ref.Name == "oauth_client_id":
		return in.OAuthClientID, true
	case ok:
		if c, has := engine.ConnectionFromContext(r.Context()); has {
			v, has := c.Fields[field]
			return v, has
		}
	}
	return "", false
}
