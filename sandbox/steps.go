package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// placeStep and a number is the place of one of auth.steps.
const placeStep = "auth.steps."

// A stepForm is one of auth.steps with its templates compiled.
type stepForm struct {
	*schema.Step
	params, query, headers []declared
}

func compileSteps(steps []schema.Step) ([]stepForm, error) {
	var forms []stepForm
	for i := range steps {
		s := stepForm{Step: &steps[i]}
		var err error
		for _, l := range []struct {
			to   *[]declared
			from map[string]string
		}{{&s.params, s.Params}, {&s.query, s.Query}, {&s.headers, s.Headers}} {
			if *l.to, err = compileAll(l.from); err != nil {
				return nil, err
			}
		}
		forms = append(forms, s)
	}
	return forms, nil
}

// lastStep returns the number of the last step that follows an answer, counted from
// 1; 0 if there is none.
func (p *Provider) lastStep(refresh bool) int {
	last := 0
	for i := range p.steps {
		if p.steps[i].When(refresh) {
			last = i + 1
		}
	}
	return last
}

// serveStep plays one of auth.steps. What it takes from earlier answers must be what
// those gave, and not something else of theirs.
func (p *Provider) serveStep(w http.ResponseWriter, r *http.Request, at location) {
	n, _ := strconv.Atoi(strings.TrimPrefix(at.name, placeStep))
	a, ref := p.takeStep(r, readBody(r), at, n)
	if ref != nil {
		p.stats.add(func(s *counts) { s.refused++ })
		a = p.tokenError(ref)
	}
	p.write(w, r, a)
}

func (p *Provider) takeStep(r *http.Request, body []byte, at location, n int) (answer, *refusal) {
	s := &p.steps[n]
	method := s.Method
	if method == "" {
		method = http.MethodPost
	}
	if r.Method != method {
		return answer{}, refused(405, "invalid_request", "%s%d is made with %s, not %s", placeStep, n, method, r.Method)
	}
	query := r.URL.Query()
	params, ref := query, (*refusal)(nil)
	switch {
	case method == http.MethodGet:
	case s.BodyFormat == "query":
		params, ref = readNoBody(query, body)
	case s.BodyFormat == "json":
		params, ref = readJSON(r.Header, body)
	default:
		params, ref = readForm(r.Header, body)
	}
	if ref != nil {
		return answer{}, ref
	}
	for name := range params {
		if !p.declares(s.params, name) && !p.declares(s.query, name) && !p.declares(at.query, name) {
			return answer{}, refused(400, "invalid_request", "%s is given, and the step does not declare it", name)
		}
	}
	var from claims
	shown := see(r, body)
	parts := []struct {
		list  []declared
		get   func(string) string
		where string
	}{{s.params, params.Get, "params"}, {s.query, query.Get, "query"}, {s.headers, r.Header.Get, "headers"}, {at.query, query.Get, "url"}}
	for _, part := range parts {
		p.take(shown, part.list, part.get)
	}
	for _, part := range parts {
		if ref := p.checkShown(shown, part.list, part.get, at.name+"."+part.where); ref != nil {
			return answer{}, ref
		}
		for _, d := range part.list {
			if ref := p.checkEarlier(d, part.get(d.name), n, &from); ref != nil {
				return answer{}, ref
			}
		}
	}
	if from.Family == "" {
		from.Family = p.random(8)
	}
	from.Step = n + 1
	return p.tokenAnswer(&tokenRequest{wire: url.Values{}, std: map[string]string{}}, from, false), nil
}

// checkEarlier checks what a value takes from the answers before step n.
func (p *Provider) checkEarlier(d declared, value string, n int, from *claims) *refusal {
	values, _ := d.form.read(value)
	for i, v := range values {
		name := d.form.refs[i][0].Name
		if name != "access_token" && !strings.HasPrefix(name, "steps.") {
			continue
		}
		c, ref := p.verify(kindAccess, name, v)
		want := strings.TrimPrefix(name, "steps.")
		if _, path, _ := strings.Cut(want, "."); path == p.responsePaths().access || name == "access_token" {
			want = "" // the token itself
		}
		switch {
		case ref != nil:
			return ref
		case c.Part != want:
			return refused(400, "invalid_grant", "%s holds %q of an earlier answer, and not ${%s}", d.name, c.Part, name)
		case c.Step > n:
			return refused(400, "invalid_grant", "%s holds what a later step has given", d.name)
		}
		from.Client, from.Scope, from.Family, from.Refreshed = c.Client, c.Scope, c.Family, c.Refreshed
	}
	return nil
}

// putParts puts what later steps ask of this answer in.
func (p *Provider) putParts(a *answer, base claims) {
	for i := range p.steps {
		s := &p.steps[i]
		for _, list := range [][]declared{s.params, s.query, s.headers} {
			for _, d := range list {
				for _, name := range d.form.names() {
					number, path, _ := strings.Cut(strings.TrimPrefix(name, "steps."), ".")
					if !strings.HasPrefix(name, "steps.") || number != strconv.Itoa(base.Step) || path == p.responsePaths().access {
						continue
					}
					c := base
					c.Kind, c.Part = kindAccess, number+"."+path
					a.body = put(a.body, path, p.issue(c, 0))
				}
			}
		}
	}
}
