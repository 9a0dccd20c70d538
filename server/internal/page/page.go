// Package page shows what people see of this server in a browser: pages of HTML
// that load nothing of other servers but a logo. [Show] shows one that says something; [Write] shows those that other
// rooms have written with [Body].
package page

import (
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// A Page says something to a user: that it has worked or not, and what to do next.
type Page struct {
	Status      int
	Title, Text string
	More        string
	Details     string         // for those who run the application
	Origins     []string       // of pages that have opened or frame this one, which get Event
	Event       map[string]any // written as JSON
	Refresh     string         // the address that the browser loads after Seconds
	Seconds     int
	Links       []Link
	Next        *Link  // what most users do next
	Code        string // that the user enters elsewhere
	Form        *Form
}

// A Link leads to the provider, or to the next step.
type Link struct{ URL, Text string }

// A Form asks for one choice.
type Form struct {
	Action, Token, Field, Title, Description string
	Choices                                  []engine.Choice
}

var said = Body(`
{{- with .Page.Text}}<p>{{.}}</p>{{end}}
{{with .Page.Code}}<p class="code">{{.}}</p>{{end}}
{{with .Page.Links}}<ul>{{range .}}<li><a href="{{.URL}}" rel="noreferrer">{{.Text}}</a></li>{{end}}</ul>{{end}}
{{- with .Page.Form}}
<form method="post" action="{{.Action}}">
<input type="hidden" name="token" value="{{.Token}}">
<input type="hidden" name="field" value="{{.Field}}">
<fieldset>
<legend>{{.Title}}</legend>
{{with .Description}}<p>{{.}}</p>{{end}}
{{range .Choices}}<label class="choice"><input type="radio" name="value" value="{{.Value}}" required> {{.Title}}</label>
{{end -}}
</fieldset>
<p><button type="submit">Continue</button></p>
</form>
{{- end}}
{{with .Page.More}}<p>{{.}}</p>{{end}}
{{with .Page.Details}}<details><summary class="small">For those who run this application</summary><p class="small">{{.}}</p></details>{{end}}
{{with .Page.Next}}<p><a class="button" href="{{.URL}}">{{.Text}}</a></p>{{end}}
{{define "scripts"}}
{{- if .Page.Origins}}
<script nonce="{{.Nonce}}">
for (const page of [window.opener, window.parent === window ? null : window.parent])
  for (const origin of {{.Page.Origins}})
    if (page) page.postMessage({{.Page.Event}}, origin);
</script>
{{- end}}{{end}}`)

// Show answers with a page that says something.
func Show(w *answer.Writer, look Look, p Page) {
	s := &Sheet{
		Look: look, Status: p.Status, Title: p.Title, Refresh: p.Refresh, Seconds: p.Seconds,
		Scripts: len(p.Origins) > 0 || p.Seconds > 0, Forms: p.Form != nil,
	}
	Write(w, said, s, struct {
		*Sheet
		Page Page
	}{s, p})
}
