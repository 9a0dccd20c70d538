package ui

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
)

const (
	perPage    = 50
	deadShown  = 10   // above the list; a link leads to the rest
	readAtOnce = 500  // connections of the store, where some are left out
	mostLooked = 5000 // connections that one request looks at; a link goes on
)

// A row is a connection in a list.
type row struct {
	engine.Key
	Href               string
	State, Class, Note string
	Until, Used        string
}

// A filter is which connections are asked for.
type filter struct {
	Integration, Text string
	Dead              bool
	cursor            string
}

func (f *filter) includes(c *engine.Connection) bool {
	if f.Dead && c.Status != engine.StatusNeedsReauthorization {
		return false
	}
	text := strings.ToLower(f.Text)
	if strings.Contains(strings.ToLower(c.Key.ConnectionID), text) {
		return true
	}
	for _, v := range c.Tags {
		if strings.Contains(strings.ToLower(v), text) {
			return true
		}
	}
	return false
}

// query is what the page is called with, to go on behind a cursor.
func (f *filter) query(cursor string) string {
	q := url.Values{}
	for name, v := range map[string]string{"integration": f.Integration, "q": f.Text, "cursor": cursor} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if f.Dead {
		q.Set("state", "dead")
	}
	return q.Encode()
}

var listPage = body(`
<div data-live="dead">{{if .Dead}}<section aria-labelledby="dead"><h2 id="dead">Need their user</h2>
<p>The access has ended, and only the user can give it again. Open one for a link to send.</p>
{{template "rows" .Dead}}{{with .MoreDead}}<p><a href="{{.}}">All that need their user</a></p>{{end}}</section>{{end}}</div>
<h2>{{if .Filter.Dead}}All that need their user{{else}}All connections{{end}}</h2>
<form method="get" action="{{.Root}}" class="filter" role="search">
<div><label for="q">Search in ids and tags</label><input type="search" id="q" name="q" value="{{.Filter.Text}}"></div>
<div><label for="integration">Integration</label><select id="integration" name="integration"><option value="">all</option>{{range .Names}}<option{{if eq . $.Filter.Integration}} selected{{end}}>{{.}}</option>{{end}}</select></div>
{{if .Filter.Dead}}<input type="hidden" name="state" value="dead">{{end}}
<p><button type="submit">Show</button></p></form>
<div data-live="rows">{{if .Rows}}{{template "rows" .Rows}}{{else}}<p>{{if .Next}}Nothing among the {{.Looked}} that were looked at; there are more.{{else}}There is nothing here.{{end}}</p>{{end}}
<p>{{with .Next}}<a href="{{.}}">More</a>{{end}}{{if or .Filter.Text .Filter.Integration .Filter.Dead}} <a href="{{.Root}}">All connections</a>{{end}}</p></div>
{{define "rows"}}<div class="scroll" tabindex="0" role="region" aria-label="Connections"><table><thead><tr><th scope="col">Connection</th><th scope="col">State</th><th scope="col">Why</th><th scope="col">Token until</th><th scope="col">Last call</th></tr></thead><tbody>
{{range .}}<tr data-key="{{.Href}}"><td><a href="{{.Href}}">{{.Integration}}/{{.ConnectionID}}</a></td><td class="{{.Class}}">{{.State}}</td><td>{{.Note}}</td><td>{{.Until}}</td><td>{{.Used}}</td></tr>
{{end}}</tbody></table></div>{{end}}`)

// list is the first page: those that need their user, and all.
func (u *UI) list(v *visit) *view {
	f := filter{Integration: v.sent.Get("integration"), Text: v.sent.Get("q"), Dead: v.sent.Get("state") == "dead", cursor: v.sent.Get("cursor")}
	var dead []row
	var moreDead string
	if f == (filter{}) {
		all := filter{Dead: true}
		found, next, _, err := u.find(v.Request.Context(), v.key, all, deadShown)
		if err != nil {
			return u.failed(v, err)
		}
		if dead = found; next != "" {
			moreDead = u.Site.Path(Route) + "?" + all.query("")
		}
	}
	rows, next, looked, err := u.find(v.Request.Context(), v.key, f, perPage)
	switch {
	case errors.Is(err, connection.ErrCursor):
		return u.problem(v, http.StatusBadRequest, "invalid_query_params", "No such page", "The address is none that these pages have.")
	case err != nil:
		return u.failed(v, err)
	}
	rows = append(u.exactly(v, f), rows...)
	if next != "" {
		next = u.Site.Path(Route) + "?" + f.query(next)
	}
	fr := u.frame(http.StatusOK, "Connections", "connections", v)
	query := f.query(f.cursor)
	u.keep(&fr, "connections?"+query, u.Site.Path(Route)+"?"+query)
	return &view{listPage, fr, struct {
		frame
		Filter         filter
		Names          []string
		Dead, Rows     []row
		MoreDead, Next string
		Looked         int
	}{fr, f, reached(u.Engine, v.key), dead, rows, moreDead, next, looked}, ""}
}

// exact reports whether the connections that have the text for an id are looked up, and shown
// above what a search finds: the search may have a long way to them.
func (f *filter) exact() bool { return f.Text != "" && !f.Dead }

// exactly returns the connections that have the text for an id, on the first page of a search.
func (u *UI) exactly(v *visit, f filter) (rows []row) {
	if !f.exact() || f.cursor != "" {
		return nil
	}
	for _, name := range reached(u.Engine, v.key) {
		k := engine.Key{Integration: name, ConnectionID: f.Text}
		if f.Integration != "" && f.Integration != name || k.Check() != nil || !v.key.Reaches(k) {
			continue
		}
		c, err := u.Engine.Connection(v.Request.Context(), k)
		switch {
		case err == nil:
			rows = append(rows, u.row(listed{c, nil}))
		case errors.Is(err, connection.ErrUnreadable):
			rows = append(rows, u.row(listed{&engine.Connection{Key: k}, err}))
		}
	}
	return rows
}

// reached are the integrations that the key reaches.
func reached(e Engine, key *apikey.Key) []string {
	var names []string
	for _, in := range e.Integrations() {
		if key.ReachesIntegration(in.Name) {
			names = append(names, in.Name)
		}
	}
	return names
}

// find returns the rows that are asked for and that the key reaches, how many connections
// were looked at, and the cursor of what follows; it is empty if nothing does.
func (u *UI) find(ctx context.Context, key *apikey.Key, f filter, most int) (rows []row, next string, looked int, err error) {
	q := engine.Query{Integration: f.Integration, Cursor: f.cursor, Limit: most}
	if f.Dead {
		q.Status = engine.StatusNeedsReauthorization
	}
	if f.Text != "" || len(key.Connections) > 0 {
		q.Limit = readAtOnce
	}
	for {
		p, err := u.Engine.Connections(ctx, q)
		if err != nil {
			return nil, "", looked, err
		}
		all := inOrder(p)
		for i, c := range all {
			looked++
			if !key.Reaches(c.Key) || !f.includes(c.Connection) || f.exact() && c.Key.ConnectionID == f.Text && slices.Contains(reached(u.Engine, key), c.Key.Integration) {
				continue
			}
			rows = append(rows, u.row(c))
			if len(rows) == most && (i < len(all)-1 || p.Next != "") {
				return rows, connection.EncodeCursor(c.Key), looked, nil
			}
		}
		if q.Cursor = p.Next; q.Cursor == "" || looked >= mostLooked {
			return rows, q.Cursor, looked, nil
		}
	}
}

// A listed connection is one of a page of the store; unreadable says why it cannot be read.
type listed struct {
	*engine.Connection
	unreadable error
}

// inOrder returns the connections of a page, those that cannot be read among them.
func inOrder(p engine.Page) []listed {
	var all []listed
	for _, c := range p.Connections {
		all = append(all, listed{c, nil})
	}
	for _, n := range p.Unreadable {
		all = append(all, listed{&engine.Connection{Key: n.Key}, n})
	}
	slices.SortFunc(all, func(a, b listed) int {
		return cmp.Or(cmp.Compare(a.Key.Integration, b.Key.Integration), cmp.Compare(a.Key.ConnectionID, b.Key.ConnectionID))
	})
	return all
}

// row is a connection in a list.
func (u *UI) row(c listed) row {
	s := stateOf(c.Connection, c.unreadable)
	r := row{Key: c.Key, Href: u.at(connectionRoute, c.Key), State: s.words, Class: s.class, Note: s.note, Until: moment(c.Credentials.Token.ExpiresAt), Used: "–"}
	if call, ok := u.Calls.Used(c.Key); ok {
		r.Used = moment(call.Time)
	}
	return r
}

// at is the address of a page about a connection.
func (u *UI) at(route string, k engine.Key) string {
	return u.Site.Path(route) + "?" + queryOf(k)
}

func queryOf(k engine.Key) string {
	return url.Values{"integration": {k.Integration}, "id": {k.ConnectionID}}.Encode()
}

// A state says how a connection is, in words.
type state struct{ words, class, note string }

// stateOf says how a connection is. What passes by itself is a note on one that works.
func stateOf(c *engine.Connection, unreadable error) state {
	switch {
	case errors.Is(unreadable, connection.ErrUnknownKey):
		return state{"cannot be read", "bad", "the key that sealed it is not at hand; give it back (" + unreadable.Error() + ")"}
	case unreadable != nil:
		return state{"cannot be read", "dead", unreadable.Error()}
	case c.Status == engine.StatusNeedsReauthorization:
		return state{"needs its user", "dead", c.Reason}
	case c.Warning != "":
		return state{"works", "", c.Warning}
	case !c.RefreshFailed.IsZero():
		return state{"works", "", "the last refresh did not come to an end; it is tried again when the token is needed"}
	}
	return state{"works", "", ""}
}
