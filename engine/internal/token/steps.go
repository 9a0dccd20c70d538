package token

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// An ascent is what the steps have answered so far.
type ascent struct {
	docs []map[string]any // of each; nil: not made
	sum  *oauthwire.Answer
}

// Follow makes the steps that come after a token answer, and returns what all
// answers say together. With an error it returns what there is: a refresh token in it
// may be the only one that is good.
func (o *Operation) Follow(ctx context.Context, first *oauthwire.Answer, refresh bool) (*oauthwire.Answer, error) {
	if len(o.In.Parsed.Steps) == 0 {
		return first, nil
	}
	sum := *first
	sum.Doc = maps.Clone(first.Doc)
	a := &ascent{docs: []map[string]any{first.Doc}, sum: &sum}
	for i := range o.In.Parsed.Steps {
		s := &o.In.Parsed.Steps[i]
		if !s.When(refresh) {
			a.docs = append(a.docs, nil)
			continue
		}
		answer, err := o.send(ctx, sending{
			what: "the request", to: s.Templates.URL, shape: o.beside(), whose: fault.KindInvalidResponse,
			build: func(o *Operation) (*oauthwire.Request, error) { return o.buildStep(s, a) },
		})
		if err != nil {
			return a.sum, inStep(err, i)
		}
		a.add(answer, o.In.Auth.TokenResponse)
	}
	return a.sum, nil
}

// inStep says which step failed.
func inStep(err error, i int) error {
	return fault.Within("step "+strconv.Itoa(i+1)+" after the token answer", err)
}

func (o *Operation) buildStep(s *plan.Step, a *ascent) (*oauthwire.Request, error) {
	values := new(render.Made).Values(a.values(o), o.Now)
	u, err := render.URL(s.Templates.URL, values, func(name string) string {
		if strings.HasPrefix(name, "steps.") {
			return "uri"
		}
		return o.In.FormatOf(name)
	})
	if err != nil {
		return nil, err
	}
	r := &oauthwire.Request{URL: u, Method: s.Method, JSON: s.BodyFormat == "json", InQuery: s.BodyFormat == "query"}
	if r.Method == "" {
		r.Method = "POST"
	}
	o.readsTokenIn(r)
	if r.Params, err = s.Templates.Params.Members(values, a.typed(o)); err != nil {
		return nil, err
	}
	return r, setHeaders(r, s.Templates.Headers, values)
}

// values are those of the connection, with the answers so far.
func (a *ascent) values(o *Operation) render.Values {
	return func(name string) (string, bool) {
		if name == "access_token" {
			path := "access_token"
			if t := o.In.Auth.TokenResponse; t != nil && t.AccessToken != "" {
				path = t.AccessToken
			}
			return schema.TextAt(a.sum.Doc, path)
		}
		if rest, ok := strings.CutPrefix(name, "steps."); ok {
			number, path, _ := strings.Cut(rest, ".")
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 || n >= len(a.docs) || a.docs[n] == nil {
				return "", false
			}
			return schema.TextAt(a.docs[n], path)
		}
		return o.In.Value(o.Conn, name)
	}
}

// typed are those of the values that JSON has a type for.
func (a *ascent) typed(o *Operation) render.Typed {
	return func(name string) (any, bool) {
		rest, ok := strings.CutPrefix(name, "steps.")
		if !ok {
			return o.Typed()(name)
		}
		number, path, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n >= len(a.docs) || a.docs[n] == nil {
			return nil, false
		}
		v, ok := schema.At(a.docs[n], path)
		return v, ok && v != nil
	}
}

// add lays an answer over those before. The end of a token goes when another comes
// that says nothing of its own.
func (a *ascent) add(answer *oauthwire.Answer, t *schema.TokenResponse) {
	access, expires := "access_token", "expires_in"
	if t != nil && t.AccessToken != "" {
		access = t.AccessToken
	}
	if t != nil && t.Expires != nil {
		expires = t.Expires.Path
	}
	if text, ok := schema.TextAt(answer.Doc, access); ok && text != "" {
		if first, _, _ := strings.Cut(access, "."); first != expires && !strings.HasPrefix(expires, first+".") {
			delete(a.sum.Doc, strings.SplitN(expires, ".", 2)[0])
		}
	}
	maps.Copy(a.sum.Doc, answer.Doc)
	a.sum.Status, a.sum.Header = answer.Status, answer.Header
	a.docs = append(a.docs, answer.Doc)
}
