package ui

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/audit"
)

// A fact is one line about a connection.
type fact struct{ Name, Text, Class string }

// An outcome is what a page about a connection says first.
type outcome struct {
	status              int
	code                string // of what went wrong
	Done, Problem, Link string
}

var connectionPage = body(`
{{with .Outcome.Problem}}<div class="wrong" role="alert"><p>{{.}}</p></div>{{end}}
{{with .Outcome.Done}}<div class="done" role="status"><p>{{.}}</p></div>{{end}}
{{with .Outcome.Link}}<div class="done" role="status"><p>Send this to the user. It works for a day, for this connection alone, and keeps its id.</p>
<div class="field"><label for="link">Link</label><input type="url" id="link" readonly value="{{.}}"></div></div>{{end}}
<div class="scroll" tabindex="0" role="region" aria-label="About this connection" data-live="facts"><table><tbody>
{{range .Facts}}<tr data-key="{{.Name}}"><th scope="row">{{.Name}}</th><td{{with .Class}} class="{{.}}"{{end}}>{{.Text}}</td></tr>
{{end}}</tbody></table></div>
<h2>What can be done</h2>
<div data-live="actions">{{if .Acts}}
{{if .Dead}}<form method="post" action="{{.Root}}/connection/link">{{template "key" .}}<p><button type="submit">Make a link for the user</button></p></form>{{end}}
{{if not .Unreadable}}<details data-key="refresh"><summary>Refresh the token…</summary><form method="post" action="{{.Root}}/connection/refresh">{{template "key" .}}
<p>The provider is asked for a new token now. The old one ends, with most providers.</p><p><button type="submit">Refresh</button></p></form></details>
<details data-key="verify"><summary>Verify…</summary><form method="post" action="{{.Root}}/connection/verify">{{template "key" .}}
<p>One harmless call, which the integration declares, shows whether the access works.</p><p><button type="submit">Verify</button></p></form></details>{{end}}
<details data-key="disconnect"><summary>Disconnect…</summary><form method="post" action="{{.Root}}/connection/disconnect">{{template "key" .}}
<p>The connection is removed, and the provider is told if it has a way. It cannot be taken back: the user would have to connect again.</p>
<p><label><input type="checkbox" name="sure" value="yes" required> Remove {{.Key.Integration}}/{{.Key.ConnectionID}}</label></p><p><button type="submit">Disconnect</button></p></form></details>
{{else}}<p>Your API key has not the scope <code>connect</code>, so it changes nothing here.</p>{{end}}</div>
<p><a href="{{.Root}}">All connections</a></p>
{{define "key"}}<input type="hidden" name="form" value="{{.Form}}"><input type="hidden" name="integration" value="{{.Key.Integration}}"><input type="hidden" name="id" value="{{.Key.ConnectionID}}">{{end}}`)

// subject returns the connection that a request is about; if the visitor may not see it,
// whether it is there or not, the page that says so.
func (u *UI) subject(v *visit) (engine.Key, *view) {
	k := engine.Key{Integration: v.sent.Get("integration"), ConnectionID: v.sent.Get("id")}
	if k.Check() != nil {
		return k, u.problem(v, http.StatusBadRequest, "invalid_query_params", "No such page", "The address names no connection.")
	}
	v.Connection = k
	if !v.key.Reaches(k) {
		return k, u.problem(v, http.StatusForbidden, "forbidden", "Not for this key", "Your API key is not bound to this connection.")
	}
	return k, nil
}

// changed returns the connection that a visitor may change; if it is none, the page that says
// so.
func (u *UI) changed(v *visit) (engine.Key, *view) {
	k, wrong := u.subject(v)
	if wrong == nil && !v.acts() {
		wrong = u.problem(v, http.StatusForbidden, "forbidden", "Not for this key", "Your API key has not the scope connect.")
	}
	return k, wrong
}

func (u *UI) showConnection(v *visit) *view {
	k, wrong := u.subject(v)
	if wrong != nil {
		return wrong
	}
	return u.about(v, k, outcome{status: http.StatusOK})
}

// about shows a connection, and what came of what was done to it.
func (u *UI) about(v *visit, k engine.Key, o outcome) *view {
	c, err := u.Engine.Connection(v.Request.Context(), k)
	unreadable := errors.Is(err, connection.ErrUnreadable)
	if err != nil && !unreadable {
		return u.failed(v, err)
	}
	if unreadable {
		c = &engine.Connection{Key: k}
	} else {
		err = nil
	}
	f := u.frame(o.status, k.String(), "connections", v)
	u.keep(&f, "connection?"+queryOf(k), u.at(connectionRoute, k))
	return &view{connectionPage, f, struct {
		frame
		Key                    engine.Key
		Outcome                outcome
		Facts                  []fact
		Acts, Dead, Unreadable bool
	}{f, k, o, u.facts(c, err), v.acts(), unreadable && !errors.Is(err, connection.ErrUnknownKey) || c.Status == engine.StatusNeedsReauthorization, unreadable}, o.code}
}

// facts are what may be seen of a connection: nothing that grants access.
func (u *UI) facts(c *engine.Connection, unreadable error) []fact {
	s := stateOf(c, unreadable)
	facts := []fact{{"State", s.words, s.class}}
	add := func(name, text string) {
		if text != "" {
			facts = append(facts, fact{Name: name, Text: text})
		}
	}
	add("Why", s.note)
	if call, ok := u.Calls.Used(c.Key); ok {
		add("Last call, of this server", moment(call.Time)+": "+call.Words())
	}
	if unreadable != nil {
		return facts
	}
	t := &c.Credentials.Token
	add("Way to connect", string(c.Credentials.Type))
	if c.Credentials.Type.Codes() {
		add("Refresh token", map[bool]string{true: "there is one", false: "there is none: when the token ends, the user connects again"}[!t.RefreshToken.Empty()])
	}
	if !t.ExpiresAt.IsZero() {
		add("Token until", moment(t.ExpiresAt))
	}
	add("Scopes", strings.Join(t.Scopes, " "))
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		add("Field "+name, c.Fields[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.Tags)) {
		add("Tag "+name, c.Tags[name])
	}
	add("Connected", moment(c.CreatedAt))
	add("Changed", moment(c.UpdatedAt))
	return facts
}

// refusal is what a page says of an action that failed.
func refusal(err error) outcome {
	return outcome{status: http.StatusUnprocessableEntity, code: string(engine.ErrorKind(err)), Problem: "That did not work: " + wordsOf(err)}
}

func (u *UI) refresh(v *visit) *view {
	return u.try(v, "The token was refreshed.", func(ctx context.Context, k engine.Key) error {
		_, err := u.Engine.Refresh(ctx, k)
		return err
	})
}

func (u *UI) verify(v *visit) *view { return u.try(v, "The access works.", u.Engine.Verify) }

// try does something with the connection of a form, and shows what came of it.
func (u *UI) try(v *visit, done string, do func(context.Context, engine.Key) error) *view {
	k, wrong := u.changed(v)
	if wrong != nil {
		return wrong
	}
	o := outcome{status: http.StatusOK, Done: done}
	if err := do(v.Request.Context(), k); err != nil {
		o = refusal(err)
	}
	return u.about(v, k, o)
}

func (u *UI) link(v *visit) *view {
	k, wrong := u.changed(v)
	if wrong != nil {
		return wrong
	}
	o := outcome{status: http.StatusOK, Link: u.Link(v.Request.Context(), k)}
	if o.Link == "" {
		o = outcome{status: http.StatusUnprocessableEntity, code: "unsupported", Problem: "No link can be made: the server does not know its public URL (--public-url), the integration is no longer there, or the store is away."}
	}
	return u.about(v, k, o)
}

var gonePage = body(`<div class="done" role="status"><p>{{.Key.Integration}}/{{.Key.ConnectionID}} is removed.</p>{{with .Untold}}<p>The provider could not be told: {{.}}</p>{{end}}</div>
<p><a class="button" href="{{.Root}}">All connections</a></p>`)

func (u *UI) disconnect(v *visit) *view {
	k, wrong := u.changed(v)
	if wrong != nil {
		return wrong
	}
	if v.sent.Get("sure") != "yes" {
		return u.about(v, k, outcome{status: http.StatusUnprocessableEntity, code: "unconfirmed", Problem: "Nothing was done: tick the box that says what is removed."})
	}
	ctx := v.Request.Context()
	if _, err := u.Engine.Connection(ctx, k); engine.ErrorKind(err) == engine.KindNotFound {
		return u.failed(v, err)
	}
	untold := u.Engine.Revoke(audit.By(ctx, v.APIKey), k)
	if _, err := u.Engine.Connection(ctx, k); engine.ErrorKind(err) != engine.KindNotFound {
		if untold == nil {
			untold = errors.New("it is still there")
		}
		return u.about(v, k, refusal(untold))
	}
	text := ""
	if untold != nil {
		text = wordsOf(untold)
	}
	f := u.frame(http.StatusOK, "Disconnected", "connections", v)
	return &view{gonePage, f, struct {
		frame
		Key    engine.Key
		Untold string
	}{f, k, text}, ""}
}
