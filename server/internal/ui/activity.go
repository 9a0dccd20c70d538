package ui

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/audit"
	"github.com/nango-lite/nango-lite/server/internal/calls"
)

const (
	callsShown   = 100
	entriesShown = 100
)

// A bar is a minute of the plot, whose area is 600 wide and 150 high.
type bar struct {
	X, CallsY, CallsH, ErrorsY, ErrorsH int
	Waits                               bool
}

// A plot is the last hour.
type plot struct {
	Bars                 []bar
	Minutes              []calls.Count // those with something, newest first
	Calls, Errors, Waits int
	Most                 int // in a minute
}

func plotOf(hour []calls.Count) plot {
	var p plot
	for _, c := range hour {
		p.Most = max(p.Most, c.Calls)
	}
	for i, c := range hour {
		p.Calls, p.Errors, p.Waits = p.Calls+c.Calls, p.Errors+c.Errors, p.Waits+c.Waits
		height := func(n int) int { return (n*130 + p.Most - 1) / max(p.Most, 1) }
		b := bar{X: 10 * i, CallsH: height(c.Calls), ErrorsH: height(c.Errors), Waits: c.Waits > 0}
		b.CallsY, b.ErrorsY = 150-b.CallsH, 150-b.ErrorsH
		p.Bars = append(p.Bars, b)
		if c.Calls+c.Waits > 0 {
			p.Minutes = append([]calls.Count{c}, p.Minutes...)
		}
	}
	return p
}

// A limit is what a budget stands at.
type limit struct {
	Of, Reason, Until string
	Waiting, Running  int
}

var activityPage = body(`
<p>This is what this server has done since it started; others over the same store count for themselves. <noscript><a href="{{.Root}}/activity">Look again</a></noscript></p>
<div data-live="activity">
{{if .Bound}}<p>Your API key is bound to connections, and counts are of all, so they are not shown.</p>{{else if .Known}}
<h2>The last hour</h2>
<p>Calls: {{.Plot.Calls}}. With errors: {{.Plot.Errors}}. Waits: {{.Plot.Waits}}. Most calls in a minute: {{.Plot.Most}}.</p>
<p class="small">By the minute: <span class="key"><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="calls" width="10" height="10"/></svg></span> calls, <span class="key"><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="errors" x="2" width="6" height="10"/></svg></span> errors, <span class="key"><svg viewBox="0 0 10 10" aria-hidden="true"><circle class="waits" cx="5" cy="5" r="4"/></svg></span> waits</p>
<svg viewBox="0 0 600 152" role="img" aria-label="Calls, errors and waits by the minute; the table below has the numbers">
{{range .Plot.Bars}}{{if .CallsH}}<rect class="calls" x="{{.X}}" y="{{.CallsY}}" width="8" height="{{.CallsH}}"/>{{end}}{{if .ErrorsH}}<rect class="errors" x="{{.X}}" y="{{.ErrorsY}}" width="5" height="{{.ErrorsH}}"/>{{end}}{{if .Waits}}<circle class="waits" cx="{{.X}}" cy="8" r="4"/>{{end}}{{end}}
<line class="axis" x1="0" y1="151" x2="600" y2="151"/></svg>
<details data-key="numbers"><summary>The numbers</summary><table><thead><tr><th scope="col">Minute</th><th scope="col" class="number">Calls</th><th scope="col" class="number">Errors</th><th scope="col" class="number">Waits</th></tr></thead><tbody>
{{range .Plot.Minutes}}<tr data-key="{{.Minute.Unix}}"><td>{{.Minute.Format "15:04"}}</td><td class="number">{{.Calls}}</td><td class="number">{{.Errors}}</td><td class="number">{{.Waits}}</td></tr>{{end}}</tbody></table></details>
{{end}}{{if not .Bound}}<h2>Waits and budgets</h2>
{{if .Limits}}<div class="scroll" tabindex="0" role="region" aria-label="Waits and budgets" data-key="limits"><table><thead><tr><th scope="col">Of</th><th scope="col" class="number">Under way</th><th scope="col" class="number">In line</th><th scope="col">Nothing before</th><th scope="col">Why</th></tr></thead><tbody>
{{range .Limits}}<tr data-key="{{.Of}}"><td>{{.Of}}</td><td class="number">{{.Running}}</td><td class="number">{{.Waiting}}</td><td>{{.Until}}</td><td>{{.Reason}}</td></tr>{{end}}</tbody></table></div>{{else}}<p>Nothing is under way, waits or pauses.</p>{{end}}{{end}}
<h2>The last calls</h2>
{{if .Last}}<div class="scroll" tabindex="0" role="region" aria-label="The last calls" data-key="last"><table><thead><tr><th scope="col">When</th><th scope="col">Connection</th><th scope="col">What</th><th scope="col">What became of it</th></tr></thead><tbody>
{{range .Last}}<tr data-key="{{.Number}}"><td>{{.When}}</td><td><a href="{{.Href}}">{{.Key.Integration}}/{{.Key.ConnectionID}}</a></td><td>{{.Method}}{{with .Operation}} {{.}}{{end}}</td><td{{if .Failed}} class="bad"{{end}}>{{.Words}}</td></tr>
{{end}}</tbody></table></div>{{else}}<p>{{if .Known}}None yet.{{else}}This server remembers no calls.{{end}}</p>{{end}}</div>`)

// A shownCall is a call in a list.
type shownCall struct {
	calls.Call
	When, Href, Words string
}

// activity shows the last hour, what waits, and the last calls.
func (u *UI) activity(v *visit) *view {
	var last []shownCall
	for _, c := range u.Calls.Last(callsShown, v.key.Reaches) {
		last = append(last, shownCall{c, moment(c.Time), u.at(connectionRoute, c.Key), c.Words()})
	}
	f := u.frame(http.StatusOK, "Activity", "activity", v)
	u.keep(&f, "activity", u.Site.Path(activityRoute))
	return &view{activityPage, f, struct {
		frame
		Known, Bound bool
		Plot         plot
		Limits       []limit
		Last         []shownCall
	}{f, u.Calls != nil, v.bound(), plotOf(u.Calls.Hour(u.Now())), limits(u.Engine, u.Now()), last}, ""}
}

// limits are the budgets at which something is under way, waits or pauses.
func limits(e Engine, now time.Time) []limit {
	var all []limit
	for _, in := range e.Integrations() {
		for _, s := range e.Limits(in.Name) {
			paused := s.PausedUntil.After(now)
			if s.Waiting+s.Running == 0 && !paused {
				continue
			}
			l := limit{Of: in.Name, Waiting: s.Waiting, Running: s.Running, Until: "–"}
			if s.ConnectionID != "" {
				l.Of += "/" + s.ConnectionID
			}
			if paused {
				l.Until, l.Reason = moment(s.PausedUntil), s.Reason
			}
			if all = append(all, l); len(all) == callsShown {
				return all
			}
		}
	}
	return all
}

var auditPage = body(`
<p>Who connected, was given credentials, and removed connections. <noscript><a href="{{.Root}}/audit">Look again</a></noscript></p>
<div data-live="entries">{{if .Entries}}<div class="scroll" tabindex="0" role="region" aria-label="Who did what"><table><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Connection</th></tr></thead><tbody>
{{range .Entries}}<tr data-key="{{.Last.UnixNano}} {{.APIKey}} {{.Action}} {{.Integration}}/{{.ConnectionID}}"><td>{{.When}}</td><td>{{if .APIKey}}key {{.APIKey}}{{else}}a user{{end}}</td><td>{{.Did}}{{if gt .Count 1}}, {{.Count}} times{{end}}</td><td><a href="{{.Href}}">{{.Integration}}/{{.ConnectionID}}</a></td></tr>
{{end}}</tbody></table></div>{{else}}<p>Nothing is written.</p>{{end}}</div>`)

var actions = map[audit.Action]string{
	audit.Connect: "connected", audit.Token: "was given a token", audit.Given: "was shown credentials", audit.Delete: "removed the connection",
}

// A shownEntry is an entry of the audit log in a list.
type shownEntry struct {
	audit.Entry
	When, Did, Href string
}

// audit shows the last entries of the log that are about what the key reaches.
func (u *UI) audit(v *visit) *view {
	entries, err := u.entries(v)
	if err != nil {
		return u.problem(v, http.StatusServiceUnavailable, "unavailable", "Not just now", "The audit log cannot be read. Try again in a moment.")
	}
	f := u.frame(http.StatusOK, "Who did what", "audit", v)
	u.keep(&f, "audit", u.Site.Path(auditRoute))
	return &view{auditPage, f, struct {
		frame
		Entries []shownEntry
	}{f, entries}, ""}
}

// entries returns the last entries, newest first. The log is read from its old end, so it is
// asked for the last hour first, and for more only if that holds too little.
func (u *UI) entries(v *visit) ([]shownEntry, error) {
	var last []shownEntry
	for _, since := range []time.Time{u.Now().Add(-time.Hour), u.Now().Add(-24 * time.Hour), u.Now().Add(-7 * 24 * time.Hour), {}} {
		var err error
		if last, err = u.entriesSince(v.Request.Context(), v, since); err != nil || len(last) == entriesShown {
			return last, err
		}
	}
	return last, nil
}

func (u *UI) entriesSince(ctx context.Context, v *visit, since time.Time) ([]shownEntry, error) {
	var last []shownEntry // oldest first
	err := audit.Read(ctx, u.Records, since, func(e audit.Entry) bool {
		k := engine.Key{Integration: e.Integration, ConnectionID: e.ConnectionID}
		if !v.key.Reaches(k) {
			return true
		}
		if len(last) == entriesShown {
			last = last[1:]
		}
		last = append(last, shownEntry{e, moment(e.Last), actions[e.Action], u.at(connectionRoute, k)})
		return true
	})
	slices.Reverse(last)
	return last, err
}
