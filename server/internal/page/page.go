// Package page shows what a user sees of the connect flow in a browser: one page of HTML,
// which loads nothing. Start with [Show].
package page

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"net/http"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// A Page is what a user sees of the connect flow, in a browser.
type Page struct {
	Status      int
	Title, Text string
	More        string
	Origin      string         // of the window that opened this one, which gets Event; empty: none does
	Event       map[string]any // written as JSON
	Refresh     string         // the address that the browser loads after Seconds
	Seconds     int
	Links       []Link
	Code        string // that the user enters elsewhere
	Form        *Form

	Nonce string // of the page's own style and script; Show makes it
}

// A Link leads to the provider, or to the next step.
type Link struct{ URL, Text string }

// A Form asks for one choice.
type Form struct {
	Action, Token, Field, Title, Description string
	Choices                                  []engine.Choice
}

var pages = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{{- if .Refresh}}
<meta http-equiv="refresh" content="{{.Seconds}}; url={{.Refresh}}">
{{- end}}
<title>{{.Title}}</title>
<style nonce="{{.Nonce}}">
:root { color-scheme: light dark; }
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 12vh auto 0; padding: 0 1.5rem 2rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; }
.code { font: 2rem/1.5 ui-monospace, monospace; letter-spacing: .1em; user-select: all; }
label { display: block; padding: .5rem 0; }
button { font: inherit; padding: .5rem 1.5rem; margin-top: 1rem; }
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
{{with .Text}}<p>{{.}}</p>{{end}}
{{with .Code}}<p class="code">{{.}}</p>{{end}}
{{with .Links}}<ul>{{range .}}<li><a href="{{.URL}}" rel="noreferrer">{{.Text}}</a></li>{{end}}</ul>{{end}}
{{- with .Form}}
<form method="post" action="{{.Action}}">
<input type="hidden" name="token" value="{{.Token}}">
<input type="hidden" name="field" value="{{.Field}}">
<fieldset>
<legend>{{.Title}}</legend>
{{with .Description}}<p>{{.}}</p>{{end}}
{{range .Choices}}<label><input type="radio" name="value" value="{{.Value}}" required> {{.Title}}</label>
{{end -}}
</fieldset>
<button type="submit">Continue</button>
</form>
{{- end}}
{{with .More}}<p>{{.}}</p>{{end}}
</main>
{{- if .Origin}}
<script nonce="{{.Nonce}}">
if (window.opener) window.opener.postMessage({{.Event}}, {{.Origin}});
</script>
{{- end}}
</body>
</html>
`))

// Show answers with a page. It runs nothing but its own script, is shown in no frame, and
// sends no referrer: the address bar may hold a code.
func Show(w *answer.Writer, p Page) {
	p.Nonce = rand.Text()
	var b bytes.Buffer
	if err := pages.Execute(&b, p); err != nil {
		w.Fail(http.StatusInternalServerError, "internal", "the page cannot be written")
		return
	}
	h := w.Header()
	NoStore(h)
	policy := "default-src 'none'; style-src 'nonce-" + p.Nonce + "'; frame-ancestors 'none'; base-uri 'none'; form-action "
	if p.Form != nil {
		policy += "'self'"
	} else {
		policy += "'none'"
	}
	if p.Origin != "" {
		policy += "; script-src 'nonce-" + p.Nonce + "'"
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Frame-Options", "DENY")
	w.WriteHeader(p.Status)
	_, _ = w.Write(b.Bytes())
}

// NoStore keeps the URLs of an authorization, which hold secrets, out of caches and
// referrers.
func NoStore(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}
