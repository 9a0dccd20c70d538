package engine

import (
	"context"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/schema"
)

type callPlan struct{}
type limitRegistry struct{}

func newLimitRegistry() *limitRegistry                                           { return nil }
func newCallPlan(*schema.Integration) (*callPlan, error)                         { return nil, nil }
func (e *Engine) verify(context.Context, *integration, Key, layer.Session) error { return nil }
func (e *Engine) logEvent(context.Context, *integration, Event)                  {}
func retryAfter(http.Header) time.Duration                                       { return 0 }
