package api

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/sandbox/internal/sample"
	"github.com/nango-lite/nango-lite/schema"
)

// A lookUpForm is a connection field that is looked up (from: request), and what its
// request must have.
type lookUpForm struct {
	name   string
	method string
	below  *regexp.Regexp // the path below base_url; nil: it has a place of its own
	guards []match.Guard  // headers and parameters of the query
	body   []match.Guard  // parameters of the body
	json   bool           // the body is JSON
	signed bool           // like every call of the API
	answer any
}

func (p *API) compileLookUps() error {
	i := p.Integration
	order, _ := schema.LookUps(i.Connection, &i.Requests)
	for _, name := range order {
		f := i.Connection[name]
		r := f.Request
		l := lookUpForm{name: name, method: sample.MethodOf(&f), json: r.BodyFormat == "json", answer: p.Samples.LookUp(i, name, &f)}
		if r.Path != "" {
			path, _, _ := strings.Cut(match.TemplateToSegments(r.Path), "?")
			l.below = match.PathPattern(path)
		}
		query := r.Params
		var err error
		if l.method == http.MethodPost {
			query = nil
			if l.body, err = match.CompileGuards(i, nil, r.Params); err != nil {
				return err
			}
		}
		if l.guards, err = match.CompileGuards(i, r.Headers, query); err != nil {
			return err
		}
		if r.AtBase(i.Requests.BaseURL) {
			l.signed = p.gate.signsCalls()
			l.guards = append(l.guards, p.alongWith(l.guards)...)
		}
		p.lookUps = append(p.lookUps, l)
	}
	return nil
}

// alongWith returns what every call has and own has not, but for what a look-up may
// be there to find.
func (p *API) alongWith(own []match.Guard) (out []match.Guard) {
	for _, g := range p.gate.guards {
		named := func(o match.Guard) bool { return o.Header == g.Header && strings.EqualFold(o.Name, g.Name) }
		found := func(name string) bool {
			field, ok := strings.CutPrefix(name, "connection.")
			return ok && p.Integration.Connection[field].From == schema.FromRequest
		}
		if !slices.ContainsFunc(own, named) && !slices.ContainsFunc(g.Form.Names(), found) {
			out = append(out, g)
		}
	}
	return out
}

// lookUpBelow returns the look-up that a call of the API may be, or nil.
func (p *API) lookUpBelow(c *call) *lookUpForm {
	for n := range p.lookUps {
		if l := &p.lookUps[n]; l.below != nil && l.method == c.Method && l.below.MatchString(c.at.Rest) {
			return l
		}
	}
	return nil
}

// serveLookUp plays a look-up that has a URL of its own.
func (p *API) serveLookUp(w http.ResponseWriter, r *http.Request, at match.Location) {
	p.Stats.Add(func(s *play.Counts) { s.Calls++ })
	n := slices.IndexFunc(p.lookUps, func(l lookUpForm) bool { return match.PlaceLookUp+l.name == at.Name })
	l := &p.lookUps[n]
	c := &call{Request: r, at: at, query: r.URL.Query(), body: message.ReadBody(r)}
	ref := (*message.Refusal)(nil)
	if r.Method != l.method {
		ref = message.Refused(405, "method_not_allowed", "%s is made with %s, not %s", at.Name, l.method, r.Method)
	}
	if ref == nil {
		_, ref = p.checkLookUp(l, c)
	}
	if ref == nil {
		ref = p.CheckDeclared(at.Query, c.query.Get, "the query of the "+at.Name)
	}
	if ref != nil {
		p.Refuse(w, r, ref)
		return
	}
	p.Write(w, r, message.Answer{Body: message.Clone(l.answer)})
}

// checkLookUp checks what a look-up must have.
func (p *API) checkLookUp(l *lookUpForm, c *call) (caller, *message.Refusal) {
	who, ref := p.gate.checkCredential(l.guards, c.Request, c.query, p.gate.shownBy(c))
	if ref == nil && l.signed {
		ref = p.gate.checkSignedCall(c, &who)
	}
	if ref == nil {
		ref = p.gate.checkStatic(l.guards, c.Request, c.query)
	}
	if ref != nil || l.method != http.MethodPost {
		return who, ref
	}
	read := message.ReadForm
	if l.json {
		read = func(h http.Header, body []byte) (url.Values, *message.Refusal) {
			params, _, ref := message.ReadJSON(h, body)
			return params, ref
		}
	}
	params, ref := read(c.Header, c.body)
	if ref == nil {
		_, ref = p.gate.checkCredential(l.body, c.Request, params, p.gate.shownBy(c))
	}
	if ref == nil {
		ref = p.gate.checkStatic(l.body, c.Request, params)
	}
	return who, ref
}
