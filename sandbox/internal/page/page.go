// Package page holds the pages that people see: consent, a device's code, what is not
// in order, the index. Start with [Write].
package page

import (
	"bytes"
	"html/template"
	"net/http"
	"sync"
)

const pageStyle = `
:root { color-scheme: light dark; --ink: #1d2129; --soft: #5b6472; --ground: #f4f5f7; --card: #fff; --line: #d9dde3; --go: #1f6f4a; --go-ink: #fff; --note: #fff4d6; --note-ink: #5c4300; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaee; --soft: #a3acb9; --ground: #14171c; --card: #1d2129; --line: #343b46; --go: #56b988; --go-ink: #0d1f16; --note: #3a2f10; --note-ink: #f3dfa5; } }
* { box-sizing: border-box }
body { margin: 0; padding: 2rem 1rem; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 34rem; margin: 0 auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.5rem }
.note { background: var(--note); color: var(--note-ink); border-radius: 6px; padding: .6rem .8rem; margin: 0 0 1.25rem }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 1rem }
h2 { font-size: 1.05rem; margin: 1.25rem 0 .25rem }
dt { color: var(--soft); font-size: .875rem } dd { margin: 0 0 .75rem; overflow-wrap: anywhere }
ul { margin: .1rem 0; padding-left: 1.2rem }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
form { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem }
label { flex: 1 0 100% } input { font: inherit; padding: .4rem; width: 100% }
button { flex: 1; font: inherit; padding: .6rem; border-radius: 6px; border: 1px solid var(--line); background: transparent; color: inherit; cursor: pointer }
button[value=allow] { background: var(--go); border-color: var(--go); color: var(--go-ink); font-weight: 600 }
button:focus-visible { outline: 3px solid var(--soft); outline-offset: 2px }
`

var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("pages").Parse(`
{{define "top"}}<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{.Title}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
<p class="note" role="note">This is the nango-lite sandbox, not {{.Product}}. No account is touched.</p>
{{end}}
{{define "bottom"}}</main>
</body>
</html>
{{end}}
{{define "consent"}}{{template "top" .}}
<h1>Let this app use {{.Product}}?</h1>
<dl>
<dt>Integration</dt><dd>{{.Integration}}</dd>
<dt>Client id</dt><dd><code>{{.Client}}</code></dd>
<dt>Scopes asked for</dt><dd>{{if .Scopes}}<ul>{{range .Scopes}}<li><code>{{.}}</code></li>{{end}}</ul>{{else}}none{{end}}</dd>
<dt>You are sent back to</dt><dd><code>{{.Redirect}}</code></dd>
</dl>
<form method="post" action="?">
<input type="hidden" name="request" value="{{.Request}}">
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</form>
{{template "bottom" .}}{{end}}
{{define "back"}}{{template "top" .}}
<h1>Back to the app</h1>
<form method="post" action="{{.Redirect}}">
{{range $name, $values := .Fields}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">
{{end}}{{end}}<button type="submit">Go on</button>
</form>
{{template "bottom" .}}{{end}}
{{define "device"}}{{template "top" .}}
<h1>Let a device use {{.Product}}?</h1>
{{if .Client}}<dl>
<dt>Integration</dt><dd>{{.Integration}}</dd>
<dt>Client id</dt><dd><code>{{.Client}}</code></dd>
<dt>Scopes asked for</dt><dd>{{if .Scopes}}<ul>{{range .Scopes}}<li><code>{{.}}</code></li>{{end}}</ul>{{else}}none{{end}}</dd>
</dl>{{end}}
<form method="post" action="?">
<input type="hidden" name="request" value="{{.Request}}">
<label>Code that the device shows <input name="user_code" value="{{.UserCode}}" autocomplete="off" autocapitalize="characters" required></label>
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</form>
{{template "bottom" .}}{{end}}
{{define "decided"}}{{template "top" .}}
<h1>{{.Reason}}</h1>
<p>Go back to your device; this page can be closed.</p>
{{template "bottom" .}}{{end}}
{{define "refusal"}}{{template "top" .}}
<h1>This authorization request is not in order</h1>
<p><code>{{.Code}}</code></p>
<p id="reason">{{.Reason}}</p>
<dl><dt>Integration</dt><dd>{{.Integration}}</dd></dl>
{{template "bottom" .}}{{end}}
{{define "index"}}{{template "top" .}}
<h1>Providers of this sandbox</h1>
<p>A provider's URL <code>https://host/path</code> is played here at <code>{integration}/host/path</code>. It proves that client and blueprint agree, not that the blueprint is right about the provider.</p>
{{range .Providers}}<h2>{{.Name}}</h2>
<p>{{.Product}}</p>
<ul>{{range .URLs}}<li>{{.Name}}: <code>{{.URL}}</code></li>{{end}}</ul>
{{end}}
{{template "bottom" .}}{{end}}
`))
})

// A Data is what the templates know. Product is the provider's name.
type Data struct {
	Title, Product, Integration string
	Client, Redirect, Request   string
	UserCode                    string
	Scopes                      []string
	Fields                      map[string][]string // of a callback that comes as a form
	Code, Reason                string
	Providers                   []Listed
}

// Style returns the style sheet.
func (Data) Style() template.CSS { return pageStyle }

// Listed is a provider in the index.
type Listed struct {
	Name, Product string
	URLs          []ListedURL
}

type ListedURL struct{ Name, URL string }

func Write(w http.ResponseWriter, r *http.Request, status int, name string, data Data) {
	var b bytes.Buffer
	if err := pages().ExecuteTemplate(&b, name, data); err != nil {
		panic("sandbox: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	// No form-action here: browsers apply it to the redirect after the form, too.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}
