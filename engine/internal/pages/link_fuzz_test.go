package pages

import (
	"net/http"
	"strings"
	"testing"
)

// Whatever a Link field holds: a target stands in it between angle brackets, and what a
// link of another relation carries hides none that follows.
func FuzzLinks(f *testing.F) {
	for _, seed := range []string{
		`<https://api.fjord.test/a>; rel="next"`, `<a>;rel=prev, <b>; title="x,>;<"; rel="next last"`, `<a>; rel="prev"; rel="next"`, `<a>;REL=NEXT`, `<a>; rel = next`, `<a>; rel="first"; title*=UTF-8''%e4,<b>;rel=next`,
		`<>;rel=next`, `<a`, `<a>;rel="next`, `<a>;rel="\"`, `;rel=next<a>`, `<a>;rel='next'`, `,,<a>,;,<b>;;rel=next;`, `<a>>;rel=next`, `<<a>;rel=next`, "<a\r\n>;rel=next", `<a>;rel=next\`,
	} {
		f.Add(seed, "/items?page=2")
	}
	f.Fuzz(func(t *testing.T, field, own string) {
		got := linkTo(http.Header{"Link": {field}}, "next")
		if got != "" && !strings.Contains(field, "<") || strings.Contains(got, ">") || !strings.Contains(field, got) {
			t.Errorf("%q: %q", field, got)
		}
		if strings.ContainsAny(own, "<>") || own == "" || strings.TrimSpace(own) != own {
			return
		}
		title := strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(field)
		h := http.Header{"Link": {`</first>; title="` + title + `"; rel="first"`, `<` + "/last" + `>; title="` + title + `"; rel=last, <` + own + `>; title="` + title + `"; rel="last Next"`}}
		if got := linkTo(h, "next"); got != own {
			t.Errorf("beside %q: got %q, not %q", field, got, own)
		}
	})
}
