package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// A callStep makes the calls of samples.
type callStep struct{ *Entry }

func verifyChecks(e *Entry, _ Options) ([]check, string) {
	v := e.Played.Requests.Verify
	return []check{{"verify", callStep{e}.verifies}}, or(v.Method, http.MethodGet) + " " + v.Target()
}

func (e callStep) verifies(ctx context.Context) error {
	st, err := e.connected(ctx, setup{})
	if err != nil {
		return err
	}
	if err := st.engine.Verify(ctx, st.key); err != nil {
		return err
	}
	v := e.Played.Requests.Verify
	seen := st.wire.requests()
	if len(seen) != 1 || seen[0].method != or(v.Method, http.MethodGet) {
		return fmt.Errorf("the verify call is not the one %s that is declared", or(v.Method, http.MethodGet))
	}
	for name, want := range v.Params {
		if got := seen[0].url.Query().Get(name); got != want {
			return fmt.Errorf("the verify call has %s=%q, want %q", name, got, want)
		}
	}
	path, _, _ := strings.Cut(v.Path, "?")
	if path == "/" {
		path = "" // base_url itself
	}
	if u := seen[0].url; !urlPattern(e.Played.Requests.BaseURL + path).MatchString(u.Scheme + "://" + u.Host + u.EscapedPath()) {
		return errors.New("the verify call has not the path that is declared")
	}
	return st.wire.err()
}

func callChecks(e *Entry, _ Options) ([]check, string) {
	var checks []check
	for i := range e.Played.Samples {
		if s := &e.Played.Samples[i]; isAPI(s) {
			c := callOf(s)
			checks = append(checks, check{c.method + " " + s.Request.Path, callStep{e}.answersSample(s, c)})
		}
	}
	if len(checks) == 0 {
		return nil, "there is no sample of a call"
	}
	return checks, plural(len(checks), "sample")
}

var segmentName = lazyregexp.New(`\{[^{}/]*\}`)

// callOf is the call that a sample shows.
func callOf(s *schema.Sample) call {
	path := segmentName().ReplaceAllString(s.Request.Path, "bench")
	if len(s.Request.Query) > 0 {
		q := url.Values{}
		for name, v := range s.Request.Query {
			q.Set(name, v)
		}
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + q.Encode()
	}
	return call{method: or(s.Request.Method, http.MethodGet), path: path, body: plain(s.Request.Body)}
}

// answersSample holds that the caller of a sample gets its answer.
func (e callStep) answersSample(s *schema.Sample, c call) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.connected(ctx, setup{budget: true})
		if err != nil {
			return err
		}
		got, _, err := st.do(ctx, c)
		if err != nil {
			return err
		}
		want := sampled(s.Response)
		if got.status != want.status {
			return refusal(fmt.Errorf("status %d, and the sample has %d", got.status, want.status), got)
		}
		if err := e.sameBody(c, got.body, want.body); err != nil {
			return err
		}
		if n := st.provider.Stats().RateLimited; n > 0 {
			return errors.New("the sandbox refused the first call as one too many")
		}
		return st.wire.err()
	}
}

// sameBody compares an answer with its sample. Of a list the items have to be the
// same: where it goes on is the sandbox's to say.
func (e callStep) sameBody(c call, got, want any) error {
	if declared := e.Played.Requests.Pagination; declared != nil {
		path, _, _ := strings.Cut(c.path, "?")
		p := declared.At(c.method, path)
		if list, ok := schema.At(want, p.Items); ok {
			if _, ok := list.([]any); ok {
				items, _ := schema.At(got, p.Items)
				got, want = items, list
			}
		}
	}
	if r := e.Played.Requests.Errors; r != nil && r.RequestID != nil && r.RequestID.Body != "" {
		schema.RemoveAt(got, r.RequestID.Body)
		want = plain(want)
		schema.RemoveAt(want, r.RequestID.Body)
	}
	if g, w := encode(got), encode(want); g != w {
		return fmt.Errorf("the answer differs from the sample: %s, want %s", short(g), short(w))
	}
	return nil
}

func short(s string) string {
	if len(s) > 120 {
		return s[:120] + "…"
	}
	return s
}
