package ui

import (
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

var integrationsPage = body(`
{{if .All}}<ul>{{range .All}}<li><a href="{{$.Root}}/integrations/{{.Path}}"><span>{{.Name}}</span> <span>{{.Says}}</span></a></li>{{end}}</ul>{{else}}<p>There is none.</p>{{end}}`)

// integrations lists what the key reaches.
func (u *UI) integrations(v *visit) {
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
	page.Write(v.Writer, integrationsPage, f.Sheet, struct {
		frame
		All []shown
	}{f, all})
}

var integrationPage = body(`
<p>What is in force, and where it came from. Secrets are not shown, nor what variables hold.</p>
<div class="scroll" tabindex="0" role="region" aria-label="What is in force"><table><thead><tr><th scope="col">Path</th><th scope="col">Value</th><th scope="col">From</th></tr></thead><tbody>
{{range .In.Values}}<tr><td>{{.Path}}</td><td>{{.Shown}}</td><td>{{.Origin.Words}}</td></tr>
{{end}}</tbody></table></div>
<p><a href="{{.Root}}?{{.Query}}">Its connections</a> <a href="{{.Root}}/integrations">All integrations</a></p>`)

// integration shows what is in force for one.
func (u *UI) integration(v *visit) {
	name := v.Request.PathValue("integration")
	if !v.key.ReachesIntegration(name) {
		u.fail(v.Writer, v, http.StatusForbidden, "forbidden", "Not for this key", "Your API key is bound to connections of other integrations.")
		return
	}
	for _, in := range u.Engine.Integrations() {
		if in.Name != name {
			continue
		}
		f := u.frame(http.StatusOK, in.Name, "integrations", v)
		page.Write(v.Writer, integrationPage, f.Sheet, struct {
			frame
			In    *schema.Integration
			Query string
		}{f, in, url.Values{"integration": {in.Name}}.Encode()})
		return
	}
	u.fail(v.Writer, v, http.StatusNotFound, "not_found", "No such integration", "There is no such integration in the file.")
}
