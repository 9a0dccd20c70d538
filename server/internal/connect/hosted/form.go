package hosted

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

// A field is one input of the form.
type field struct {
	engine.InputField
	ID, Input      string
	Value          string // as it was typed; secrets are typed again
	Wrong          string
	Prefix, Suffix string // what stands around the value in an address
	Where          string // a page of the provider's that says where to find it
	Note           string
}

// Type is the kind of input.
func (f field) Type() string {
	if f.Secret {
		return "password"
	}
	return "text"
}

// Required reports whether the user has to type something.
func (f field) Required() bool { return !f.Optional && f.Default == "" }

// Says lists the ids of what explains the field to a screen reader.
func (f field) Says() string {
	ids := []string{}
	if f.Wrong != "" {
		ids = append(ids, f.ID+"-wrong")
	}
	return strings.Join(append(ids, f.ID+"-hint"), " ")
}

func fieldName(name string) string { return "field." + name }

var typed = page.Body(`
{{- if or .Problem .Bad}}<div class="wrong" role="alert" id="problem"><p>{{or .Problem .W.Wrong}}</p>
{{- if .Bad}}<ul>{{range .Fields}}{{if .Wrong}}<li><a href="#{{.ID}}">{{.Wrong}}</a></li>{{end}}{{end}}</ul>{{end}}</div>{{end}}
{{with .Details}}<details><summary class="small">{{$.W.Operators}}</summary><p class="small">{{.}}</p></details>{{end}}
{{if .Reconnecting}}<p>{{.W.Again}}</p>{{end}}
{{if .Consent}}<p>{{.AtProvider}}</p>{{end}}
<form method="post" action="{{.Action}}"{{if and .Consent .Embedded}} target="_blank" data-window{{end}}>
<input type="hidden" name="session_token" value="{{.Token}}">
<input type="hidden" name="integration" value="{{.Integration}}">
{{with .PageOrigin}}<input type="hidden" name="origin" value="{{.}}">{{end}}
{{range .Fields}}<div class="field">
<label for="{{.ID}}">{{.Title}}{{if not .Required}} <span class="small">{{$.W.Optional}}</span>{{end}}</label>
<div class="hint" id="{{.ID}}-hint">{{.Description}}{{with .Note}} {{.}}{{end}}{{with .Example}} {{$.W.Example}} <code>{{.}}</code>{{end}}{{with .Where}} <a href="{{.}}" target="_blank" rel="noreferrer noopener">{{$.W.Where}}</a>{{end}}</div>
{{if .Enum}}<select id="{{.ID}}" name="{{.Input}}" aria-describedby="{{.Says}}"{{if .Wrong}} aria-invalid="true"{{end}}{{if .Required}} required{{end}}>
{{if not .Default}}<option value=""></option>{{end}}{{$f := .}}{{range .Enum}}<option{{if eq . (or $f.Value $f.Default)}} selected{{end}}>{{.}}</option>{{end}}
</select>
{{else}}<div class="around">{{with .Prefix}}<span class="small" aria-hidden="true">{{.}}</span>{{end}}<input type="{{.Type}}" id="{{.ID}}" name="{{.Input}}" value="{{.Value}}" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="{{.Says}}"{{if .Wrong}} aria-invalid="true"{{end}}{{if .Required}} required{{end}}{{if and .Default (not .Secret)}} placeholder="{{.Default}}"{{end}}>{{with .Suffix}}<span class="small" aria-hidden="true">{{.}}</span>{{end}}</div>
{{end}}{{if .Wrong}}<div class="wrong small" id="{{.ID}}-wrong">{{.Wrong}}</div>{{end}}
</div>
{{end}}<p><button type="submit">{{.Button}}</button></p>
</form>
{{with .Back}}<p><a href="{{.}}">{{$.W.Other}}</a></p>{{end}}
{{template "window" .}}
{{define "scripts"}}{{template "script" .}}{{end}}` + parts)

// showForm shows the form of one integration, with what was typed, what is wrong with it, and
// why it has connected nothing.
func (h *Hosted) showForm(w *answer.Writer, v *visit, d *engine.Description, values, wrong map[string]string, refused *fault.Error) {
	status, problem, details := http.StatusOK, "", ""
	if refused != nil {
		w.Code, problem, details = refused.Code, refused.ForUsers(d.DisplayName), refused.ForOperators(d.DisplayName)
	}
	if problem != "" || len(wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	fields := h.fields(v, d, values, wrong)
	if d.Consent && len(fields) > 0 && refused != nil && refused.Status == http.StatusBadGateway {
		problem += " " + words.Check // it may be the address that leads astray
	}
	s := h.sheet(status, words.connect(d.DisplayName))
	s.Forms = true
	button := words.Submit
	if d.Consent {
		button = fmt.Sprintf(words.Go, d.DisplayName)
	}
	back := ""
	if len(h.connectable(v)) > 1 {
		back = h.path(v, "")
	}
	page.Write(w, typed, s, struct {
		*page.Sheet
		shared
		Fields                                                          []field
		Problem, Details, Action, Integration, Button, Back, AtProvider string
		Bad, Consent, Reconnecting                                      bool
	}{
		s, h.shared(v), fields, problem, details, h.Site.Path(Route), d.Integration, button, back,
		fmt.Sprintf(words.Consent, d.DisplayName), len(wrong) > 0, d.Consent, v.Reconnect,
	})
}

// fields are the inputs of a form.
func (h *Hosted) fields(v *visit, d *engine.Description, values, wrong map[string]string) []field {
	var in *schema.Integration
	for _, one := range h.Engine.Integrations() {
		if one.Name == d.Integration {
			in = one
		}
	}
	var out []field
	for _, f := range h.asked(v, d) {
		one := field{InputField: f, ID: "f-" + f.Name, Input: fieldName(f.Name), Wrong: wrong[f.Name]}
		if one.Type() != "password" {
			one.Value = values[f.Name]
		}
		if in != nil {
			one.Note, one.Where = noteOn(in, f)
			one.Prefix, one.Suffix = around(in, f)
		}
		out = append(out, one)
	}
	return out
}

// noteOn is what the blueprint's field notes say of a field.
func noteOn(in *schema.Integration, f engine.InputField) (text, docs string) {
	key := "connection." + f.Name
	if f.Credential {
		key = "credentials." + f.Name
	}
	for _, n := range in.Notes {
		if n.Key == key {
			return n.Text, n.DocsURL
		}
	}
	return "", ""
}

// around is what stands before and after a field's value in the address that it is a part of, so that a user
// sees how much of it to type.
func around(in *schema.Integration, f engine.InputField) (prefix, suffix string) {
	if f.Credential || f.Format == "uri" || f.Format == "hostname" {
		return "", ""
	}
	placeholder := "${connection." + f.Name + "}"
	for _, text := range []string{in.Requests.BaseURL, in.Auth.AuthorizationURL, in.Auth.TokenURL} {
		before, after, found := strings.Cut(text, placeholder)
		if !found || strings.Contains(before, "${") || !strings.HasPrefix(before, "https://") || strings.Contains(before[len("https://"):], "/") {
			continue
		}
		if host, _, _ := strings.Cut(after, "/"); !strings.Contains(host, "${") {
			return before, host
		}
	}
	return "", ""
}
