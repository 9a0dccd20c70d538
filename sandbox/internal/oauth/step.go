package oauth

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// serveStep plays one of auth.steps. What it takes from earlier answers must be what
// those gave, and not something else of theirs.
func (p *steps) serveStep(w http.ResponseWriter, r *http.Request, at match.Location) {
	n, _ := strconv.Atoi(strings.TrimPrefix(at.Name, match.PlaceStep))
	a, ref := p.takeStep(r, message.ReadBody(r), at, n)
	if ref != nil {
		p.Stats.Add(func(s *play.Counts) { s.Refused++ })
		a = p.answers.tokenError(ref)
	}
	p.Write(w, r, a)
}

func (p *steps) takeStep(r *http.Request, body []byte, at match.Location, n int) (message.Answer, *message.Refusal) {
	s := &p.Steps[n]
	method := s.Method
	if method == "" {
		method = http.MethodPost
	}
	if r.Method != method {
		return message.Answer{}, message.Refused(405, "invalid_request", "%s%d is made with %s, not %s", match.PlaceStep, n, method, r.Method)
	}
	query := r.URL.Query()
	params, types, ref := query, map[string]string(nil), (*message.Refusal)(nil)
	switch {
	case method == http.MethodGet:
	case s.BodyFormat == "query":
		params, ref = message.ReadNoBody(query, body)
	case s.BodyFormat == "json":
		params, types, ref = message.ReadJSON(r.Header, body)
	default:
		params, ref = message.ReadForm(r.Header, body)
	}
	if ref != nil {
		return message.Answer{}, ref
	}
	for name := range params {
		if !p.clients.declares(s.ParamForms, name) && !p.clients.declares(at.Query, name) {
			return message.Answer{}, message.Refused(400, "invalid_request", "%s is given, and the step does not declare it", name)
		}
	}
	if ref := match.CheckTypes(s.ParamForms, types, at.Name+".params"); ref != nil {
		return message.Answer{}, ref
	}
	var from grant.Claims
	shown := match.See(r, body)
	parts := []struct {
		list  []match.Declared
		get   func(string) string
		where string
	}{{s.ParamForms, params.Get, "params"}, {s.HeaderForms, r.Header.Get, "headers"}, {at.Query, query.Get, "url"}}
	for _, part := range parts {
		p.Take(shown, part.list, part.get)
	}
	for _, part := range parts {
		if ref := p.CheckShown(shown, part.list, part.get, at.Name+"."+part.where); ref != nil {
			return message.Answer{}, ref
		}
		for _, d := range part.list {
			if ref := p.checkEarlier(d, part.get(d.Name), n, &from); ref != nil {
				return message.Answer{}, ref
			}
		}
	}
	if from.Family == "" {
		from.Family = p.Random(8)
	}
	from.Step = n + 1
	return p.answers.tokenAnswer(&tokenRequest{wire: url.Values{}, std: map[string]string{}}, from, false), nil
}

// checkEarlier checks what a value takes from the answers before step n.
func (p *steps) checkEarlier(d match.Declared, value string, n int, from *grant.Claims) *message.Refusal {
	values, _ := d.Form.Read(value)
	for i, v := range values {
		name := d.Form.Refs[i][0].Name
		if name != "access_token" && !strings.HasPrefix(name, "steps.") {
			continue
		}
		c, ref := p.Verify(grant.KindAccess, name, v)
		want := strings.TrimPrefix(name, "steps.")
		if _, path, _ := strings.Cut(want, "."); path == p.answers.responsePaths().access || name == "access_token" {
			want = "" // the token itself
		}
		switch {
		case ref != nil:
			return ref
		case c.Part != want:
			return message.Refused(400, "invalid_grant", "%s holds %q of an earlier answer, and not ${%s}", d.Name, c.Part, name)
		case c.Step > n:
			return message.Refused(400, "invalid_grant", "%s holds what a later step has given", d.Name)
		}
		from.Client, from.Scope, from.Family, from.Refreshed = c.Client, c.Scope, c.Family, c.Refreshed
	}
	return nil
}
