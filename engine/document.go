package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/discovery"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/token"
)

// first returns the first document that is there; nil if none is.
func (s *search) first(ctx context.Context, what string, urls []string) (discovery.Doc, error) {
	for _, text := range urls {
		doc, err := s.fetch(ctx, what, text)
		if doc != nil || err != nil {
			return doc, err
		}
	}
	return nil, nil
}

// fetch returns the document at a URL; nil if the server says that there is none.
func (s *search) fetch(ctx context.Context, what, text string) (discovery.Doc, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, s.fail(KindInvalidResponse, what+": its URL cannot be read", nil)
	}
	client := s.e.discoveryClient(s.in, u)
	now := s.e.opts.Now()
	kept := fmt.Sprint(s.in.Reaches(u), " ", text)
	if doc := s.e.docs.get(kept, now); doc != nil {
		return doc, nil
	}
	answer, err := discovery.Get(ctx, client, text)
	switch {
	case answer == nil || errors.As(err, new(*discovery.UnreachableError)):
		return nil, s.unreachable(ctx, what, err)
	case answer.Status == http.StatusTooManyRequests:
		return nil, &Error{Op: s.op, Key: s.key, Kind: KindRateLimited, Status: answer.Status, Detail: what, RetryAfter: token.RetryAfter(answer.Header)}
	case answer.Status >= 500:
		return nil, &Error{Op: s.op, Key: s.key, Kind: KindUnavailable, Status: answer.Status, Detail: what}
	case answer.Status >= 400:
		return nil, nil
	case answer.Status >= 300:
		return nil, &Error{Op: s.op, Key: s.key, Kind: KindInvalidResponse, Status: answer.Status, Detail: what + " is behind a redirect to another origin, which is not followed"}
	case err != nil:
		return nil, s.fail(KindInvalidResponse, what, err)
	}
	s.e.docs.put(kept, answer.Doc, now, discovery.Fresh(answer.Header, docLifetime))
	return answer.Doc, nil
}

// unreachable explains why there was no answer.
func (s *search) unreachable(ctx context.Context, what string, err error) error {
	var refused *layer.RefusedError
	var silent *discovery.UnreachableError
	switch {
	case errors.As(err, &refused):
		return s.fail(KindUnsupported, what+" was not asked for: "+refused.Reason, nil)
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.As(err, &silent):
		return s.fail(KindUnavailable, what, masked(silent.Err, nil))
	}
	return s.fail(KindInvalidResponse, what, err)
}

// discoveryClient returns the client for a URL that a stranger may have written. It
// follows redirects at home, and carries nothing but a client certificate, to origins
// that the file names.
func (e *Engine) discoveryClient(in *integration, u *url.URL) *http.Client {
	client := &http.Client{Transport: e.opts.Transport, CheckRedirect: stayHome}
	switch {
	case in.Names(u):
		client.Transport, _ = e.transports(in, e.opts.Transport)
	case !in.Reaches(u):
		client.Transport = e.public.of(e.opts.Transport)
	}
	return client
}

func stayHome(r *http.Request, via []*http.Request) error {
	if plan.Origin(r.URL) != plan.Origin(via[0].URL) || len(via) > 3 {
		return http.ErrUseLastResponse
	}
	return nil
}

const (
	docLifetime = 10 * time.Minute
	maxDocs     = 256
)

// docs are documents that were read lately.
type docs struct {
	mu sync.Mutex
	by map[string]keptDoc
}

type keptDoc struct {
	doc   discovery.Doc
	until time.Time
}

func (d *docs) get(name string, now time.Time) discovery.Doc {
	d.mu.Lock()
	defer d.mu.Unlock()
	if k, ok := d.by[name]; ok && now.Before(k.until) {
		return k.doc
	}
	return nil
}

func (d *docs) put(name string, doc discovery.Doc, now time.Time, lifetime time.Duration) {
	if lifetime <= 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by == nil {
		d.by = map[string]keptDoc{}
	}
	if len(d.by) >= maxDocs {
		clear(d.by) // so many at once are somebody's game
	}
	d.by[name] = keptDoc{doc, now.Add(lifetime)}
}
