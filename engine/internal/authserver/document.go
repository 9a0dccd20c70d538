package authserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/discovery"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/token"
)

// first returns the first document that is there; nil if none is.
func (s *search) first(ctx context.Context, what string, urls []string) (discovery.Doc, error) {
	var broken error
	for _, text := range urls {
		doc, err := s.fetch(ctx, what, text)
		switch {
		case errors.As(err, new(*notHereError)):
			broken = cmp.Or(broken, errors.Unwrap(err))
		case doc != nil || err != nil:
			return doc, err
		}
	}
	return nil, broken
}

// fetch returns the document at a URL; nil if the server says that there is none.
func (s *search) fetch(ctx context.Context, what, text string) (discovery.Doc, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, s.fail(fault.KindInvalidResponse, what+": its URL cannot be read", nil)
	}
	client := s.Client(u)
	now := s.Now()
	kept := fmt.Sprint(s.In.Reaches(u), " ", text)
	if doc, ok := s.Memory.docs.Get(kept, now); ok {
		return doc, nil
	}
	answer, err := discovery.Get(ctx, client, text)
	switch {
	case answer == nil || errors.As(err, new(*discovery.UnreachableError)):
		return nil, s.unreachable(ctx, what, err)
	case answer.Status == http.StatusTooManyRequests:
		return nil, &fault.Error{Op: s.Op, Key: s.Key, Kind: fault.KindRateLimited, Status: answer.Status, Detail: what, RetryAfter: token.RetryAfter(answer.Header)}
	case answer.Status >= 500:
		return nil, &notHereError{&fault.Error{Op: s.Op, Key: s.Key, Kind: fault.KindUnavailable, Status: answer.Status, Detail: what}}
	case answer.Status >= 400:
		return nil, nil
	case answer.Status >= 300:
		return nil, &fault.Error{Op: s.Op, Key: s.Key, Kind: fault.KindInvalidResponse, Status: answer.Status, Detail: what + " is behind a redirect to another origin, which is not followed"}
	case err != nil:
		return nil, &notHereError{s.fail(fault.KindInvalidResponse, what, err)}
	}
	if fresh := discovery.Fresh(answer.Header, docLifetime); fresh > 0 {
		s.Memory.docs.Put(kept, answer.Doc, now, now.Add(fresh))
	}
	return answer.Doc, nil
}

// A notHereError is about one address of several: a web page or a failure there says
// nothing about the others, as a success is JSON (RFC 8414 3.2, RFC 9728 3.2).
type notHereError struct{ error }

func (e *notHereError) Unwrap() error { return e.error }

// unreachable explains why there was no answer.
func (s *search) unreachable(ctx context.Context, what string, err error) error {
	var refused *layer.RefusedError
	var silent *discovery.UnreachableError
	switch {
	case errors.As(err, &refused):
		return s.fail(fault.KindUnsupported, what+" was not asked for: "+refused.Reason, nil)
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.As(err, &silent):
		return s.fail(fault.KindUnavailable, what, fault.WithText(fault.WithoutQuotes(fault.WithoutURL(silent.Err).Error()), silent.Err))
	}
	return s.fail(fault.KindInvalidResponse, what, err)
}

const (
	docLifetime = 10 * time.Minute
	maxDocs     = 256
)
