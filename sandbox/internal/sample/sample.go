// Package sample reads the blueprint's samples, which are answered where a request is
// near to theirs. Start with [Compile].
package sample

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// Samples are the blueprint's samples by kind, ready to be answered.
type Samples struct {
	Api         []Sample
	Errors      []message.Answer
	Limited     []message.Answer
	tokens      []Sample
	TokenErrors []Sample
	lookUps     []Sample // of those that have a URL of their own
}

// A Sample is a request and its answer.
type Sample struct {
	message.Answer
	method  string
	path    string // as written
	re      *regexp.Regexp
	literal int // characters of the path that are not {name}
	query   map[string]string
	body    any
}

func Compile(i *schema.Integration) (Samples, error) {
	var s Samples
	for n := range i.Samples {
		one, err := compileSample(&i.Samples[n])
		if err != nil {
			return s, fmt.Errorf("sample %d: %w", n+1, err)
		}
		switch i.Samples[n].Kind {
		case schema.SampleError:
			s.Errors = append(s.Errors, one.Answer)
		case schema.SampleRateLimited:
			if one.Status == 0 {
				one.Status = http.StatusTooManyRequests
			}
			s.Limited = append(s.Limited, one.Answer)
		case schema.SampleToken:
			s.tokens = append(s.tokens, formBody(one))
		case schema.SampleTokenError:
			s.TokenErrors = append(s.TokenErrors, formBody(one))
		case schema.SampleLookUp:
			if one.re == nil {
				return s, fmt.Errorf("sample %d: a sample of a look-up needs a request", n+1)
			}
			s.lookUps = append(s.lookUps, one)
		case schema.SampleAPI, "":
			if one.re == nil {
				return s, fmt.Errorf("sample %d: a sample of the API needs a request", n+1)
			}
			s.Api = append(s.Api, one)
		default:
			return s, fmt.Errorf("sample %d: unknown kind %q", n+1, i.Samples[n].Kind)
		}
	}
	return s, nil
}

func compileSample(from *schema.Sample) (Sample, error) {
	body, err := message.Plain(from.Response.Body)
	if err != nil {
		return Sample{}, err
	}
	s := Sample{Answer: message.Answer{Status: from.Response.Status, Body: body}}
	for name, value := range from.Response.Headers {
		if !strings.EqualFold(name, "Content-Length") && !strings.EqualFold(name, "Transfer-Encoding") {
			s.Set(name, value)
		}
	}
	r := from.Request
	if r == nil {
		return s, nil
	}
	s.method, s.path, s.query = r.Method, r.Path, r.Query
	if s.method == "" {
		s.method = http.MethodGet
	}
	path, query, _ := strings.Cut(r.Path, "?")
	if query != "" {
		s.query = map[string]string{}
		for name, v := range r.Query {
			s.query[name] = v
		}
		more, _ := url.ParseQuery(query)
		for name := range more {
			s.query[name] = more.Get(name)
		}
	}
	s.re = match.PathPattern(path)
	s.literal = len(match.SegmentName().ReplaceAllString(path, ""))
	s.body, err = message.Plain(r.Body)
	return s, err
}

// formBody reads a form-urlencoded token answer, so that tokens can be put in; it
// is written as it came.
func formBody(s Sample) Sample {
	if raw, ok := s.Answer.Body.(string); ok {
		if v, err := url.ParseQuery(raw); err == nil && strings.Contains(raw, "=") && !strings.ContainsAny(raw, "<{ \n") {
			object := map[string]any{}
			for name := range v {
				object[name] = v.Get(name)
			}
			s.Answer.Body, s.Answer.Form = object, true
		}
	}
	return s
}

// An Asked is what a sample may be the answer to.
type Asked struct {
	Method, Rest string // rest is the path below base_url
	Query        url.Values
	JSON         any // the body, if it is JSON
}

// Find returns the sample that is nearest to what is asked, or nil: the path must match,
// the more literally the better; then more of the query and of the body.
func (s *Samples) Find(c Asked) *Sample {
	method := c.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var best *Sample
	var bestRank []int
	for i := range s.Api {
		one := &s.Api[i]
		if one.method != method || !one.re.MatchString(c.Rest) && !one.re.MatchString(message.Unescape(c.Rest)) {
			continue
		}
		if rank := one.rank(c); best == nil || slices.Compare(rank, bestRank) > 0 {
			best, bestRank = one, rank
		}
	}
	return best
}

// rank says how near a sample is, most important first.
func (s *Sample) rank(c Asked) []int {
	met, unmet := 0, 0
	for name, want := range s.query {
		if c.Query.Get(name) == want {
			met++
		} else {
			unmet++
		}
	}
	body := 0
	if s.body != nil {
		body = -1
		if contains(c.JSON, s.body) {
			body = 1
		}
	}
	return []int{s.literal, -unmet, met, body}
}

// contains reports whether want is a part of got.
func contains(got, want any) bool {
	object, ok := want.(map[string]any)
	if !ok {
		return message.Text(got) == message.Text(want)
	}
	in, ok := got.(map[string]any)
	if !ok {
		return false
	}
	for k, v := range object {
		if !contains(in[k], v) {
			return false
		}
	}
	return true
}

// Names lists the requests that there are samples of.
func (s *Samples) Names() []string {
	var names []string
	for _, one := range s.Api {
		if n := one.method + " " + one.path; !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// Token returns the answer to a grant.
func (s *Samples) Token(grantType string) (message.Answer, bool) {
	if len(s.tokens) == 0 {
		return message.Answer{}, false
	}
	best := s.tokens[0]
	for _, one := range s.tokens {
		if v, ok := schema.At(one.body, "grant_type"); ok && message.Text(v) == grantType {
			best = one
			break
		}
	}
	return best.Answer.Copy(), true
}

// TokenError returns the answer to a refused grant: the one with that error's
// name, else the first.
func (s *Samples) TokenError(code string) (message.Answer, bool) {
	if len(s.TokenErrors) == 0 {
		return message.Answer{}, false
	}
	best := s.TokenErrors[0]
	for _, one := range s.TokenErrors {
		if object, ok := one.Answer.Body.(map[string]any); ok && message.Text(object["error"]) == code {
			best = one
			break
		}
	}
	return best.Answer.Copy(), true
}
