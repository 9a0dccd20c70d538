package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// LiveOptions adjust [Live].
type LiveOptions struct {
	// Refresh redeems the refresh token, too. Where the provider rotates, whoever
	// else holds the old one is out.
	Refresh bool
}

// Live tries an integration with the real provider, as a connection of eng: the
// verify call, each sample that is a GET without placeholders in its path, and one
// page of a list. Nothing that writes is called.
func Live(ctx context.Context, eng *engine.Engine, in *schema.Integration, k engine.Key, opts LiveOptions) Report {
	e := &Entry{Ref: in.ExtendsBlueprint, Client: in, Played: in}
	st := &stage{entry: e, engine: eng, key: k}
	r := Report{Entry: in.ExtendsBlueprint, Mode: string(in.Auth.AuthMode), Live: true}
	add := func(step string, has bool, why string, run func() (string, error)) {
		result := Result{Step: step, Status: Absent, Detail: why}
		if has {
			detail, err := run()
			result = Result{Step: step, Status: Passed, Detail: detail}
			if err != nil {
				result.Status, result.Detail = Failed, err.Error()
			}
		}
		r.Steps = append(r.Steps, result)
	}
	c, err := eng.Connection(ctx, k)
	add("connect", true, "", func() (string, error) {
		switch {
		case err != nil:
			return "", err
		case c.Status != engine.StatusActive:
			return "", fmt.Errorf("the connection is %s: %s", c.Status, c.Reason)
		}
		return "connection " + k.ConnectionID, nil
	})
	if r.Failed() {
		return r
	}
	v := in.Requests.Verify
	add("verify", v != nil, "no verify call is declared", func() (string, error) {
		return or(v.Method, http.MethodGet) + " " + v.Target(), eng.Verify(ctx, k)
	})
	samples := e.readable()
	add("call", len(samples) > 0, "no sample is a GET without placeholders", func() (string, error) { return st.callLive(ctx, samples) })
	list := slices.IndexFunc(samples, func(s *schema.Sample) bool { return in.Requests.Pagination != nil && len(e.listOf(s)) > 0 })
	add("page", list >= 0, "no sample is a list that can be asked for", func() (string, error) { return st.pageLive(ctx, samples[list]) })
	if opts.Refresh {
		add("refresh", in.Auth.AuthMode.Codes(), "the mode has no such step", func() (string, error) {
			_, err := eng.Refresh(ctx, k)
			return "asked for", err
		})
	}
	return r
}

// readable returns the samples that anyone may call: they read, and name nothing
// that only exists in the sample.
func (e *Entry) readable() []*schema.Sample {
	var list []*schema.Sample
	for i := range e.Played.Samples {
		s := &e.Played.Samples[i]
		if isAPI(s) && or(s.Request.Method, http.MethodGet) == http.MethodGet && !strings.Contains(s.Request.Path, "{") && s.Response.Status < 300 {
			list = append(list, s)
		}
	}
	return list
}

// callLive makes the calls of samples. An answer that has no member of a name that its
// sample has shows a sample that is wrong, or an account that is no example.
func (st *stage) callLive(ctx context.Context, samples []*schema.Sample) (string, error) {
	var told, wrong []string
	for _, s := range samples {
		got, err := st.succeed(ctx, callOf(s))
		if err != nil {
			return "", fmt.Errorf("GET %s: %w", s.Request.Path, err)
		}
		line := "GET " + s.Request.Path
		if missing := missingKeys(plain(s.Response.Body), got.body); len(missing) > 0 {
			wrong = append(wrong, line+" came without "+strings.Join(missing, ", ")+", which the sample has")
		}
		told = append(told, line)
	}
	if len(wrong) > 0 {
		return "", errors.New(strings.Join(wrong, "; "))
	}
	return strings.Join(told, "; "), nil
}

func missingKeys(want, got any) []string {
	sample, ok := want.(map[string]any)
	if !ok {
		return nil
	}
	answer, _ := got.(map[string]any)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(sample)), func(name string) bool {
		_, has := answer[name]
		return has
	})
}

// pageLive reads one page of a list.
func (st *stage) pageLive(ctx context.Context, s *schema.Sample) (string, error) {
	n, more, ended := 0, false, false
	page := func(next string) { more, ended = next != "", true }
	for _, err := range st.engine.Paginate(ctx, st.key, callOf(s).path, &engine.PageOptions{Page: page}) {
		if err != nil {
			return "", err
		}
		if ended {
			break // into the second page
		}
		n++
	}
	text := "GET " + s.Request.Path + ": " + plural(n, "item")
	if more {
		text += ", and more pages"
	}
	return text, nil
}
