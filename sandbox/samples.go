package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// samples are the blueprint's samples by kind, ready to be answered.
type samples struct {
	api         []sample
	errors      []answer
	limited     []answer
	tokens      []sample
	tokenErrors []sample
	lookUps     []sample // of those that have a URL of their own
}

// A sample is a request and its answer.
type sample struct {
	answer
	method  string
	path    string // as written
	re      *regexp.Regexp
	literal int // characters of the path that are not {name}
	query   map[string]string
	body    any
}

func compileSamples(i *schema.Integration) (samples, error) {
	var s samples
	for n := range i.Samples {
		one, err := compileSample(&i.Samples[n])
		if err != nil {
			return s, fmt.Errorf("sample %d: %w", n+1, err)
		}
		switch i.Samples[n].Kind {
		case schema.SampleError:
			s.errors = append(s.errors, one.answer)
		case schema.SampleRateLimited:
			if one.status == 0 {
				one.status = http.StatusTooManyRequests
			}
			s.limited = append(s.limited, one.answer)
		case schema.SampleToken:
			s.tokens = append(s.tokens, formBody(one))
		case schema.SampleTokenError:
			s.tokenErrors = append(s.tokenErrors, formBody(one))
		case schema.SampleLookUp:
			if one.re == nil {
				return s, fmt.Errorf("sample %d: a sample of a look-up needs a request", n+1)
			}
			s.lookUps = append(s.lookUps, one)
		case schema.SampleAPI, "":
			if one.re == nil {
				return s, fmt.Errorf("sample %d: a sample of the API needs a request", n+1)
			}
			s.api = append(s.api, one)
		default:
			return s, fmt.Errorf("sample %d: unknown kind %q", n+1, i.Samples[n].Kind)
		}
	}
	return s, nil
}

func compileSample(from *schema.Sample) (sample, error) {
	body, err := plain(from.Response.Body)
	if err != nil {
		return sample{}, err
	}
	s := sample{answer: answer{status: from.Response.Status, body: body}}
	for name, value := range from.Response.Headers {
		if !strings.EqualFold(name, "Content-Length") && !strings.EqualFold(name, "Transfer-Encoding") {
			s.set(name, value)
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
	s.re = pathPattern(path)
	s.literal = len(segmentName().ReplaceAllString(path, ""))
	s.body, err = plain(r.Body)
	return s, err
}

// formBody reads a form-urlencoded token answer, so that tokens can be put in; it
// is written as it came.
func formBody(s sample) sample {
	if raw, ok := s.answer.body.(string); ok {
		if v, err := url.ParseQuery(raw); err == nil && strings.Contains(raw, "=") && !strings.ContainsAny(raw, "<{ \n") {
			object := map[string]any{}
			for name := range v {
				object[name] = v.Get(name)
			}
			s.answer.body, s.answer.form = object, true
		}
	}
	return s
}

var (
	segmentName = lazy(`\{[^{}/]*\}`)
	placeholder = lazy(`\$\{[^{}]*\}`)
)

// templateToSegments writes placeholders as {name}.
func templateToSegments(path string) string { return placeholder().ReplaceAllString(path, "{x}") }

// pathPattern compiles a path in which {name} stands for (a part of) one segment.
func pathPattern(path string) *regexp.Regexp {
	var re strings.Builder
	last := 0
	for _, m := range segmentName().FindAllStringIndex(path, -1) {
		re.WriteString(regexp.QuoteMeta(path[last:m[0]]) + `[^/]+`)
		last = m[1]
	}
	re.WriteString(regexp.QuoteMeta(path[last:]))
	return regexp.MustCompile("^" + strings.TrimSuffix(re.String(), "/") + "/?$")
}

// An asked is what a sample may be the answer to.
type asked struct {
	method, rest string // rest is the path below base_url
	query        url.Values
	json         any // the body, if it is JSON
}

// find returns the sample that is nearest to what is asked, or nil: the path must match,
// the more literally the better; then more of the query and of the body.
func (s *samples) find(c asked) *sample {
	method := c.method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var best *sample
	var bestRank []int
	for i := range s.api {
		one := &s.api[i]
		if one.method != method || !one.re.MatchString(c.rest) && !one.re.MatchString(unescape(c.rest)) {
			continue
		}
		if rank := one.rank(c); best == nil || slices.Compare(rank, bestRank) > 0 {
			best, bestRank = one, rank
		}
	}
	return best
}

func unescape(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

// rank says how near a sample is, most important first.
func (s *sample) rank(c asked) []int {
	met, unmet := 0, 0
	for name, want := range s.query {
		if c.query.Get(name) == want {
			met++
		} else {
			unmet++
		}
	}
	body := 0
	if s.body != nil {
		body = -1
		if contains(c.json, s.body) {
			body = 1
		}
	}
	return []int{s.literal, -unmet, met, body}
}

// contains reports whether want is a part of got.
func contains(got, want any) bool {
	object, ok := want.(map[string]any)
	if !ok {
		return text(got) == text(want)
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

// names lists the requests that there are samples of.
func (s *samples) names() []string {
	var names []string
	for _, one := range s.api {
		if n := one.method + " " + one.path; !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// token returns the answer to a grant.
func (s *samples) token(grantType string) (answer, bool) {
	if len(s.tokens) == 0 {
		return answer{}, false
	}
	best := s.tokens[0]
	for _, one := range s.tokens {
		if v, ok := lookup(one.body, "grant_type"); ok && text(v) == grantType {
			best = one
			break
		}
	}
	return best.answer.copy(), true
}

// tokenError returns the answer to a refused grant: the one with that error's
// name, else the first.
func (s *samples) tokenError(code string) (answer, bool) {
	if len(s.tokenErrors) == 0 {
		return answer{}, false
	}
	best := s.tokenErrors[0]
	for _, one := range s.tokenErrors {
		if object, ok := one.answer.body.(map[string]any); ok && text(object["error"]) == code {
			best = one
			break
		}
	}
	return best.answer.copy(), true
}
