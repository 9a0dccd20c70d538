package ui

import (
	"errors"
	"html/template"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/calls"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

// body returns the template of a page of these.
func body(text string) *template.Template { return page.Body(text + around) }

// around is what stands around each page: the sections, and who has signed in.
const around = `
{{define "above"}}{{if .SignedIn}}<nav aria-label="Sections"><a href="{{.Root}}"{{if eq .Here "connections"}} aria-current="page"{{end}}>Connections</a>
<a href="{{.Root}}/integrations"{{if eq .Here "integrations"}} aria-current="page"{{end}}>Integrations</a>
<a href="{{.Root}}/activity"{{if eq .Here "activity"}} aria-current="page"{{end}}>Activity</a>
<a href="{{.Root}}/audit"{{if eq .Here "audit"}} aria-current="page"{{end}}>Who did what</a>
<form method="post" action="{{.Root}}/logout"><input type="hidden" name="form" value="{{.Form}}"><button type="submit">Sign out ({{.SignedIn}})</button></form></nav>{{end}}
{{if .Live}}<p id="live" class="small" hidden><span role="status">This page is kept up to date.</span> <button type="button">Pause</button></p>{{end}}{{end}}
{{define "scripts"}}{{with .Live}}<script nonce="{{$.Nonce}}" src="{{.Script}}" data-stream="{{.Stream}}" data-page="{{.Page}}" data-seen="{{.Seen}}"></script>{{end}}{{end}}
{{define "styles"}}
body { max-width: 68rem; padding-top: 1.5rem; font-size: 1rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: center; margin-bottom: 1.5rem; }
nav a { padding: .5rem 0; } nav a[aria-current] { font-weight: 700; text-decoration-thickness: 3px; }
nav button { padding: .3rem .75rem; }
#live { margin: 0 0 1rem; }
#live button { padding: .1rem .6rem; font-weight: 400; background: none; color: inherit; border: 1px solid; }
h2 { font-size: 1.2rem; margin: 1.75rem 0 .5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .45rem .9rem .45rem 0; border-bottom: 1px solid var(--line); min-width: 6.5rem; overflow-wrap: break-word; max-width: 28rem; }
td.number, th.number { min-width: 3rem; }
.dead { font-weight: 700; color: #b3261e; } .bad { color: #b3261e; }
.done { border-left: .3rem solid #2e7d32; padding: .1rem .75rem; }
.filter { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; }
.filter > div { flex: 1 1 12rem; }
details { border: 1px solid var(--line); border-radius: .3rem; margin: .5rem 0; padding: 0 .9rem; }
summary { padding: .6rem 0; cursor: pointer; font-weight: 600; }
svg { width: 100%; height: auto; } .axis { stroke: currentColor; stroke-width: 1; }
.calls { fill: #1d4fb8; } .errors { fill: #b3261e; } .waits { fill: #8a5a00; }
.key { display: inline-block; width: .8rem; height: .8rem; margin-left: .75rem; }
.key svg { display: block; width: .8rem; }
@media (prefers-color-scheme: dark) { .dead, .bad { color: #ff9a90; } .calls { fill: #9dbcff; } .errors { fill: #ff9a90; } .waits { fill: #ffcf70; } }
{{end}}`

// moment writes a time for people: in UTC, to the second; a dash if there is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format(time.DateTime) + "Z"
}

// wordsOf says what an error of the engine means, with its own text, and what the provider said.
func wordsOf(err error) string {
	text := calls.Why(engine.ErrorKind(err)) + " (" + err.Error() + ")"
	if e, ok := errors.AsType[*engine.Error](err); ok && e.Message != "" {
		text += `. The provider said: "` + e.Message + `"`
	}
	return text
}
