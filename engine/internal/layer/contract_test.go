package layer_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/layer/layertest"
	"github.com/nango-lite/nango-lite/schema"
)

func template(t *testing.T, text string) schema.Template {
	t.Helper()
	p, err := schema.ParseTemplate(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func fields(t *testing.T, pairs ...string) []layer.Field {
	t.Helper()
	var list []layer.Field
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, layer.Field{Name: pairs[i], Value: template(t, pairs[i+1])})
	}
	return list
}

func baseURL(t *testing.T, text string) layer.Layer {
	t.Helper()
	fork, err := layer.BaseURL{Template: template(t, text)}.Fork()
	if err != nil {
		t.Fatal(err)
	}
	return same(fork)
}

// same is a fork whose ways are one.
func same(fork layer.Fork) layer.Layer {
	return func(next http.RoundTripper) http.RoundTripper { return fork(next, next) }
}

// never says of an answer that it is none of the layer's business.
func never(*http.Response) (string, bool) { return "", false }

func TestContract(t *testing.T) {
	values := layertest.Values{"access_token": "t0ken"}
	without := func() *layertest.Session { return &layertest.Session{} }
	for name, c := range map[string]struct {
		make func() layer.Layer
		fail func() *layertest.Session
	}{
		"observe call":    {make: func() layer.Layer { return layer.ObserveCall(time.Now) }},
		"observe attempt": {make: func() layer.Layer { return layer.ObserveAttempt(time.Now) }},
		"base URL": {
			func() layer.Layer { return baseURL(t, layertest.Base) },
			func() *layertest.Session { return &layertest.Session{Err: errors.New("no such connection")} },
		},
		"defaults": {func() layer.Layer {
			return layer.Defaults(fields(t, "X-Token", "${access_token}"), fields(t, "b", "${access_token}"))
		}, without},
		"retry": {make: func() layer.Layer { return layer.Retry(&layer.Policy{Max: 2, IdempotencyKey: "Idempotency-Key"}) }},
		"rate limit": {make: func() layer.Layer {
			return layer.RateLimit{
				Budget: layer.Budget{Rate: 1e6, Burst: 100, Concurrency: 3}, MaxWait: time.Minute,
				Lesson: func(*http.Response) layer.Lesson { return layer.Lesson{} },
			}.Layer(layer.NewLimits(time.Now))
		}},
		"authorize": {func() layer.Layer {
			return layer.Authorize(layer.Fields{Headers: fields(t, "X-OWN", "${access_token}"), Params: fields(t, "a", "${access_token}")}, false, never)
		}, without},
		"authorize in the body": {make: func() layer.Layer {
			f := fields(t, "token", "${access_token}")
			f[0].Yields = true // else bodies that are no JSON are refused
			return layer.Authorize(layer.Fields{Body: f}, false, never)
		}},
		"sign":               {func() layer.Layer { return layer.Sign(signer{}) }, without},
		"sign, body and all": {func() layer.Layer { return layer.Sign(signer{covers: true}) }, without},
		"transport":          {make: func() layer.Layer { return layer.Transport(time.Minute) }},
		"guard": {make: func() layer.Layer {
			return func(next http.RoundTripper) http.RoundTripper { return layer.Guard(next)(next) }
		}},
	} {
		t.Run(name, func(t *testing.T) { layertest.Test(t, values, c.make, c.fail) })
	}
}

func TestChainLeavesOutNil(t *testing.T) {
	var order string
	mark := func(name string) layer.Layer {
		return func(next http.RoundTripper) http.RoundTripper {
			return layertest.Func(func(r *http.Request) (*http.Response, error) { order += name; return next.RoundTrip(r) })
		}
	}
	base := layertest.Func(func(r *http.Request) (*http.Response, error) { return layertest.Answer(r, 200, ""), nil })
	r, _ := http.NewRequest(http.MethodGet, layertest.Base, nil)
	if _, err := layer.Chain(base, mark("a"), nil, mark("b")).RoundTrip(r); err != nil || order != "ab" {
		t.Errorf("got %v, order %q", err, order)
	}
}
