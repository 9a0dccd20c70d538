package page

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// A Look is what the operator has settled about pages.
type Look struct {
	Name   string   // of the product; empty: none is shown
	Logo   string   // URL of its picture
	Color  string   // #rrggbb, of buttons
	Frames []string // origins whose pages may show ours in a frame
}

// LookOf returns the look that settings ask for.
func LookOf(s schema.Server) Look {
	l := Look{Frames: s.AllowedFrames}
	if s.Brand != nil {
		l.Name, l.Logo, l.Color = s.Brand.Name, s.Brand.LogoURL, s.Brand.Color
	}
	return l
}

// A Sheet is what all pages have.
type Sheet struct {
	Look
	Status  int
	Title   string
	Refresh string // an address that is looked at after Seconds; empty: none
	Seconds int
	Scripts bool // the page runs the scripts that carry its nonce
	Files   bool // those are files of this server's, which call it: no script stands in the page
	Forms   bool // the page has forms, which lead to this server

	Nonce string // of the page's own style and scripts; Write makes it
}

var colorPattern = lazyregexp.New(`^#[0-9a-fA-F]{6}$`)

// Accent is the colour of buttons, and of what stands on them: black or white, whichever
// can be read (WCAG 2.2, 1.4.3).
func (s *Sheet) Accent() template.CSS {
	color := "#2550c0"
	if colorPattern().MatchString(s.Color) {
		color = s.Color
	}
	on := "#fff"
	if luminance(color) > 0.179 { // where black has more contrast than white
		on = "#000"
	}
	return template.CSS("--accent: " + color + "; --on-accent: " + on)
}

// luminance is that of WCAG 2.2, by powers that are near enough to tell black from white.
func luminance(color string) float64 {
	n, _ := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	part := func(shift uint, weight float64) float64 {
		v := float64(n>>shift&0xff) / 255
		return weight * v * v * (0.8 + 0.2*v)
	}
	return part(16, 0.2126) + part(8, 0.7152) + part(0, 0.0722)
}

var layout = template.Must(template.New("layout").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{{- if .Refresh}}
{{if .Seconds}}<noscript>{{end}}<meta http-equiv="refresh" content="{{.Seconds}}; url={{.Refresh}}">{{if .Seconds}}</noscript>{{end}}
{{- end}}
<title>{{.Title}}{{with .Name}} · {{.}}{{end}}</title>
<style nonce="{{.Nonce}}">
:root { color-scheme: light dark; {{.Accent}}; --line: color-mix(in srgb, currentColor 30%, transparent); --link: #1d4fb8; }
@media (prefers-color-scheme: dark) { :root { --link: #9dbcff; } }
a { color: var(--link); }
html { background: #fff; color: #111; }
@media (prefers-color-scheme: dark) { html { background: #121212; color: #f2f2f2; } }
* { box-sizing: border-box; }
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 0 auto; padding: 8vh 1.25rem 2rem; overflow-wrap: anywhere; }
header { display: flex; gap: .75rem; align-items: center; font-weight: 600; margin-bottom: 1.5rem; }
header img { height: 2rem; max-width: 8rem; object-fit: contain; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; }
ul { padding: 0; list-style: none; }
li { border-bottom: 1px solid var(--line); }
li > a { display: flex; justify-content: space-between; padding: .75rem .25rem; text-decoration: none; font-weight: 600; }
li > a:hover { text-decoration: underline; }
li > span { padding: .75rem .25rem; display: block; }
.wrong li { border: 0; }
.wrong li > a { display: inline; padding: 0; font-weight: 400; text-decoration: underline; }
.code { font: 2rem/1.5 ui-monospace, monospace; letter-spacing: .1em; user-select: all; }
details { margin: .75rem 0; }
.hint, .small { font-size: .9rem; }
.hint { margin: .1rem 0 .35rem; }
.wrong { border-left: .3rem solid #c62828; padding: .1rem .75rem; }
.field { margin: 0 0 1.25rem; }
.field > label, legend { font-weight: 600; }
.choice { display: block; padding: .5rem 0; }
.around { display: flex; align-items: center; gap: .25rem; flex-wrap: wrap; }
.around input { flex: 1 1 8rem; }
input[type=text], input[type=password], input[type=search], input[type=url], select { font: inherit; width: 100%; padding: .5rem .6rem; border: 1px solid #767676; border-radius: .3rem; }
button, a.button { font: inherit; font-weight: 600; display: inline-block; padding: .6rem 1.5rem; border: 0; border-radius: .3rem; background: var(--accent); color: var(--on-accent); text-decoration: none; cursor: pointer; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
[hidden] { display: none !important; }
{{block "styles" .}}{{end}}
</style>
</head>
<body>
{{- if or .Name .Logo}}
<header>{{with .Logo}}<img src="{{.}}" alt="">{{end}}{{with .Name}}<span>{{.}}</span>{{end}}</header>
{{- end}}
{{block "above" .}}{{end}}
<main>
<h1>{{.Title}}</h1>
{{template "body" .}}
</main>
{{- if and .Refresh .Seconds}}
<script nonce="{{.Nonce}}">setTimeout(() => location.replace({{.Refresh}}), 1000 * {{.Seconds}});</script>
{{- end}}
{{block "scripts" .}}{{end}}
</body>
</html>
`))

// Body returns the template of pages whose body, below the title, is text. It is given
// data that embeds a *[Sheet]. Templates "scripts", "styles" and "above" (what stands above the
// title) may be defined behind it.
func Body(text string) *template.Template {
	at := len(text)
	if i := strings.Index(text, `{{define "`); i >= 0 {
		at = i
	}
	return template.Must(template.Must(layout.Clone()).Parse(`{{define "body"}}` + text[:at] + `{{end}}` + text[at:]))
}

// Main returns what a page has below its title, as [Write] would write it.
func Main(t *template.Template, data any) ([]byte, error) {
	var b bytes.Buffer
	err := t.ExecuteTemplate(&b, "body", data)
	return b.Bytes(), err
}

// Write answers with a page. It loads nothing but the operator's logo and files of this
// server's, runs nothing but its own scripts, is shown in no frame but those that the operator
// allows, and sends no referrer: the address bar may hold what grants access.
func Write(w *answer.Writer, t *template.Template, s *Sheet, data any) {
	s.Nonce = rand.Text()
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		w.Fail(http.StatusInternalServerError, "internal", "the page cannot be written")
		return
	}
	h := w.Header()
	NoStore(h)
	h.Set("Content-Security-Policy", s.policy())
	if s.Files {
		// Of two policies each has to allow a script: it carries the nonce, so it is the one that
		// the page asks for, and it is a file of ours, so nothing within the page is run.
		h.Add("Content-Security-Policy", "script-src 'self'")
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	if len(s.Frames) == 0 {
		h.Set("X-Frame-Options", "DENY")
	}
	w.WriteHeader(s.Status)
	_, _ = w.Write(b.Bytes())
}

// policy is the page's Content-Security-Policy.
func (s *Sheet) policy() string {
	frames, forms := "'none'", "'none'"
	if len(s.Frames) > 0 {
		frames = strings.Join(s.Frames, " ")
	}
	if s.Forms {
		forms = "'self'"
	}
	policy := "default-src 'none'; style-src 'nonce-" + s.Nonce + "'; frame-ancestors " + frames + "; base-uri 'none'; form-action " + forms
	if s.Scripts {
		policy += "; script-src 'nonce-" + s.Nonce + "'"
	}
	if s.Files {
		policy += "; connect-src 'self'"
	}
	if s.Logo != "" && !strings.ContainsAny(s.Logo, " ;,'\"") {
		policy += "; img-src " + s.Logo
	}
	return policy
}

// NoStore keeps the URLs of an authorization, which hold secrets, out of caches and
// referrers.
func NoStore(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}
