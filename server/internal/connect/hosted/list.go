package hosted

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

// An item is an integration in the list.
type item struct {
	Title   string
	URL     string
	Consent bool // the URL leads to the provider's page at once
	Made    bool
}

var list = page.Body(`
{{- if .Items}}
<p>{{.W.Choose}}</p>
{{if .Searchable}}<p hidden><label for="search">{{.W.Search}}</label> <input type="search" id="search" autocomplete="off"></p>{{end}}
<ul id="list">
{{range .Items}}<li>{{if .Made}}<span>{{.Title}} — {{$.W.Done}}</span>{{else}}<a href="{{.URL}}"{{if and .Consent $.Embedded}} target="_blank" data-window{{end}} rel="noreferrer">{{.Title}} <span aria-hidden="true">›</span></a>{{end}}</li>
{{end}}</ul>
<p id="none" role="status" hidden>{{.W.NoMatch}}</p>
{{else}}<p>{{.W.Nothing}}</p>{{end}}
{{template "window" .}}
{{define "scripts"}}{{template "script" .}}{{end}}` + parts)

// showList shows what the session allows.
func (h *Hosted) showList(w *answer.Writer, v *visit, names []string) {
	items := []item{}
	for _, name := range names {
		d, err := h.Engine.Describe(name)
		if err != nil {
			continue
		}
		it := item{Title: d.DisplayName, URL: h.path(v, name), Made: slices.Contains(v.Made, name)}
		if len(h.asked(v, d)) == 0 && d.Consent {
			it.URL, it.Consent = h.atOnce(v, name), true
		}
		items = append(items, it)
	}
	s := h.sheet(http.StatusOK, "Connect")
	page.Write(w, list, s, struct {
		*page.Sheet
		shared
		Items      []item
		Searchable bool
	}{s, h.shared(v), items, len(items) > 5})
}

// atOnce is the address that sends the browser to the provider without a form.
func (h *Hosted) atOnce(v *visit, name string) string {
	q := url.Values{"connect_session_token": {v.token}, "connect_page": {"1"}}
	if v.origin != "" {
		q.Set("origin", v.origin)
	}
	return h.Site.Path("/oauth/connect/" + url.PathEscape(name) + "?" + q.Encode())
}

// asked are the fields that the user is asked for: those that the product has not settled.
func (h *Hosted) asked(v *visit, d *engine.Description) []engine.InputField {
	settled := v.Defaults[d.Integration].ConnectionConfig
	return slices.DeleteFunc(slices.Clone(d.Fields), func(f engine.InputField) bool {
		_, ok := settled[f.Name]
		return ok && !f.Credential
	})
}
