package sandbox

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// placeLookUp begins the names of the places where connection fields are looked up
// by a URL of their own; the field's name follows.
const placeLookUp = "look-up of connection."

// A lookUpForm is a connection field that is looked up (from: request), and what its
// request must have.
type lookUpForm struct {
	name   string
	method string
	below  *regexp.Regexp // the path below base_url; nil: it has a place of its own
	guards []guard        // headers and parameters of the query
	body   []guard        // parameters of the body
	json   bool           // the body is JSON
	signed bool           // like every call of the API
	answer any
}

// handingOut returns the integration with the values that the look-ups of the
// sandbox answer with as the only ones that their fields can have.
func handingOut(i *schema.Integration) (*schema.Integration, error) {
	order, cycle := schema.LookUps(i.Connection, &i.Requests)
	if len(order)+len(cycle) == 0 {
		return i, nil
	}
	s, err := compileSamples(i)
	if err != nil {
		return nil, err
	}
	out := *i
	out.Connection = map[string]schema.ConnectionField{}
	for name, f := range i.Connection {
		if f.From == schema.FromRequest && f.Request != nil {
			if found := handedOut(&f, name, s.lookUp(i, name, &f)); len(found) > 0 {
				f.Enum, f.Example = found, found[0]
			}
		}
		out.Connection[name] = f
	}
	return &out, nil
}

// handedOut returns the values for a field in an answer.
func handedOut(f *schema.ConnectionField, name string, body any) (found []string) {
	if f.List == nil {
		if v, ok := lookup(body, answerPath(f, name)); ok && text(v) != "" {
			return []string{text(v)}
		}
		return nil
	}
	list, _ := lookup(body, f.List.Items)
	items, _ := list.([]any)
	for _, item := range items {
		fits := true
		for path, want := range f.List.When {
			got, ok := lookup(item, path)
			fits = fits && ok && schema.Accepts(want, got)
		}
		if v, ok := lookup(item, f.List.Value); ok && fits && text(v) != "" {
			found = append(found, text(v))
		}
	}
	return found
}

func answerPath(f *schema.ConnectionField, name string) string {
	if f.Path != "" {
		return f.Path
	}
	return name
}

// lookUp returns what a field is looked up in: the sample's body, or one that is made
// up.
func (s *samples) lookUp(i *schema.Integration, name string, f *schema.ConnectionField) any {
	from, path := s.lookUps, f.Request.URL
	if f.Request.Path != "" {
		from, path = s.api, f.Request.Path
	} else if u, err := url.Parse(filledWith(i, path)); err == nil {
		path = u.EscapedPath()
	}
	path, _, _ = strings.Cut(filledWith(i, path), "?")
	for n := range from {
		if one := &from[n]; one.method == methodOf(f) && one.re.MatchString(path) && len(handedOut(f, name, one.answer.body)) > 0 {
			return clone(one.answer.body)
		}
	}
	value := any(exampleOf(name, f.Field))
	if f.List == nil {
		return put(nil, answerPath(f, name), value)
	}
	var item any
	for path, want := range f.List.When {
		if list, ok := want.([]any); ok && len(list) > 0 {
			want = list[0]
		}
		if want == "*" {
			want = "sandbox"
		}
		item = put(item, path, want)
	}
	if f.List.Title != "" {
		item = put(item, f.List.Title, "Sandbox "+name)
	}
	return put(nil, f.List.Items, []any{put(item, f.List.Value, value)})
}

func methodOf(f *schema.ConnectionField) string {
	if f.Request.Method == "" {
		return http.MethodGet
	}
	return f.Request.Method
}

// filledWith returns a template with the examples of its placeholders.
func filledWith(i *schema.Integration, text string) string {
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return text
	}
	var b strings.Builder
	for _, p := range t.Parts {
		b.WriteString(p.Literal)
		if p.Refs != nil {
			_, example := urlPart(i, p.Refs, false)
			b.WriteString(example)
		}
	}
	return b.String()
}

func (p *Provider) compileLookUps() error {
	i := p.integration
	order, _ := schema.LookUps(i.Connection, &i.Requests)
	for _, name := range order {
		f := i.Connection[name]
		r := f.Request
		l := lookUpForm{name: name, method: methodOf(&f), json: r.BodyFormat == "json", answer: p.samples.lookUp(i, name, &f)}
		if r.Path != "" {
			path, _, _ := strings.Cut(templateToSegments(r.Path), "?")
			l.below = pathPattern(path)
		}
		query := r.Params
		var err error
		if l.method == http.MethodPost {
			query = nil
			if l.body, err = compileGuards(i, nil, r.Params); err != nil {
				return err
			}
		}
		if l.guards, err = compileGuards(i, r.Headers, query); err != nil {
			return err
		}
		if r.AtBase(i.Requests.BaseURL) {
			l.signed = p.signsCalls()
			l.guards = append(l.guards, p.alongWith(l.guards)...)
		}
		p.lookUps = append(p.lookUps, l)
	}
	return nil
}

// alongWith returns what every call has and own has not, but for what a look-up may
// be there to find.
func (p *Provider) alongWith(own []guard) (out []guard) {
	for _, g := range p.guards {
		named := func(o guard) bool { return o.header == g.header && strings.EqualFold(o.name, g.name) }
		found := func(name string) bool {
			field, ok := strings.CutPrefix(name, "connection.")
			return ok && p.integration.Connection[field].From == schema.FromRequest
		}
		if !slices.ContainsFunc(own, named) && !slices.ContainsFunc(g.form.names(), found) {
			out = append(out, g)
		}
	}
	return out
}

// lookUpBelow returns the look-up that a call of the API may be, or nil.
func (p *Provider) lookUpBelow(c *call) *lookUpForm {
	for n := range p.lookUps {
		if l := &p.lookUps[n]; l.below != nil && l.method == c.Method && l.below.MatchString(c.at.rest) {
			return l
		}
	}
	return nil
}

// serveLookUp plays a look-up that has a URL of its own.
func (p *Provider) serveLookUp(w http.ResponseWriter, r *http.Request, at location) {
	p.stats.add(func(s *counts) { s.calls++ })
	n := slices.IndexFunc(p.lookUps, func(l lookUpForm) bool { return placeLookUp+l.name == at.name })
	l := &p.lookUps[n]
	c := &call{Request: r, at: at, query: r.URL.Query(), body: readBody(r)}
	ref := (*refusal)(nil)
	if r.Method != l.method {
		ref = refused(405, "method_not_allowed", "%s is made with %s, not %s", at.name, l.method, r.Method)
	}
	if ref == nil {
		_, ref = p.checkLookUp(l, c)
	}
	if ref == nil {
		ref = p.checkDeclared(at.query, c.query.Get, "the query of the "+at.name)
	}
	if ref != nil {
		p.refuse(w, r, ref)
		return
	}
	p.write(w, r, answer{body: clone(l.answer)})
}

// checkLookUp checks what a look-up must have.
func (p *Provider) checkLookUp(l *lookUpForm, c *call) (caller, *refusal) {
	who, ref := p.checkCredential(l.guards, c.Request, c.query, p.shownBy(c))
	if ref == nil && l.signed {
		ref = p.checkSignedCall(c, &who)
	}
	if ref == nil {
		ref = p.checkStatic(l.guards, c.Request, c.query)
	}
	if ref != nil || l.method != http.MethodPost {
		return who, ref
	}
	read := readForm
	if l.json {
		read = readJSON
	}
	params, ref := read(c.Header, c.body)
	if ref == nil {
		_, ref = p.checkCredential(l.body, c.Request, params, p.shownBy(c))
	}
	if ref == nil {
		ref = p.checkStatic(l.body, c.Request, params)
	}
	return who, ref
}
