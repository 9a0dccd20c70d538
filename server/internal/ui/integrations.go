package ui

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/schema"
)

var integrationsPage = body(`
<div data-live="all">{{if .All}}<ul>{{range .All}}<li data-key="{{.Name}}"><a href="{{$.Root}}/integrations/{{.Path}}"><span>{{.Name}}</span> <span>{{.Says}}</span></a></li>{{end}}</ul>{{else}}<p>There is none.</p>{{end}}</div>`)

// integrations lists what the key reaches.
func (u *UI) integrations(v *visit) *view {
	type shown struct{ Name, Path, Says string }
	var all []shown
	for _, in := range u.Engine.Integrations() {
		if !v.key.ReachesIntegration(in.Name) {
			continue
		}
		says := string(in.Auth.AuthMode)
		if in.ExtendsBlueprint != "" {
			says = in.ExtendsBlueprint + ", " + says
		}
		all = append(all, shown{in.Name, url.PathEscape(in.Name), says})
	}
	f := u.frame(http.StatusOK, "Integrations", "integrations", v)
	u.keep(&f, "integrations", u.Site.Path(integrationsRoute))
	return &view{integrationsPage, f, struct {
		frame
		All []shown
	}{f, all}, ""}
}

var integrationPage = body(`
<p>What is in force, and where it came from. Secrets are not shown, nor what variables hold.</p>
<div class="scroll" tabindex="0" role="region" aria-label="What is in force" data-live="values"><table><thead><tr><th scope="col">Path</th><th scope="col">Value</th><th scope="col">From</th></tr></thead><tbody>
{{range .In.Values}}<tr data-key="{{.Path}}"><td>{{.Path}}</td><td>{{.Shown}}</td><td>{{.Origin.Words}}</td></tr>
{{end}}</tbody></table></div>
<p><a href="{{.Root}}?{{.Query}}">Its connections</a> <a href="{{.Root}}/integrations">All integrations</a></p>`)

// integration shows what is in force for one.
func (u *UI) integration(v *visit) *view {
	name := cmp.Or(v.Request.PathValue("integration"), v.sent.Get("integration")) // of the page, or of its stream
	if !v.key.ReachesIntegration(name) {
		return u.problem(v, http.StatusForbidden, "forbidden", "Not for this key", "Your API key is bound to connections of other integrations.")
	}
	for _, in := range u.Engine.Integrations() {
		if in.Name != name {
			continue
		}
		f := u.frame(http.StatusOK, in.Name, "integrations", v)
		query := url.Values{"integration": {in.Name}}.Encode()
		u.keep(&f, "integration?"+query, u.Site.Path(integrationsRoute+"/"+url.PathEscape(in.Name)))
		return &view{integrationPage, f, struct {
			frame
			In    *schema.Integration
			Query string
		}{f, in, query}, ""}
	}
	return u.problem(v, http.StatusNotFound, "not_found", "No such integration", "There is no such integration in the file.")
}
